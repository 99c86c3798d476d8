/* Orders of ACME accounts. */
#include "store/acme_order.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct acme_order_row, order_id), COLUMN(struct acme_order_row, acme_id),
        COLUMN(struct acme_order_row, account_id), COLUMN(struct acme_order_row, state),
        COLUMN(struct acme_order_row, identifiers), COLUMN(struct acme_order_row, authorizations),
        COLUMN(struct acme_order_row, certificate_id), COLUMN(struct acme_order_row, replaces),
        COLUMN(struct acme_order_row, not_after), COLUMN(struct acme_order_row, error), COLUMN(struct acme_order_row, created_at),
        COLUMN(struct acme_order_row, expires_at),
        COLUMNS_END
};
#define ACME_ORDER "order_id, acme_id, account_id, state, identifiers, authorizations, certificate_id, replaces, not_after, error, created_at, expires_at"

enum { INSERT, GET, UPDATE, LIST, BY_CERTIFICATE, REPLACING };
static const struct sql statements[] = {
        [INSERT] = SQL("acme_order_insert",
                "INSERT INTO acme_order (" ACME_ORDER ", certificate_seq) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0)"),
        [GET] = SQL_ROW("acme_order_get", columns,
                "SELECT " ACME_ORDER " FROM acme_order WHERE account_id = $1 AND acme_id = $2 AND order_id = $3"),
        [UPDATE] = SQL("acme_order_update",
                "UPDATE acme_order SET state = $3, certificate_id = $4, error = $5, certificate_seq = " SQL_SEQ_OF("$1", "$4")
                " WHERE account_id = $1 AND order_id = $2"),
        [LIST] = SQL_ROW("acme_order_list", columns,
                "SELECT " ACME_ORDER " FROM acme_order WHERE account_id = $1 AND acme_id = $2 AND order_id > $3 ORDER BY order_id LIMIT $4"),
        [BY_CERTIFICATE] = SQL_ROW("acme_order_get_by_certificate", columns,
                "SELECT " ACME_ORDER " FROM acme_order WHERE account_id = $1 AND certificate_seq > 0"
                " AND certificate_seq = " SQL_SEQ_OF("$1", "$2") " AND certificate_id = $2"),
        [REPLACING] = SQL_ROW("acme_order_list_replacing", columns,
                "SELECT " ACME_ORDER " FROM acme_order WHERE account_id = $1 AND replaces = $2 AND replaces <> '' ORDER BY order_id"),
};
const struct sql_set sql_acme_order = SQL_SET(SQL_SET_ACME_ORDER, statements);

res store_acme_order_insert(struct store_tx *tx, struct acme_order_row *row)
{
        struct acme_order_row new = *row;

        if (new.order_id == 0)
                TRY(store_new_id(tx, STORE_ID_ACME_ORDER, &new.order_id));
        struct query q = query_of(store_tx_conn(tx), &sql_acme_order, INSERT);
        query_row(&q, columns, &new);
        TRY(query_run(&q));
        row->order_id = new.order_id;
        return RES_OK;
}

res store_acme_order_get(struct store_conn *c, struct arena *a, int64_t account_id, int64_t acme_id, int64_t order_id,
                         struct acme_order_row *ret_row)
{
        struct query q = query_of(c, &sql_acme_order, GET);

        query_int(&q, account_id);
        query_int(&q, acme_id);
        query_int(&q, order_id);
        return query_get(&q, a, columns, ret_row);
}

res store_acme_order_update(struct store_tx *tx, const struct acme_order_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_acme_order, UPDATE);

        query_int(&q, row->account_id);
        query_int(&q, row->order_id);
        query_str(&q, row->state);
        query_str(&q, row->certificate_id);
        query_str(&q, row->error);
        return query_run_one(&q);
}

res store_acme_order_list(struct store_conn *c, struct arena *a, int64_t account_id, int64_t acme_id, int64_t after_id,
                          int64_t limit, const struct acme_order_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_acme_order, LIST);

        query_int(&q, account_id);
        query_int(&q, acme_id);
        query_int(&q, after_id);
        query_int(&q, limit);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}

res store_acme_order_get_by_certificate(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id,
                                        struct acme_order_row *ret_row)
{
        struct query q = query_of(c, &sql_acme_order, BY_CERTIFICATE);

        query_int(&q, account_id);
        query_str(&q, certificate_id);
        return query_get(&q, a, columns, ret_row);
}

res store_acme_order_list_replacing(struct store_conn *c, struct arena *a, int64_t account_id, struct str replaces,
                                    const struct acme_order_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_acme_order, REPLACING);

        query_int(&q, account_id);
        query_str(&q, replaces);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}
