/* Requests to revoke. */
#include "store/revocation.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct revocation_row, revocation_id), COLUMN(struct revocation_row, account_id),
        COLUMN(struct revocation_row, certificate_id), COLUMN(struct revocation_row, state),
        COLUMN(struct revocation_row, reason), COLUMN(struct revocation_row, reason_text),
        COLUMN(struct revocation_row, filed_by), COLUMN(struct revocation_row, filed_at),
        COLUMN(struct revocation_row, deadline_at), COLUMN(struct revocation_row, decided_by),
        COLUMN(struct revocation_row, decided_at), COLUMN(struct revocation_row, note),
        COLUMNS_END
};
#define REVOCATION "revocation_id, account_id, certificate_id, state, reason, reason_text, filed_by, filed_at, deadline_at, " \
        "decided_by, decided_at, note"

enum { INSERT, GET, UPDATE, FIND, QUEUE };
static const struct sql statements[] = {
        [INSERT] = SQL("revocation_insert",
                "INSERT INTO revocation (" REVOCATION ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"),
        [GET] = SQL_ROW("revocation_get", columns,
                "SELECT " REVOCATION " FROM revocation WHERE account_id = $1 AND certificate_id = $2"
                " ORDER BY revocation_id DESC LIMIT 1"),
        [UPDATE] = SQL("revocation_update",
                "UPDATE revocation SET state = $3, deadline_at = $4, decided_by = $5, decided_at = $6, note = $7"
                " WHERE account_id = $1 AND revocation_id = $2"),
        [FIND] = SQL_SYSTEM_ROW("revocation_find", columns, "SELECT " REVOCATION " FROM revocation WHERE revocation_id = $1"),
        [QUEUE] = SQL_SYSTEM_ROW("revocation_queue", columns,
                "SELECT " REVOCATION " FROM revocation WHERE state = 'reviewing' AND revocation_id > $1"
                " ORDER BY revocation_id LIMIT $2"),
};
const struct sql_set sql_revocation = SQL_SET(SQL_SET_REVOCATION, statements);

res store_revocation_insert(struct store_tx *tx, const struct revocation_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_revocation, INSERT);

        query_row(&q, columns, row);
        return query_run(&q);
}

res store_revocation_get(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id,
                         struct revocation_row *ret_row)
{
        struct query q = query_of(c, &sql_revocation, GET);

        query_int(&q, account_id);
        query_str(&q, certificate_id);
        return query_get(&q, a, columns, ret_row);
}

res store_revocation_update(struct store_tx *tx, const struct revocation_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_revocation, UPDATE);

        query_int(&q, row->account_id);
        query_int(&q, row->revocation_id);
        query_str(&q, row->state);
        query_int(&q, row->deadline_at);
        query_int(&q, row->decided_by);
        query_int(&q, row->decided_at);
        query_str(&q, row->note);
        return query_run_one(&q);
}

res store_revocation_find(struct store_conn *c, struct arena *a, int64_t revocation_id, struct revocation_row *ret_row)
{
        struct query q = query_of(c, &sql_revocation, FIND);

        query_int(&q, revocation_id);
        return query_get(&q, a, columns, ret_row);
}

res store_revocation_queue(struct store_conn *c, struct arena *a, int64_t after_id, int64_t limit,
                           const struct revocation_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_revocation, QUEUE);

        query_int(&q, after_id);
        query_int(&q, limit);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}
