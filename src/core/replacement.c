/* See replacement.h: the operator's side, and which certificates are meant. */
#include "core/replacement.h"

#include "base/random.h"
#include "core/core.h"
#include "core/issuers.h"
#include "core/job.h"
#include "core/log.h"
#include "core/revoke_request.h"
#include "ipc/msg.h"
#include "store/acme_authorization.h"
#include "store/acme_order.h"
#include "store/evidence.h"
#include "store/validation.h"

#define PAGE_ROWS 1000
#define PAGE_ARENA (64 * 1024 * 1024)
#define HOUR_SEC 3600LL

const char *replacement_method_name(int64_t method)
{
        return msg_method_name(method);
}

/* ---- what proved a certificate's names ------------------------------------------------------------------- */

typedef res proof_fn(void *arg, struct str name, int64_t method);

static res each_authorization(struct act *act, struct store_conn *conn, const struct acme_order_row *order, proof_fn *fn, void *arg)
{
        for (struct str rest = order->authorizations; rest.n > 0;) {
                struct acme_authorization_row row = {0};
                int64_t id = 0;

                TRY(str_to_int64(str_cut(&rest, '\n'), &id));
                res got = store_acme_authorization_get(conn, act->arena, order->account_id, id, &row);

                if (got.err == ERR_NOT_FOUND)
                        continue;
                TRY(got);
                TRY(fn(arg, row.name, row.method));
        }
        return RES_OK;
}

/* The name and the method of each of a certificate's proofs. */
static res each_proof(struct act *act, struct store_conn *conn, const struct replacement_item_row *item, proof_fn *fn, void *arg)
{
        const struct validation_row *rows = NULL;
        struct acme_order_row order = {0};
        size_t n = 0;
        res found = store_acme_order_get_by_certificate(conn, act->arena, item->account_id, item->certificate_id, &order);

        if (res_is_ok(found))
                return each_authorization(act, conn, &order, fn, arg);
        if (found.err != ERR_NOT_FOUND)
                return found;
        TRY(store_validation_list(conn, act->arena, item->account_id, item->certificate_id, &rows, &n));
        for (size_t i = 0; i < n; i++) {
                struct evidence_row evidence = {0};
                res got = store_evidence_get(conn, act->arena, item->account_id, rows[i].evidence_id, &evidence);

                if (got.err != ERR_NOT_FOUND)
                        TRY(got);
                TRY(fn(arg, rows[i].name, evidence.method));
        }
        return RES_OK;
}

struct proved_by {
        int64_t method;
        bool is;
};

static res note_method(void *arg, struct str name, int64_t method)
{
        struct proved_by *by = arg;

        (void)name;
        by->is |= method == by->method;
        return RES_OK;
}

struct voiding {
        struct act *act;
        struct store_tx *tx;
        const struct replacement_row *row;
        int64_t account_id;
};

static res void_proof(void *arg, struct str name, int64_t method)
{
        const struct voiding *v = arg;

        (void)method; /* another of its names may have been proved otherwise, and by this one for another certificate */
        TRY(store_evidence_void(v->tx, v->account_id, name, v->row->method, v->row->created_at, v->act->now_sec));
        return store_acme_authorization_void(v->tx, v->account_id, name, v->row->method, v->row->created_at, v->act->now_sec);
}

res replacement_void_proofs(struct act *act, struct store_tx *tx, const struct replacement_row *row, const struct replacement_item_row *item)
{
        struct voiding voiding = {act, tx, row, item->account_id};

        return row->method == MSG_METHOD_NONE ? RES_OK : each_proof(act, store_tx_conn(tx), item, void_proof, &voiding);
}

/* Those of `all` that the method proved. */
static res keep_proved(struct act *act, struct arena *arena, struct store_conn *conn, int64_t method, const struct replacement_item_row *all,
                       size_t n, const struct replacement_item_row **ret_items, size_t *ret_n)
{
        struct replacement_item_row *kept = arena_array_of(arena, n + 1, struct replacement_item_row);
        struct act own = *act;
        size_t count = 0;

        own.arena = arena;
        for (size_t i = 0; i < n; i++) {
                struct proved_by by = {method, method == MSG_METHOD_NONE};

                if (!by.is)
                        TRY(each_proof(&own, conn, &all[i], note_method, &by));
                if (by.is)
                        kept[count++] = all[i];
        }
        *ret_items = kept;
        *ret_n = count;
        return RES_OK;
}

res replacement_page(struct act *act, struct arena *arena, const struct replacement_row *row, const struct replacement_item_row **ret_items,
                     size_t *ret_n, int64_t *ret_after, bool *ret_last)
{
        const struct replacement_item_row *all = NULL;
        struct store_conn *conn = NULL;
        size_t n = 0;

        TRY(store_read(act->core->store, &conn));
        TRY(store_replacement_select(conn, arena, row, act->now_sec, PAGE_ROWS, &all, &n));
        *ret_last = n < PAGE_ROWS;
        *ret_after = n > 0 ? all[n - 1].issued_id : row->list_end;
        return keep_proved(act, arena, conn, row->method, all, n, ret_items, ret_n);
}

static res count_all(struct act *act, struct replacement_row row, int64_t *ret_count)
{
        bool last = false;

        for (*ret_count = 0; !last;) {
                CLEAN(arena_free_ptr) struct arena *arena = arena_new(PAGE_ARENA);
                const struct replacement_item_row *items = NULL;
                size_t n = 0;

                ENSURE(!atomic_load(&act->core->stopping), ERR_STORE_BUSY);
                TRY(replacement_page(act, arena, &row, &items, &n, &row.listed_to, &last));
                *ret_count += (int64_t)n;
        }
        return RES_OK;
}

/* ---- begin --------------------------------------------------------------------------------------------------- */

static res take_method(struct act *act, struct str word, int64_t *ret_method)
{
        for (int64_t i = 0; i < MSG_METHOD_COUNT; i++)
                if (str_equals(word, msg_method_name(i))) {
                        *ret_method = i;
                        return RES_OK;
                }
        return act_fail(act, ERR_PARAM_VALUE, "Method must be dns-txt, dns-cname, file, http-01, dns-01, tls-alpn-01 or approved.");
}

static res take_number(struct act *act, const char *field, int64_t v, int64_t least, int64_t most)
{
        if (v < least || v > most)
                return act_fail(act, ERR_PARAM_VALUE, "%s must be %lld to %lld.", field, (long long)least, (long long)most);
        return RES_OK;
}

static res take_reason(struct act *act, const struct replacement_new *in, int64_t *ret_reason)
{
        enum revoke_reason code = REVOKE_SUPERSEDED;

        if (in->note.n == 0)
                return act_fail(act, ERR_PARAM_MISSING, "Reason is missing: the owners have to know why.");
        TRY(revocation_check_reason(act, in->note, in->reason_code.n ? in->reason_code : STR("superseded"), &code));
        if (code == REVOKE_KEY_COMPROMISE)
                return act_fail(act, ERR_PARAM_VALUE, "A successor has the same key; a compromised key is reported by ReportKeyCompromise.");
        *ret_reason = code;
        return RES_OK;
}

static res take_choice(struct act *act, const struct replacement_new *in, struct replacement_row *row)
{
        TRY(take_method(act, in->method, &row->method));
        if (in->issuer.n > 0 && issuers_find(act->core->issuers, in->issuer) == NULL)
                return act_fail(act, ERR_PARAM_VALUE, "There is no issuer of that name; /ca/<issuer>.cer names them.");
        if (in->profile.n > 0 && issuers_profile(act->core->issuers, in->profile) == NULL)
                return act_fail(act, ERR_PARAM_VALUE, "There is no profile of that name in the catalogue.");
        if (row->method == MSG_METHOD_NONE && in->issuer.n == 0 && in->profile.n == 0 && in->from_at == 0 && in->to_at == 0)
                return act_fail(act, ERR_PARAM_MISSING, "Say which certificates: by Method, Issuer, Profile, From or To.");
        if (in->to_at > 0 && in->to_at <= in->from_at)
                return act_fail(act, ERR_PARAM_VALUE, "To must be later than From.");
        return RES_OK;
}

static res take(struct act *act, const struct replacement_new *in, struct replacement_row *ret_row)
{
        struct store_conn *conn = NULL;
        struct replacement_row row = {
                .replacement_id = random_row_id(act->now_ms),
                .state = STR("listing"),
                .issuer = in->issuer,
                .profile = in->profile,
                .from_at = in->from_at,
                .to_at = in->to_at > 0 ? in->to_at : INT64_MAX,
                .note = in->note,
                .per_minute = in->per_minute > 0 ? in->per_minute : REPLACEMENT_PER_MINUTE,
                .grace_sec = in->grace_hours * HOUR_SEC,
                .deadline_at = act->now_sec + in->deadline_hours * HOUR_SEC,
                .user_id = act->user_id,
                .created_at = act->now_sec,
        };

        TRY(take_choice(act, in, &row));
        TRY(take_reason(act, in, &row.reason));
        TRY(take_number(act, "PerMinute", row.per_minute, REPLACEMENT_PER_MINUTE_MIN, REPLACEMENT_PER_MINUTE_MAX));
        TRY(take_number(act, "GraceHours", in->grace_hours, 0, REPLACEMENT_HOURS_MAX));
        TRY(take_number(act, "DeadlineHours", in->deadline_hours, 0, REPLACEMENT_HOURS_MAX));
        TRY(store_read(act->core->store, &conn));
        TRY(store_replacement_newest(conn, &row.list_end));
        *ret_row = row;
        return RES_OK;
}

struct beginning {
        struct act *act;
        struct replacement_row row;
        int64_t count;
};

static struct str subject_of(struct arena *arena, int64_t replacement_id)
{
        return str_of(arena_printf(arena, "%lld", (long long)replacement_id));
}

static res begin_tx(struct store_tx *tx, void *arg)
{
        const struct beginning *beginning = arg;
        struct act *act = beginning->act;
        const struct replacement_row *row = &beginning->row;

        TRY(store_replacement_insert(tx, row));
        TRY(job_put(tx, JOB_REPLACE, 0, subject_of(act->arena, row->replacement_id), act->now_sec, act->now_sec));
        return act_log(act, tx, STR(""), "operator",
                       arena_printf(act->arena, "Replacement %lld of %lld certificates begun (method %s, issuer %.*s, profile %.*s): %.*s",
                                    (long long)row->replacement_id, (long long)beginning->count,
                                    row->method ? msg_method_name(row->method) : "any", row->issuer.n ? (int)row->issuer.n : 3,
                                    row->issuer.n ? row->issuer.p : "any", row->profile.n ? (int)row->profile.n : 3,
                                    row->profile.n ? row->profile.p : "any", (int)row->note.n, row->note.p));
}

res replacement_begin(struct act *act, const struct replacement_new *in, bool is_dry_run, int64_t *ret_id, int64_t *ret_count)
{
        struct beginning beginning = {.act = act};

        TRY(take(act, in, &beginning.row));
        TRY(count_all(act, beginning.row, &beginning.count));
        *ret_count = beginning.count;
        *ret_id = 0;
        if (is_dry_run)
                return RES_OK;
        TRY(store_run(act->core->store, begin_tx, &beginning));
        job_runner_wake(act->core->jobs);
        *ret_id = beginning.row.replacement_id;
        return RES_OK;
}

/* ---- look, and stop -------------------------------------------------------------------------------------------- */

static void take_count(struct replacement_state *state, const struct replacement_count *count)
{
        const struct {
                const char *name;
                int64_t *place;
        } places[] = {{"waiting", &state->waiting}, {"open", &state->open}, {"ready", &state->ready}, {"revoked", &state->revoked}, {"ended", &state->ended}};

        for (size_t i = 0; i < sizeof places / sizeof *places; i++)
                if (str_equals(count->state, places[i].name))
                        *places[i].place = count->count;
}

static res count_items(struct act *act, struct store_conn *conn, struct replacement_state *state)
{
        const struct replacement_count *counts = NULL;
        size_t n = 0;

        TRY(store_replacement_count(conn, act->arena, state->row.replacement_id, &counts, &n));
        for (size_t i = 0; i < n; i++)
                take_count(state, &counts[i]);
        return RES_OK;
}

static res list_rows(struct act *act, struct store_conn *conn, int64_t replacement_id, int64_t limit, const struct replacement_row **ret_rows,
                     size_t *ret_n)
{
        struct replacement_row *one = arena_new_of(act->arena, struct replacement_row);

        if (replacement_id == 0)
                return store_replacement_list(conn, act->arena, limit, ret_rows, ret_n);
        res got = store_replacement_get(conn, act->arena, replacement_id, one);

        if (got.err == ERR_NOT_FOUND)
                return act_fail(act, ERR_NOT_FOUND, "There is no such replacement; DescribeReplacements lists them.");
        *ret_rows = one;
        *ret_n = 1;
        return got;
}

res replacement_describe(struct act *act, int64_t replacement_id, int64_t limit, const struct replacement_state **ret_states, size_t *ret_n)
{
        const struct replacement_row *rows = NULL;
        struct store_conn *conn = NULL;

        TRY(store_read(act->core->store, &conn));
        TRY(list_rows(act, conn, replacement_id, limit, &rows, ret_n));
        struct replacement_state *states = arena_array_of(act->arena, *ret_n + 1, struct replacement_state);

        for (size_t i = 0; i < *ret_n; i++) {
                states[i].row = rows[i];
                TRY(count_items(act, conn, &states[i]));
        }
        *ret_states = states;
        return RES_OK;
}

static res stop_tx(struct store_tx *tx, void *arg)
{
        const struct beginning *stopping = arg;
        struct act *act = stopping->act;
        struct replacement_row row = {0};
        res got = store_replacement_get(store_tx_conn(tx), act->arena, stopping->row.replacement_id, &row);

        if (got.err == ERR_NOT_FOUND)
                return act_fail(act, ERR_NOT_FOUND, "There is no such replacement; DescribeReplacements lists them.");
        TRY(got);
        if (str_equals(row.state, "done") || str_equals(row.state, "stopped"))
                return RES_OK;
        row.state = STR("stopped");
        TRY(store_replacement_update(tx, &row));
        TRY(job_end(tx, JOB_REPLACE, subject_of(act->arena, row.replacement_id)));
        return act_log(act, tx, STR(""), "operator", arena_printf(act->arena, "Replacement %lld stopped", (long long)row.replacement_id));
}

res replacement_stop(struct act *act, int64_t replacement_id)
{
        struct beginning stopping = {.act = act, .row.replacement_id = replacement_id};

        return store_run(act->core->store, stop_tx, &stopping);
}
