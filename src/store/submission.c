/* What was handed in for a bought certificate. */
#include "store/submission.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct submission_row, certificate_id), COLUMN(struct submission_row, account_id),
        COLUMN(struct submission_row, csr_type), COLUMN(struct submission_row, company_type),
        COLUMN(struct submission_row, body), COLUMN(struct submission_row, updated_at),
        COLUMNS_END
};
#define SUBMISSION "certificate_id, account_id, csr_type, company_type, body, updated_at"

enum { PUT, GET };
static const struct sql statements[] = {
        [PUT] = SQL("submission_put",
                "INSERT INTO submission (" SUBMISSION ") VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (certificate_id) DO UPDATE"
                " SET csr_type = excluded.csr_type, company_type = excluded.company_type, body = excluded.body,"
                " updated_at = excluded.updated_at WHERE submission.account_id = excluded.account_id"),
        [GET] = SQL_ROW("submission_get", columns,
                "SELECT " SUBMISSION " FROM submission WHERE account_id = $1 AND certificate_id = $2"),
};
const struct sql_set sql_submission = SQL_SET(SQL_SET_SUBMISSION, statements);

res store_submission_put(struct store_tx *tx, const struct submission_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_submission, PUT);

        query_row(&q, columns, row);
        return query_run_one(&q);
}

res store_submission_get(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id,
                         struct submission_row *ret_row)
{
        struct query q = query_of(c, &sql_submission, GET);

        query_int(&q, account_id);
        query_str(&q, certificate_id);
        return query_get(&q, a, columns, ret_row);
}
