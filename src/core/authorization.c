/*
 * What an authorization is and how it comes to be.  Its status is read off the row and the clock; nothing expires by being
 * written to.
 */
#include "core/authorization.h"

#include "base/b64.h"
#include "base/random.h"
#include "core/authorization_inner.h"
#include "core/core.h"
#include "core/domain.h"
#include "core/log.h"
#include "core/rate.h"
#include "store/evidence.h"

#define TOKEN_BYTES 24      /* 192 bits; RFC 8555 §8 asks for 128 */
#define FIND_MAX 4

/* ---- status -------------------------------------------------------------------------------------------- */

static const char *const status_names[AUTHORIZATION_STATUS_COUNT] = {
        [AUTHORIZATION_PENDING] = "pending",         [AUTHORIZATION_VALID] = "valid",     [AUTHORIZATION_INVALID] = "invalid",
        [AUTHORIZATION_DEACTIVATED] = "deactivated", [AUTHORIZATION_EXPIRED] = "expired",
};

const char *authorization_status_name(enum authorization_status status)
{
        return status_names[status];
}

enum authorization_status authorization_status(const struct acme_authorization_row *row, int64_t now_sec)
{
        if (str_equals(row->state, "invalid"))
                return AUTHORIZATION_INVALID;
        if (str_equals(row->state, "deactivated"))
                return AUTHORIZATION_DEACTIVATED;
        if (row->expires_at <= now_sec)
                return AUTHORIZATION_EXPIRED;
        return str_equals(row->state, "valid") ? AUTHORIZATION_VALID : AUTHORIZATION_PENDING;
}

/* ---- methods ------------------------------------------------------------------------------------------- */

static const struct {
        bool for_address, for_wildcard; /* RFC 8738 §7, RFC 8555 §7.1.3 */
        enum msg_method shown;          /* evidence of another door is told as this one */
} methods[MSG_METHOD_COUNT] = {
        [MSG_METHOD_HTTP_01] = {true, false, MSG_METHOD_HTTP_01},
        [MSG_METHOD_DNS_01] = {false, true, MSG_METHOD_DNS_01},
        [MSG_METHOD_TLS_ALPN_01] = {true, false, MSG_METHOD_TLS_ALPN_01},
        [MSG_METHOD_DNS_TXT] = {false, true, MSG_METHOD_DNS_01},
        [MSG_METHOD_DNS_CNAME] = {false, true, MSG_METHOD_DNS_01},
        [MSG_METHOD_FILE] = {true, false, MSG_METHOD_HTTP_01},
        [MSG_METHOD_APPROVED] = {true, true, MSG_METHOD_DNS_01},
};

const char *authorization_method_name(int64_t method)
{
        if (method <= MSG_METHOD_NONE || method >= MSG_METHOD_COUNT)
                return "";
        return msg_method_name(methods[method].shown);
}

enum msg_method authorization_method(struct str name)
{
        for (int method = 0; method < MSG_METHOD_COUNT; method++)
                if ((int)methods[method].shown == method && str_equals(name, msg_method_name(method)))
                        return (enum msg_method)method;
        return MSG_METHOD_NONE;
}

size_t authorization_methods(const struct acme_authorization_row *row, enum msg_method ret_methods[AUTHORIZATION_METHODS])
{
        static const enum msg_method all[AUTHORIZATION_METHODS] = {MSG_METHOD_HTTP_01, MSG_METHOD_DNS_01, MSG_METHOD_TLS_ALPN_01};
        const bool tried = row->method > MSG_METHOD_NONE && row->method < MSG_METHOD_COUNT && !str_equals(row->state, "pending");
        size_t n = 0;

        for (size_t i = 0; i < AUTHORIZATION_METHODS; i++) {
                if (tried && all[i] != methods[row->method].shown)
                        continue;
                if (!tried && ((row->is_address && !methods[all[i]].for_address) || (row->is_wildcard && !methods[all[i]].for_wildcard)))
                        continue;
                ret_methods[n++] = all[i];
        }
        return n;
}

const char *authorization_challenge_status(const struct acme_authorization_row *row, enum msg_method method)
{
        const bool tried = row->method > MSG_METHOD_NONE && row->method < MSG_METHOD_COUNT && methods[row->method].shown == method;

        if (!tried)
                return "pending";
        if (str_equals(row->state, "deactivated"))
                return row->validated_at > 0 ? "valid" : "pending";
        return str_equals(row->state, "pending") ? "pending" : row->state.p; /* a row's text ends in NUL */
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static MUST res get_in(struct act *act, struct store_conn *conn, const struct acme_account *account, int64_t id,
                       struct acme_authorization_row *ret_row)
{
        res found = store_acme_authorization_get(conn, act->arena, account->account_id, id, ret_row);

        if (found.err == ERR_NOT_FOUND || (res_is_ok(found) && ret_row->acme_id != account->acme_id))
                return FAIL(ERR_ACME_ABSENT);
        return found;
}

res authorization_get(struct act *act, const struct acme_account *account, int64_t id, struct acme_authorization_row *ret_row)
{
        struct store_conn *reader = NULL;

        TRY(store_read(act->core->store, &reader));
        return get_in(act, reader, account, id, ret_row);
}

/* ---- deactivation (RFC 8555 §7.5.2) ---------------------------------------------------------------------- */

struct deactivation {
        struct act *act;
        const struct acme_account *account;
        int64_t id;
        struct acme_authorization_row row;
};

static res deactivation_tx(struct store_tx *tx, void *arg)
{
        struct deactivation *d = arg;
        struct act *act = d->act;

        TRY(get_in(act, store_tx_conn(tx), d->account, d->id, &d->row));
        const enum authorization_status status = authorization_status(&d->row, act->now_sec);

        if (status == AUTHORIZATION_DEACTIVATED)
                return RES_OK;
        if (status != AUTHORIZATION_PENDING && status != AUTHORIZATION_VALID)
                return act_fail(act, ERR_ACME_MALFORMED, "The authorization is %s; only a pending or valid one can be deactivated.",
                                status_names[status]);
        d->row.state = STR("deactivated");
        if (d->row.evidence_id > 0) /* else the next order would be valid at once by the same proof */
                TRY(store_evidence_expire(tx, act->account_id, d->row.name, act->now_sec));
        TRY(store_acme_authorization_update(tx, &d->row));
        return act_log(act, tx, STR(""), "deactivateAuthorization",
                       arena_printf(act->arena, "Authorization for %.*s deactivated", (int)d->row.name.n, d->row.name.p));
}

res authorization_deactivate(struct act *act, const struct acme_account *account, int64_t id, struct acme_authorization_row *ret_row)
{
        struct deactivation deactivation = {.act = act, .account = account, .id = id};

        TRY(store_run(act->core->store, deactivation_tx, &deactivation));
        *ret_row = deactivation.row;
        return RES_OK;
}

/* ---- for an order ---------------------------------------------------------------------------------------- */

static bool row_may_serve(const struct act *act, const struct acme_authorization_row *row)
{
        const enum authorization_status status = authorization_status(row, act->now_sec);

        /* One that ends before the order is done would be a trap. */
        if (status == AUTHORIZATION_VALID)
                return row->expires_at > act->now_sec + 3600;
        return status == AUTHORIZATION_PENDING && row->expires_at > act->now_sec + LIMIT_ACME_PENDING_SEC / 2;
}

static bool evidence_may_serve(const struct acme_identifier *identifier, const struct evidence_row *evidence)
{
        if (evidence->method <= MSG_METHOD_NONE || evidence->method >= MSG_METHOD_COUNT)
                return false;
        if (identifier->is_address)
                return methods[evidence->method].for_address;
        return !identifier->is_wildcard || methods[evidence->method].for_wildcard;
}

static MUST res find_evidence(struct act *act, struct store_conn *conn, const struct acme_account *account,
                              const struct acme_identifier *identifier, struct evidence_row *ret_evidence)
{
        const struct evidence_row *rows = NULL;
        size_t n = 0;

        TRY(store_evidence_list(conn, act->arena, account->account_id, str_of(identifier->base), act->now_sec, &rows, &n));
        for (size_t i = 0; i < n; i++)
                if (evidence_may_serve(identifier, &rows[i]) && rows[i].expires_at > act->now_sec + 3600 &&
                    rows[i].proved_at > act->now_sec - LIMIT_EVIDENCE_AGE_SEC + 3600) {
                        *ret_evidence = rows[i];
                        return RES_OK;
                }
        return FAIL(ERR_NOT_FOUND);
}

static struct acme_authorization_row row_new(struct act *act, const struct acme_account *account, const struct acme_identifier *identifier)
{
        uint8_t random[TOKEN_BYTES];
        CLEAN(buf_done) struct buf token = {0};

        random_bytes(random, sizeof random);
        buf_init(&token, 2 * TOKEN_BYTES);
        b64url_encode(bytes_of(random, sizeof random), &token);
        return (struct acme_authorization_row){
                .acme_id = account->acme_id,
                .account_id = account->account_id,
                .name = str_of(identifier->base),
                .is_address = identifier->is_address,
                .is_wildcard = identifier->is_wildcard,
                .state = STR("pending"),
                .token = buf_dup(&token, act->arena),
                .error = STR(""),
                .created_at = act->now_sec,
                .expires_at = act->now_sec + LIMIT_ACME_PENDING_SEC,
        };
}

static void row_set_proved(const struct act *act, const struct evidence_row *evidence, struct acme_authorization_row *row)
{
        const int64_t longest = act->now_sec + LIMIT_ACME_VALID_SEC;

        row->state = STR("valid");
        row->method = evidence->method;
        row->evidence_id = evidence->evidence_id;
        row->validated_at = evidence->proved_at;
        row->expires_at = evidence->expires_at < longest ? evidence->expires_at : longest;
}

res authorization_for_order(struct act *act, struct store_tx *tx, const struct acme_account *account,
                            const struct acme_identifier *identifier, struct acme_authorization_row *ret_row)
{
        struct store_conn *conn = store_tx_conn(tx);
        const struct acme_authorization_row *rows = NULL;
        struct evidence_row evidence = {0};
        size_t n = 0;

        TRY(store_acme_authorization_find(conn, act->arena, account->account_id, account->acme_id, str_of(identifier->base),
                                          identifier->is_wildcard, FIND_MAX, &rows, &n));
        for (size_t i = 0; i < n; i++)
                if (row_may_serve(act, &rows[i])) {
                        *ret_row = rows[i];
                        return RES_OK;
                }
        *ret_row = row_new(act, account, identifier);
        res found = find_evidence(act, conn, account, identifier, &evidence);

        ENSURE(res_is_ok(found) || found.err == ERR_NOT_FOUND, found.err);
        if (res_is_ok(found))
                row_set_proved(act, &evidence, ret_row);
        return store_acme_authorization_insert(tx, ret_row);
}

/* ---- trying a challenge ------------------------------------------------------------------------------------ */

uint64_t authorization_bell_key(int64_t authorization_id)
{
        return (uint64_t)authorization_id;
}

void authorization_look_fill(const struct acme_authorization_row *row, const struct acme_account *account,
                             struct authorization_look *ret_look)
{
        struct authorization_look look = {
                .acme_id = row->acme_id,
                .account_id = row->account_id,
                .authorization_id = row->authorization_id,
                .method = (enum msg_method)row->method,
                .is_address = row->is_address,
                .is_wildcard = row->is_wildcard,
        };

        memcpy(look.name, row->name.p, row->name.n < sizeof look.name ? row->name.n : sizeof look.name - 1);
        memcpy(look.token, row->token.p, row->token.n < sizeof look.token ? row->token.n : sizeof look.token - 1);
        memcpy(look.thumbprint, account->thumbprint, sizeof look.thumbprint);
        memcpy(look.uri, account->uri, sizeof look.uri);
        *ret_look = look;
}

struct authorization_try {
        struct act *act;
        const struct acme_account *account;
        struct authorization_look look;
        struct acme_authorization_row row; /* as last read or stored */
};

static MUST res try_check(struct act *act, const struct acme_authorization_row *row, enum msg_method method, bool *ret_over)
{
        enum msg_method offered[AUTHORIZATION_METHODS];
        const size_t n = authorization_methods(row, offered);
        const enum authorization_status status = authorization_status(row, act->now_sec);
        bool is_offered = false;

        for (size_t i = 0; i < n; i++)
                is_offered |= offered[i] == method;
        ENSURE(is_offered, ERR_ACME_ABSENT);
        if (status != AUTHORIZATION_PENDING && status != AUTHORIZATION_VALID && status != AUTHORIZATION_INVALID)
                return act_fail(act, ERR_ACME_MALFORMED, "The authorization is %s.", status_names[status]);
        *ret_over = status != AUTHORIZATION_PENDING || str_equals(row->state, "processing");
        return RES_OK;
}

res authorization_try_begin(struct act *act, const struct acme_account *account, int64_t id, enum msg_method method,
                            struct acme_authorization_row *ret_row, struct authorization_try **ret_try)
{
        struct authorization_try *attempt = arena_new_of(act->arena, struct authorization_try);
        bool over = false;

        TRY(authorization_get(act, account, id, ret_row));
        TRY(try_check(act, ret_row, method, &over));
        attempt->act = act;
        attempt->account = account;
        attempt->row = *ret_row;
        attempt->row.method = method;
        authorization_look_fill(&attempt->row, account, &attempt->look);
        *ret_try = over ? NULL : attempt;
        return RES_OK;
}

uint64_t authorization_try_key(const struct authorization_try *attempt)
{
        return authorization_bell_key(attempt->look.authorization_id);
}

res authorization_try_push(const struct authorization_try *attempt)
{
        return authorization_queue_push(attempt->act, &attempt->look);
}

res authorization_try_is_open(struct authorization_try *attempt, bool *ret_is_open)
{
        TRY(authorization_get(attempt->act, attempt->account, attempt->look.authorization_id, &attempt->row));
        *ret_is_open = str_equals(attempt->row.state, "pending");
        return RES_OK;
}

res authorization_try_tx(struct store_tx *tx, void *arg)
{
        struct authorization_try *attempt = arg;
        struct acme_authorization_row *row = &attempt->row;

        TRY(get_in(attempt->act, store_tx_conn(tx), attempt->account, attempt->look.authorization_id, row));
        if (!str_equals(row->state, "pending"))
                return RES_OK;
        row->state = STR("processing");
        row->method = attempt->look.method;
        row->tried_at = attempt->act->now_sec;
        return store_acme_authorization_update(tx, row);
}

const struct acme_authorization_row *authorization_try_row(const struct authorization_try *attempt)
{
        return &attempt->row;
}

/* ---- an operator's word -------------------------------------------------------------------------------------- */

struct approval {
        struct act *act;
        struct evidence_row row;
};

static res approval_tx(struct store_tx *tx, void *arg)
{
        struct approval *approval = arg;

        TRY(store_evidence_insert(tx, &approval->row));
        return act_log(approval->act, tx, STR(""), "approveName",
                       arena_printf(approval->act->arena, "%.*s approved by the operator", (int)approval->row.name.n, approval->row.name.p));
}

res authorization_approve(struct act *act, struct str name, int64_t days)
{
        struct domain_name parsed = {0};
        struct approval approval = {.act = act};

        if (days < 1 || days * 86400 > LIMIT_EVIDENCE_AGE_SEC)
                return act_fail(act, ERR_PARAM_VALUE, "A name can be approved for 1 to %lld days.", (long long)(LIMIT_EVIDENCE_AGE_SEC / 86400));
        TRY(domain_parse(act, name, &parsed));
        approval.row = (struct evidence_row){
                .account_id = act->account_id,
                .name = str_of(parsed.is_wildcard ? parsed.ascii + 2 : parsed.ascii),
                .method = MSG_METHOD_APPROVED,
                .value = STR(""),
                .detail = STR("Approved by an operator"),
                .proved_at = act->now_sec,
                .expires_at = act->now_sec + days * 86400,
        };
        return store_run(act->core->store, approval_tx, &approval);
}
