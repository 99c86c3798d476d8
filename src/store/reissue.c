/* Reissues. Whether one is under way or done is what its certificate says; the row keeps no state of its own. */
#include "store/reissue.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct reissue_row, certificate_id), COLUMN(struct reissue_row, account_id),
        COLUMN(struct reissue_row, order_id), COLUMN(struct reissue_row, origin_id),
        COLUMN(struct reissue_row, primary_domain), COLUMN(struct reissue_row, end_at),
        COLUMN(struct reissue_row, csr_type), COLUMN(struct reissue_row, reason),
        COLUMN(struct reissue_row, created_at), COLUMNS_END
};
#define REISSUE "certificate_id, account_id, order_id, origin_id, primary_domain, end_at, csr_type, reason, created_at"
/* The few reissues first, not all certificates of the account: SQLite keeps the order of a CROSS JOIN. */
#define COUNT_BY(column) \
        "SELECT COUNT(*) FROM reissue CROSS JOIN certificate WHERE reissue.account_id = $1 AND reissue." column " = $2" \
        " AND certificate.certificate_id = reissue.certificate_id AND certificate.account_id = reissue.account_id"

enum { INSERT, GET, COUNT_RUNNING, COUNT_DONE, LIST };
static const struct sql statements[] = {
        [INSERT] = SQL("reissue_insert", "INSERT INTO reissue (" REISSUE ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"),
        [GET] = SQL_ROW("reissue_get", columns, "SELECT " REISSUE " FROM reissue WHERE account_id = $1 AND certificate_id = $2"),
        [COUNT_RUNNING] = SQL("reissue_count_running",
                COUNT_BY("primary_domain") " AND certificate.issued_id = 0 AND certificate.status IN (0, 4, 8, 11)"
                " AND certificate.deleted_at = 0"),
        [COUNT_DONE] = SQL("reissue_count_done", COUNT_BY("order_id") " AND certificate.issued_id <> 0"),
        [LIST] = SQL_ROW("reissue_list", columns,
                "SELECT " REISSUE " FROM reissue WHERE account_id = $1 AND order_id = $2 AND origin_id = $3 ORDER BY created_at"),
};
const struct sql_set sql_reissue = SQL_SET(SQL_SET_REISSUE, statements);

res store_reissue_insert(struct store_tx *tx, const struct reissue_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_reissue, INSERT);

        query_row(&q, columns, row);
        return query_run(&q);
}

res store_reissue_get(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id,
                      struct reissue_row *ret_row)
{
        struct query q = query_of(c, &sql_reissue, GET);

        query_int(&q, account_id);
        query_str(&q, certificate_id);
        return query_get(&q, a, columns, ret_row);
}

res store_reissue_count_running(struct store_conn *c, int64_t account_id, struct str primary_domain, int64_t *ret_count)
{
        struct query q = query_of(c, &sql_reissue, COUNT_RUNNING);

        query_int(&q, account_id);
        query_str(&q, primary_domain);
        return query_value(&q, ret_count);
}

res store_reissue_count_done(struct store_conn *c, int64_t account_id, int64_t order_id, int64_t *ret_count)
{
        struct query q = query_of(c, &sql_reissue, COUNT_DONE);

        query_int(&q, account_id);
        query_int(&q, order_id);
        return query_value(&q, ret_count);
}

res store_reissue_list(struct store_conn *c, struct arena *a, int64_t account_id, int64_t order_id, struct str origin_id,
                       const struct reissue_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_reissue, LIST);

        query_int(&q, account_id);
        query_int(&q, order_id);
        query_str(&q, origin_id);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}
