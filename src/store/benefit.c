/* Benefit packages. */
#include "store/benefit.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct benefit_row, package_seq), COLUMN(struct benefit_row, package_id),
        COLUMN(struct benefit_row, account_id), COLUMN(struct benefit_row, kind),
        COLUMN(struct benefit_row, total), COLUMN(struct benefit_row, balance),
        COLUMN(struct benefit_row, state), COLUMN(struct benefit_row, created_at),
        COLUMN(struct benefit_row, updated_at), COLUMN(struct benefit_row, expires_at),
        COLUMNS_END
};
#define BENEFIT "package_seq, package_id, account_id, kind, total, balance, state, created_at, updated_at, expires_at"

enum { INSERT, GET, UPDATE, LIST };
static const struct sql statements[] = {
        [INSERT] = SQL("benefit_insert", "INSERT INTO benefit_package (" BENEFIT ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"),
        [GET] = SQL_ROW("benefit_get", columns, "SELECT " BENEFIT " FROM benefit_package WHERE account_id = $1 AND package_id = $2"),
        [UPDATE] = SQL("benefit_update",
                "UPDATE benefit_package SET balance = $3, state = $4, updated_at = $5, expires_at = $6 WHERE account_id = $1 AND package_id = $2"),
        [LIST] = SQL_ROW("benefit_list", columns, "SELECT " BENEFIT " FROM benefit_package WHERE account_id = $1 ORDER BY package_seq"),
};
const struct sql_set sql_benefit = SQL_SET(SQL_SET_BENEFIT, statements);

res store_benefit_insert(struct store_tx *tx, struct benefit_row *row)
{
        struct benefit_row new = *row;

        if (new.package_seq == 0)
                TRY(store_new_id(tx, STORE_ID_BENEFIT, &new.package_seq));
        struct query q = query_of(store_tx_conn(tx), &sql_benefit, INSERT);
        query_row(&q, columns, &new);
        TRY(query_run(&q));
        row->package_seq = new.package_seq;
        return RES_OK;
}

res store_benefit_get(struct store_conn *c, struct arena *a, int64_t account_id, struct str package_id,
                      struct benefit_row *ret_row)
{
        struct query q = query_of(c, &sql_benefit, GET);

        query_int(&q, account_id);
        query_str(&q, package_id);
        return query_get(&q, a, columns, ret_row);
}

res store_benefit_update(struct store_tx *tx, const struct benefit_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_benefit, UPDATE);

        query_int(&q, row->account_id);
        query_str(&q, row->package_id);
        query_int(&q, row->balance);
        query_str(&q, row->state);
        query_int(&q, row->updated_at);
        query_int(&q, row->expires_at);
        return query_run_one(&q);
}

res store_benefit_list(struct store_conn *c, struct arena *a, int64_t account_id, const struct benefit_row **ret_rows,
                       size_t *ret_n)
{
        struct query q = query_of(c, &sql_benefit, LIST);

        query_int(&q, account_id);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}
