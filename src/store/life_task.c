/* Tasks. */
#include "store/life_task.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct life_task_row, task_id), COLUMN(struct life_task_row, account_id),
        COLUMN(struct life_task_row, kind), COLUMN(struct life_task_row, certificate_id),
        COLUMN(struct life_task_row, status), COLUMN(struct life_task_row, message), COLUMN(struct life_task_row, names),
        COLUMN(struct life_task_row, user_id), COLUMN(struct life_task_row, created_at),
        COLUMN(struct life_task_row, finished_at), COLUMNS_END
};
#define TASK "task_id, account_id, kind, certificate_id, status, message, names, user_id, created_at, finished_at"

enum { INSERT, GET, UPDATE, DROP };
static const struct sql statements[] = {
        [INSERT] = SQL("life_task_insert", "INSERT INTO life_task (" TASK ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"),
        [GET] = SQL_ROW("life_task_get", columns, "SELECT " TASK " FROM life_task WHERE account_id = $1 AND task_id = $2"),
        [UPDATE] = SQL("life_task_update",
                "UPDATE life_task SET status = $3, message = $4, finished_at = $5 WHERE account_id = $1 AND task_id = $2"),
        [DROP] = SQL("life_task_drop", "DELETE FROM life_task WHERE account_id = $1 AND created_at < $2"),
};
const struct sql_set sql_life_task = SQL_SET(SQL_SET_LIFE_TASK, statements);

res store_life_task_insert(struct store_tx *tx, const struct life_task_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_life_task, INSERT);

        query_row(&q, columns, row);
        return query_run(&q);
}

res store_life_task_get(struct store_conn *c, struct arena *a, int64_t account_id, int64_t task_id, struct life_task_row *ret_row)
{
        struct query q = query_of(c, &sql_life_task, GET);

        query_int(&q, account_id);
        query_int(&q, task_id);
        return query_get(&q, a, columns, ret_row);
}

res store_life_task_update(struct store_tx *tx, const struct life_task_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_life_task, UPDATE);

        query_int(&q, row->account_id);
        query_int(&q, row->task_id);
        query_int(&q, row->status);
        query_str(&q, row->message);
        query_int(&q, row->finished_at);
        return query_run_one(&q);
}

res store_life_task_drop(struct store_tx *tx, int64_t account_id, int64_t before_sec)
{
        struct query q = query_of(store_tx_conn(tx), &sql_life_task, DROP);

        query_int(&q, account_id);
        query_int(&q, before_sec);
        return query_run(&q);
}
