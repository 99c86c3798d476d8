/* Orders. */
#include "store/order.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct order_row, order_id), COLUMN(struct order_row, account_id),
        COLUMN(struct order_row, package_type), COLUMN(struct order_row, product),
        COLUMN(struct order_row, term_months), COLUMN(struct order_row, domain_count),
        COLUMN(struct order_row, price_minor), COLUMN(struct order_row, currency),
        COLUMN(struct order_row, state), COLUMN(struct order_row, created_at),
        COLUMN(struct order_row, paid_at),
        COLUMNS_END
};
#define ORDER "order_id, account_id, package_type, product, term_months, domain_count, price_minor, currency, state, created_at, paid_at"

enum { INSERT, GET, SET_STATE, LIST };
static const struct sql statements[] = {
        [INSERT] = SQL("order_insert", "INSERT INTO cert_order (" ORDER ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"),
        [GET] = SQL_ROW("order_get", columns, "SELECT " ORDER " FROM cert_order WHERE account_id = $1 AND order_id = $2"),
        [SET_STATE] = SQL("order_set_state", "UPDATE cert_order SET state = $3, paid_at = $4 WHERE account_id = $1 AND order_id = $2"),
        [LIST] = SQL_ROW("order_list", columns,
                "SELECT " ORDER " FROM cert_order WHERE account_id = $1 AND order_id < $2 ORDER BY order_id DESC LIMIT $3"),
};
const struct sql_set sql_order = SQL_SET(SQL_SET_ORDER, statements);

res store_order_insert(struct store_tx *tx, struct order_row *row)
{
        struct order_row new = *row;

        if (new.order_id == 0)
                TRY(store_new_id(tx, STORE_ID_ORDER, &new.order_id));
        struct query q = query_of(store_tx_conn(tx), &sql_order, INSERT);
        query_row(&q, columns, &new);
        TRY(query_run(&q));
        row->order_id = new.order_id;
        return RES_OK;
}

res store_order_get(struct store_conn *c, struct arena *a, int64_t account_id, int64_t order_id, struct order_row *ret_row)
{
        struct query q = query_of(c, &sql_order, GET);

        query_int(&q, account_id);
        query_int(&q, order_id);
        return query_get(&q, a, columns, ret_row);
}

res store_order_set_state(struct store_tx *tx, int64_t account_id, int64_t order_id, struct str state, int64_t paid_at)
{
        struct query q = query_of(store_tx_conn(tx), &sql_order, SET_STATE);

        query_int(&q, account_id);
        query_int(&q, order_id);
        query_str(&q, state);
        query_int(&q, paid_at);
        return query_run_one(&q);
}

res store_order_list(struct store_conn *c, struct arena *a, int64_t account_id, int64_t before_id, int64_t limit,
                     const struct order_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_order, LIST);

        query_int(&q, account_id);
        query_int(&q, before_id > 0 ? before_id : INT64_MAX);
        query_int(&q, limit);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}
