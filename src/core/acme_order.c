/* See acme_order.h. */
#include "core/acme_order.h"

#include "base/conf.h"
#include "base/timetext.h"
#include "core/acme_order_inner.h"
#include "core/acme_renewal.h"
#include "core/core.h"
#include "core/quota.h"
#include "core/rate.h"
#include "core/term.h"

#define LIST_PAGE 100

static const char *const status_names[ACME_ORDER_STATUS_COUNT] = {
        [ACME_ORDER_PENDING] = "pending", [ACME_ORDER_READY] = "ready",     [ACME_ORDER_PROCESSING] = "processing",
        [ACME_ORDER_VALID] = "valid",     [ACME_ORDER_INVALID] = "invalid",
};

const char *acme_order_status_name(enum acme_order_status status)
{
        return status_names[status];
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static MUST res order_lists(struct act *act, struct acme_order *order)
{
        const size_t most = LIMIT_NAMES_PER_CERT;
        struct str *names = arena_array_of(act->arena, most, struct str);
        int64_t *ids = arena_array_of(act->arena, most, int64_t);
        struct str rest = order->row.identifiers, rest_ids = order->row.authorizations;
        size_t n = 0;

        for (; rest.n > 0 && n < most; n++) {
                names[n] = str_cut(&rest, '\n');
                TRY(str_to_int64(str_cut(&rest_ids, '\n'), &ids[n]));
        }
        ENSURE(rest.n == 0 && rest_ids.n == 0, ERR_STORE);
        order->names = (struct strs){names, n};
        order->authorizations = ids;
        return RES_OK;
}

/* Before finalize: what its authorizations say together. */
static MUST res order_status_open(struct act *act, struct store_conn *conn, struct acme_order *order)
{
        struct acme_authorization_row *rows = arena_array_of(act->arena, order->names.n, struct acme_authorization_row);
        bool all = true;

        order->proofs = rows;
        for (size_t i = 0; i < order->names.n; i++) {
                const struct acme_authorization_row *row = &rows[i];

                TRY(store_acme_authorization_get(conn, act->arena, order->row.account_id, order->authorizations[i], &rows[i]));
                const enum authorization_status status = authorization_status(row, act->now_sec);

                if (status != AUTHORIZATION_PENDING && status != AUTHORIZATION_VALID) {
                        order->status = ACME_ORDER_INVALID;
                        order->error = row->error.n ? row->error.p
                                                   : problem_text(act->arena, ERR_ACME_DENIED,
                                                                  arena_printf(act->arena, "The authorization for %.*s is %s.", (int)row->name.n,
                                                                               row->name.p, authorization_status_name(status)));
                        return RES_OK;
                }
                all &= status == AUTHORIZATION_VALID;
        }
        order->status = all ? ACME_ORDER_READY : ACME_ORDER_PENDING;
        return RES_OK;
}

/* After it: what became of its certificate. */
static MUST res order_status_finalized(struct act *act, struct store_conn *conn, struct acme_order *order)
{
        struct certificate_row *row = &order->certificate;
        res found = store_certificate_get(conn, act->arena, order->row.account_id, order->row.certificate_id, row);

        if (found.err != ERR_NOT_FOUND) /* deleted in the console */
                TRY(found);
        if (res_is_ok(found) && row->issued_id > 0) {
                order->status = ACME_ORDER_VALID;
        } else if (res_is_ok(found) && row->status == CERT_PENDING) {
                order->status = ACME_ORDER_PROCESSING;
        } else {
                order->status = ACME_ORDER_INVALID;
                order->error = problem_text(act->arena, ERR_ISSUE_REFUSED, res_is_ok(found) ? row->status_msg.p : "The certificate was deleted.");
        }
        return RES_OK;
}

res acme_order_fill(struct act *act, struct store_conn *conn, struct acme_order *order)
{
        TRY(order_lists(act, order));
        if (order->row.certificate_id.n > 0)
                return order_status_finalized(act, conn, order);
        if (order->row.expires_at <= act->now_sec) {
                order->status = ACME_ORDER_INVALID;
                order->error = problem_text(act->arena, ERR_ACME_MALFORMED, "The order has expired.");
                return RES_OK;
        }
        return order_status_open(act, conn, order);
}

res acme_order_get(struct act *act, const struct acme_account *account, int64_t id, struct acme_order *ret_order)
{
        struct store_conn *reader = NULL;
        struct acme_order order = {0};

        TRY(store_read(act->core->store, &reader));
        res found = store_acme_order_get(reader, act->arena, account->account_id, account->acme_id, id, &order.row);

        ENSURE(found.err != ERR_NOT_FOUND, ERR_ACME_ABSENT);
        TRY(found);
        TRY(acme_order_fill(act, reader, &order));
        *ret_order = order;
        return RES_OK;
}

res acme_order_list(struct act *act, const struct acme_account *account, int64_t after_id, const int64_t **ret_ids, size_t *ret_n, bool *ret_more)
{
        struct store_conn *reader = NULL;
        const struct acme_order_row *rows = NULL;
        size_t n = 0, kept = 0;

        TRY(store_read(act->core->store, &reader));
        TRY(store_acme_order_list(reader, act->arena, account->account_id, account->acme_id, after_id, LIST_PAGE + 1, &rows, &n));
        *ret_more = n > LIST_PAGE;
        int64_t *ids = arena_array_of(act->arena, n + 1, int64_t);

        for (size_t i = 0; i < n && i < LIST_PAGE; i++) {
                struct acme_order order = {.row = rows[i]};

                TRY(acme_order_fill(act, reader, &order));
                if (order.status != ACME_ORDER_INVALID || i + 1 == LIST_PAGE) /* the page's last leads to the next */
                        ids[kept++] = rows[i].order_id;
        }
        *ret_ids = ids;
        *ret_n = kept;
        return RES_OK;
}

/* ---- making ----------------------------------------------------------------------------------------------- */

struct acme_order_making {
        struct act *act;
        const struct acme_account *account;
        struct acme_order_new in;
        const struct product *product;
        struct acme_identifier *identifiers;
        size_t count;
        int64_t not_after;
        struct acme_order order;
};

static void making_note(struct act *act, struct problem *problem, const struct acme_identifier_in *in, enum err err)
{
        struct problem_part *parts = arena_array_of(act->arena, problem->part_count + 1, struct problem_part);

        if (problem->part_count > 0)
                memcpy(parts, problem->parts, problem->part_count * sizeof *parts);
        parts[problem->part_count++] = (struct problem_part){
                .err = err,
                .detail = arena_strdup(act->arena, act->detail[0] ? act->detail : err_sentence(err)),
                .kind = str_copy(act->arena, in->kind),
                .name = str_copy(act->arena, in->value),
        };
        problem->parts = parts;
}

static bool making_has(const struct acme_order_making *making, const char *name)
{
        for (size_t i = 0; i < making->count; i++)
                if (strcmp(making->identifiers[i].name, name) == 0)
                        return true;
        return false;
}

/* Every wrong one is told; one alone is the problem itself. */
static MUST res making_identifiers(struct acme_order_making *making, struct problem *problem)
{
        struct act *act = making->act;
        const struct acme_identifier_in *in = making->in.identifiers.v;
        enum err worst = ERR_NONE;

        if (making->in.identifiers.n == 0)
                return act_fail(act, ERR_ACME_MALFORMED, "An order needs at least one identifier.");
        if (making->in.identifiers.n > (size_t)making->product->domain_max)
                return act_fail(act, ERR_ACME_MALFORMED, "An order may have at most %lld identifiers.", (long long)making->product->domain_max);
        making->identifiers = arena_array_of(act->arena, making->in.identifiers.n, struct acme_identifier);
        for (size_t i = 0; i < making->in.identifiers.n; i++) {
                struct acme_identifier one = {0};
                res checked = acme_identifier_check(act, making->account, making->product, &in[i], &one);

                if (checked.err >= ERR_ACME_MALFORMED) {
                        worst = worst == ERR_NONE || worst == checked.err ? checked.err : ERR_ACME_COMPOUND;
                        making_note(act, problem, &in[i], checked.err);
                        continue;
                }
                TRY(checked);
                if (!making_has(making, one.name))
                        making->identifiers[making->count++] = one;
        }
        if (worst == ERR_NONE)
                return RES_OK;
        if (problem->part_count > 1)
                return act_fail(act, worst, "%zu of the identifiers are refused.", problem->part_count);
        return FAIL(worst);
}

/* RFC 8555 §7.4: what cannot be granted as it was asked is refused, not changed. */
static MUST res making_end(struct acme_order_making *making)
{
        struct act *act = making->act;
        const struct str text = making->in.not_after;
        char first[TIMETEXT_UTC_SIZE], last[TIMETEXT_UTC_SIZE];
        int64_t latest = 0;

        if (making->in.not_before.n > 0)
                return act_fail(act, ERR_ACME_MALFORMED, "Leave notBefore out: a certificate begins when it is issued.");
        if (text.n == 0)
                return RES_OK;
        if (!res_is_ok(timetext_parse_rfc3339(text, &making->not_after)))
                return act_fail(act, ERR_ACME_MALFORMED, "notAfter must be a time like 2027-01-31T12:00:00Z, in whole seconds.");
        TRY(term_latest(act, str_of(making->product->profile), making->product->life_days, &latest));
        if (making->not_after >= act->now_sec + ACME_LIFE_MIN_SEC && making->not_after <= latest)
                return RES_OK;
        timetext_utc(act->now_sec + ACME_LIFE_MIN_SEC, first);
        timetext_utc(latest, last);
        return act_fail(act, ERR_ACME_MALFORMED, "notAfter must lie between %s and %s; leave it out to have the longest life.", first, last);
}

/* RFC 8555 §7.3.3: terms that came after the account have to be agreed to as well. */
static MUST res making_terms(const struct acme_order_making *making)
{
        struct act *act = making->act;

        if (act->core->conf->acme_terms == NULL || making->account->terms_agreed)
                return RES_OK;
        return act_fail(act, ERR_ACME_TERMS, "Agree to the terms of service first: send termsOfServiceAgreed true to the account's address.");
}

static MUST res making_rates(const struct acme_order_making *making)
{
        struct act *act = making->act;
        const char *who = arena_printf(act->arena, "%lld", (long long)making->account->acme_id);

        TRY(rate_take(act, RATE_ACME_ORDER, str_of(who)));
        for (size_t i = 0; i < making->count; i++) {
                const struct acme_identifier *one = &making->identifiers[i];

                TRY(rate_look(act, RATE_ACME_FAILURE, str_of(arena_printf(act->arena, "%s %s", who, one->base))));
                TRY(rate_look(act, RATE_ACME_NAME, str_of(one->registrable)));
        }
        return RES_OK;
}

static const char *joined(struct act *act, const char *text, const char *part)
{
        return text ? arena_printf(act->arena, "%s\n%s", text, part) : part;
}

res acme_order_tx(struct store_tx *tx, void *arg)
{
        struct acme_order_making *making = arg;
        struct act *act = making->act;
        const char *names = NULL, *ids = NULL;

        if (making->product->has_quota) /* told before anything is proved in vain; finalize takes the slot */
                TRY(quota_look(act, tx, str_of(making->identifiers[0].registrable)));
        for (size_t i = 0; i < making->count; i++) {
                struct acme_authorization_row row = {0};

                TRY(authorization_for_order(act, tx, making->account, &making->identifiers[i], &row));
                names = joined(act, names, making->identifiers[i].name);
                ids = joined(act, ids, arena_printf(act->arena, "%lld", (long long)row.authorization_id));
        }
        if (making->in.replaces.n > 0)
                TRY(acme_renewal_check_replaces(act, store_tx_conn(tx), making->account, making->in.replaces, making->identifiers, making->count));
        making->order = (struct acme_order){.row = {
                                                    .acme_id = making->account->acme_id,
                                                    .account_id = making->account->account_id,
                                                    .state = STR("open"),
                                                    .identifiers = str_of(names),
                                                    .authorizations = str_of(ids),
                                                    .certificate_id = STR(""),
                                                    .replaces = making->in.replaces.p ? making->in.replaces : STR(""),
                                                    .not_after = making->not_after,
                                                    .error = STR(""),
                                                    .created_at = act->now_sec,
                                                    .expires_at = act->now_sec + LIMIT_ACME_ORDER_SEC,
                                            }};
        TRY(store_acme_order_insert(tx, &making->order.row));
        return acme_order_fill(act, store_tx_conn(tx), &making->order);
}

res acme_order_begin(struct act *act, const struct acme_account *account, const struct acme_order_new *in, struct problem *problem,
                     struct acme_order_making **ret_making)
{
        struct acme_order_making *making = arena_new_of(act->arena, struct acme_order_making);

        *making = (struct acme_order_making){.act = act, .account = account, .in = *in, .product = catalogue_acme(act_catalogue(act))};
        if (making->product == NULL)
                return act_fail(act, ERR_ACME_DENIED, "The catalogue has no ACME product.");
        TRY(making_terms(making));
        TRY(making_end(making));
        TRY(making_identifiers(making, problem));
        TRY(making_rates(making));
        *ret_making = making;
        return RES_OK;
}

const struct acme_order *acme_order_made(const struct acme_order_making *making)
{
        return &making->order;
}
