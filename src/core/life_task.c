/* Tasks: stored with the act that makes them, found by the account that made them. */
#include "core/binding.h"
#include "core/core.h"

res life_task_add(struct act *act, struct store_tx *tx, const struct life_task_row *row)
{
        TRY(store_life_task_drop(tx, act->account_id, act->now_sec - LIFE_TASK_KEEP_SEC));
        return store_life_task_insert(tx, row);
}

res life_task_find(struct act *act, struct str task_id, const char *kind, struct life_task_row *ret_row)
{
        struct store_conn *conn = NULL;
        struct life_task_row row = {0};
        int64_t id = 0;

        if (!res_is_ok(str_to_int64(task_id, &id)))
                return FAIL(ERR_TASK);
        TRY(store_read(act->core->store, &conn));
        res found = store_life_task_get(conn, act->arena, act->account_id, id, &row);

        if (found.err == ERR_NOT_FOUND || (res_is_ok(found) && !str_equals(row.kind, kind)))
                return FAIL(ERR_TASK);
        TRY(found);
        *ret_row = row;
        return RES_OK;
}
