/* See binding.h. */
#include "core/binding.h"

#include "base/random.h"
#include "core/certificate.h"
#include "core/core.h"
#include "core/label.h"
#include "core/log.h"

#define BINDING_SHOWN 5

struct bind_change {
        struct act *act;
        const struct binding_new *in;
};

static struct str or_empty(struct str s)
{
        return s.p ? s : STR("");
}

static const char *change_text(struct bind_change *change, const char *verb)
{
        const struct binding_new *in = change->in;

        return arena_printf(change->act->arena, "%s %.*s %.*s", verb, (int)in->resource_type.n, in->resource_type.p, (int)in->resource_id.n,
                            in->resource_id.p);
}

static res register_tx(struct store_tx *tx, void *arg)
{
        struct bind_change *change = arg;
        struct act *act = change->act;
        const struct binding_new *in = change->in;
        struct certificate_row row = {0};
        int64_t count = 0;

        TRY(certificate_own(act, store_tx_conn(tx), change->in->certificate_id, &row));
        ENSURE(row.status == CERT_ISSUED, ERR_CERT_STATE); /* LIFE-10: nothing is deployed once revocation is filed */
        TRY(store_binding_count(store_tx_conn(tx), act->account_id, row.certificate_id, &count));
        ENSURE(count < LIMIT_BINDINGS, ERR_BINDING_LIMIT);
        TRY(store_binding_put(tx, &(struct binding_row){
                                          .account_id = act->account_id,
                                          .certificate_id = row.certificate_id,
                                          .resource_type = in->resource_type,
                                          .region = or_empty(in->region),
                                          .resource_id = in->resource_id,
                                          .name = or_empty(in->name),
                                          .domain = or_empty(in->domain),
                                          .created_at = act->now_sec,
                                  }));
        return act_log(act, tx, row.certificate_id, "bind", change_text(change, "Bound to"));
}

/* A kind is a word: the wire's clb, cdn, waf, … or one of one's own. */
static bool is_word(struct str s)
{
        for (size_t i = 0; i < s.n; i++)
                if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '-'))
                        return false;
        return s.n > 0 && s.n <= LIMIT_RESOURCE_TYPE_BYTES;
}

static res register_check(struct act *act, const struct binding_new *in)
{
        if (!is_word(in->resource_type))
                return act_fail(act, ERR_PARAM_VALUE, "ResourceType must be a word of small letters, such as clb, cdn, waf or nginx.");
        if (in->resource_id.n == 0 || !label_text_is_short(in->resource_id, LIMIT_RESOURCE_ID_CHARS))
                return act_fail(act, ERR_PARAM_VALUE, "ResourceId must have 1 to %d printable characters.", LIMIT_RESOURCE_ID_CHARS);
        if (!label_text_is_short(in->region, LIMIT_RESOURCE_ID_CHARS) || !label_text_is_short(in->name, LIMIT_RESOURCE_ID_CHARS) ||
            !label_text_is_short(in->domain, LIMIT_RESOURCE_ID_CHARS))
                return act_fail(act, ERR_PARAM_VALUE, "Region, Name and Domain may have at most %d printable characters.",
                                LIMIT_RESOURCE_ID_CHARS);
        return RES_OK;
}

res binding_register(struct act *act, const struct binding_new *in)
{
        struct bind_change change = {act, in};

        TRY(register_check(act, in));
        res r = store_run(act->core->store, register_tx, &change);

        if (r.err == ERR_CERT_STATE)
                return act_fail(act, r.err, "Only an issued certificate can be bound.");
        return r;
}

static res remove_tx(struct store_tx *tx, void *arg)
{
        struct bind_change *change = arg;
        struct act *act = change->act;
        struct certificate_row row = {0};

        TRY(certificate_own(act, store_tx_conn(tx), change->in->certificate_id, &row));
        TRY(store_binding_delete(tx, &(struct binding_row){
                                             .account_id = act->account_id,
                                             .certificate_id = row.certificate_id,
                                             .resource_type = or_empty(change->in->resource_type),
                                             .region = or_empty(change->in->region),
                                             .resource_id = or_empty(change->in->resource_id),
                                     }));
        return act_log(act, tx, row.certificate_id, "unbind", change_text(change, "Unbound from"));
}

res binding_remove(struct act *act, const struct binding_new *in)
{
        struct bind_change change = {act, in};
        res r = store_run(act->core->store, remove_tx, &change);

        if (r.err == ERR_NOT_FOUND)
                return act_fail(act, r.err, "The certificate is not bound there; compare ResourceType, Region and ResourceId with its bindings.");
        return r;
}

static res check_is_there(struct act *act, struct store_conn *conn, struct str certificate_id)
{
        struct certificate_row row = {0};

        return certificate_own(act, conn, certificate_id, &row);
}

res binding_list(struct act *act, struct str certificate_id, const struct binding_row **ret_rows, size_t *ret_n)
{
        struct store_conn *conn = NULL;

        TRY(store_read(act->core->store, &conn));
        TRY(check_is_there(act, conn, certificate_id));
        return store_binding_list(conn, act->arena, act->account_id, certificate_id, ret_rows, ret_n);
}

const char *binding_text(struct arena *arena, const struct binding_row *rows, size_t n)
{
        const char *text = "";

        for (size_t i = 0; i < n && i < BINDING_SHOWN; i++)
                text = arena_printf(arena, "%s%s%.*s %.*s", text, i ? ", " : "", (int)rows[i].resource_type.n, rows[i].resource_type.p,
                                    (int)rows[i].resource_id.n, rows[i].resource_id.p);
        return n > BINDING_SHOWN ? arena_printf(arena, "%s and %zu more", text, n - BINDING_SHOWN) : text;
}

/* ---- look-ups ---- */

struct look_up {
        struct act *act;
        struct strs ids;
        int64_t *task_ids;
};

static res look_up_tx(struct store_tx *tx, void *arg)
{
        struct look_up *look_up = arg;
        struct act *act = look_up->act;

        for (size_t i = 0; i < look_up->ids.n; i++)
                TRY(life_task_add(act, tx, &(struct life_task_row){
                                                   .task_id = look_up->task_ids[i],
                                                   .account_id = act->account_id,
                                                   .kind = STR("bind"),
                                                   .certificate_id = look_up->ids.v[i],
                                                   .status = LIFE_TASK_DONE,
                                                   .message = STR(""),
                                                   .names = STR(""),
                                                   .user_id = act->user_id,
                                                   .created_at = act->now_sec,
                                                   .finished_at = act->now_sec,
                                           }));
        return RES_OK;
}

res binding_look_up(struct act *act, struct strs certificate_ids, const int64_t **ret_task_ids)
{
        struct look_up look_up = {act, certificate_ids, arena_array_of(act->arena, certificate_ids.n + 1, int64_t)};
        struct store_conn *conn = NULL;

        ENSURE(certificate_ids.n <= LIMIT_TASK_CERTIFICATES, ERR_TASK_COUNT);
        TRY(store_read(act->core->store, &conn));
        for (size_t i = 0; i < certificate_ids.n; i++) {
                TRY(check_is_there(act, conn, certificate_ids.v[i]));
                look_up.task_ids[i] = random_row_id(act->now_ms);
        }
        TRY(store_run(act->core->store, look_up_tx, &look_up));
        *ret_task_ids = look_up.task_ids;
        return RES_OK;
}

res binding_task_get(struct act *act, struct str task_id, struct binding_task *ret_task)
{
        struct store_conn *conn = NULL;
        struct binding_task task = {0};

        TRY(life_task_find(act, task_id, "bind", &task.task));
        TRY(store_read(act->core->store, &conn));
        TRY(store_binding_list(conn, act->arena, act->account_id, task.task.certificate_id, &task.bindings, &task.binding_count));
        *ret_task = task;
        return RES_OK;
}
