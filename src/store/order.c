/* Orders. */
#include "store/order.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct order_row, order_id), COLUMN(struct order_row, account_id),
        COLUMN(struct order_row, package_type), COLUMN(struct order_row, product),
        COLUMN(struct order_row, term_months), COLUMN(struct order_row, domain_count),
        COLUMN(struct order_row, price_minor), COLUMN(struct order_row, currency),
        COLUMN(struct order_row, state), COLUMN(struct order_row, created_at),
        COLUMN(struct order_row, paid_at), COLUMN(struct order_row, full_minor),
        COLUMN(struct order_row, paid_by), COLUMN(struct order_row, package_id),
        COLUMN(struct order_row, expires_at), COLUMN(struct order_row, ended_at),
        COLUMN(struct order_row, term_start_at), COLUMN(struct order_row, term_end_at),
        COLUMN(struct order_row, auto_renew), COLUMN(struct order_row, renews_order_id),
        COLUMN(struct order_row, origin_certificate_id), COLUMN(struct order_row, upgraded),
        COLUMN(struct order_row, fixed_domain), COLUMN(struct order_row, project_id),
        COLUMN(struct order_row, tags), COLUMN(struct order_row, client_token),
        COLUMNS_END
};
#define ORDER \
        "order_id, account_id, package_type, product, term_months, domain_count, price_minor, currency, state, created_at, " \
        "paid_at, full_minor, paid_by, package_id, " \
        "expires_at, ended_at, term_start_at, term_end_at, auto_renew, renews_order_id, origin_certificate_id, upgraded, " \
        "fixed_domain, project_id, tags, client_token"
/* $2 = '' means all that were bought; $3 = '' any product. */
#define SEARCH \
        "FROM cert_order WHERE account_id = $1 AND (state = $2 OR ($2 = '' AND state NOT IN ('free', 'acme'))) AND " \
        "($3 = '' OR package_type = $3)"

enum { INSERT, GET, GET_BY_TOKEN, UPDATE, SEARCH_COUNT, SEARCH_PAGE, LIST_OVERDUE };
static const struct sql statements[] = {
        [INSERT] = SQL("order_insert", "INSERT INTO cert_order (" ORDER ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "
                "$13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)"),
        [GET] = SQL_ROW("order_get", columns, "SELECT " ORDER " FROM cert_order WHERE account_id = $1 AND order_id = $2"),
        [GET_BY_TOKEN] = SQL_ROW("order_get_by_token", columns,
                "SELECT " ORDER " FROM cert_order WHERE account_id = $1 AND client_token = $2 AND client_token <> ''"),
        [UPDATE] = SQL("order_update",
                "UPDATE cert_order SET state = $3, paid_at = $4, paid_by = $5, package_id = $6, expires_at = $7, ended_at = $8, "
                "term_start_at = $9, term_end_at = $10, auto_renew = $11 WHERE account_id = $1 AND order_id = $2"),
        [SEARCH_COUNT] = SQL("order_search_count", "SELECT COUNT(*) " SEARCH),
        [SEARCH_PAGE] = SQL_ROW("order_search_page", columns,
                "SELECT " ORDER " " SEARCH " AND order_id < $4 ORDER BY order_id DESC LIMIT $5 OFFSET $6"),
        [LIST_OVERDUE] = SQL_SYSTEM_ROW("order_list_overdue", columns,
                "SELECT " ORDER " FROM cert_order WHERE state = 'unpaid' AND expires_at > 0 AND expires_at <= $1 ORDER BY expires_at LIMIT $2"),
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

res store_order_get_by_token(struct store_conn *c, struct arena *a, int64_t account_id, struct str client_token,
                             struct order_row *ret_row)
{
        struct query q = query_of(c, &sql_order, GET_BY_TOKEN);

        query_int(&q, account_id);
        query_str(&q, client_token);
        return query_get(&q, a, columns, ret_row);
}

res store_order_update(struct store_tx *tx, const struct order_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_order, UPDATE);

        query_int(&q, row->account_id);
        query_int(&q, row->order_id);
        query_str(&q, row->state);
        query_int(&q, row->paid_at);
        query_str(&q, row->paid_by);
        query_str(&q, row->package_id);
        query_int(&q, row->expires_at);
        query_int(&q, row->ended_at);
        query_int(&q, row->term_start_at);
        query_int(&q, row->term_end_at);
        query_int(&q, row->auto_renew);
        return query_run_one(&q);
}

static void bind_filter(struct query *q, const struct store_order_filter *filter)
{
        query_int(q, filter->account_id);
        query_str(q, filter->state);
        query_str(q, filter->package_type);
}

res store_order_search(struct store_conn *c, struct arena *a, const struct store_order_filter *filter,
                       const struct order_row **ret_rows, size_t *ret_n, int64_t *ret_total)
{
        struct query count = query_of(c, &sql_order, SEARCH_COUNT);

        bind_filter(&count, filter);
        TRY(query_value(&count, ret_total));
        struct query q = query_of(c, &sql_order, SEARCH_PAGE);
        bind_filter(&q, filter);
        query_int(&q, filter->marker > 0 ? filter->marker : INT64_MAX);
        query_int(&q, filter->limit);
        query_int(&q, filter->offset);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}

res store_order_list_overdue(struct store_conn *c, struct arena *a, int64_t now_sec, int64_t limit,
                             const struct order_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_order, LIST_OVERDUE);

        query_int(&q, now_sec);
        query_int(&q, limit);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}
