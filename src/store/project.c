/* Projects. */
#include "store/project.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct project_row, account_id), COLUMN(struct project_row, project_id),
        COLUMN(struct project_row, name), COLUMN(struct project_row, info),
        COLUMN(struct project_row, disabled), COLUMN(struct project_row, created_at),
        COLUMNS_END
};
#define PROJECT "account_id, project_id, name, info, disabled, created_at"

enum { INSERT, UPDATE, MAX_ID, GET, LIST };
static const struct sql statements[] = {
        [INSERT] = SQL("project_insert", "INSERT INTO project (" PROJECT ") VALUES ($1, $2, $3, $4, $5, $6)"),
        [UPDATE] = SQL("project_update", "UPDATE project SET name = $3, info = $4, disabled = $5 WHERE account_id = $1 AND project_id = $2"),
        [MAX_ID] = SQL("project_max_id", "SELECT COALESCE(MAX(project_id), 0) FROM project WHERE account_id = $1"),
        [GET] = SQL_ROW("project_get", columns, "SELECT " PROJECT " FROM project WHERE account_id = $1 AND project_id = $2"),
        [LIST] = SQL_ROW("project_list", columns, "SELECT " PROJECT " FROM project WHERE account_id = $1 ORDER BY project_id"),
};
const struct sql_set sql_project = SQL_SET(SQL_SET_PROJECT, statements);

res store_project_insert(struct store_tx *tx, struct project_row *row)
{
        struct project_row new = *row;

        if (new.project_id == 0) {
                struct query q = query_of(store_tx_conn(tx), &sql_project, MAX_ID);
                query_int(&q, new.account_id);
                TRY(query_value(&q, &new.project_id));
                new.project_id++;
        }
        struct query q = query_of(store_tx_conn(tx), &sql_project, INSERT);
        query_row(&q, columns, &new);
        TRY(query_run(&q));
        row->project_id = new.project_id;
        return RES_OK;
}

res store_project_update(struct store_tx *tx, const struct project_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_project, UPDATE);

        query_int(&q, row->account_id);
        query_int(&q, row->project_id);
        query_str(&q, row->name);
        query_str(&q, row->info);
        query_int(&q, row->disabled);
        return query_run_one(&q);
}

res store_project_get(struct store_conn *c, struct arena *a, int64_t account_id, int64_t project_id, struct project_row *ret_row)
{
        struct query q = query_of(c, &sql_project, GET);

        query_int(&q, account_id);
        query_int(&q, project_id);
        return query_get(&q, a, columns, ret_row);
}

res store_project_list(struct store_conn *c, struct arena *a, int64_t account_id, const struct project_row **ret_rows,
                       size_t *ret_n)
{
        struct query q = query_of(c, &sql_project, LIST);

        query_int(&q, account_id);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}
