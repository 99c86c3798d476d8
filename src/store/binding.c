/* What serves a certificate. */
#include "store/binding.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct binding_row, account_id), COLUMN(struct binding_row, certificate_id),
        COLUMN(struct binding_row, resource_type), COLUMN(struct binding_row, region),
        COLUMN(struct binding_row, resource_id), COLUMN(struct binding_row, name),
        COLUMN(struct binding_row, domain), COLUMN(struct binding_row, created_at), COLUMNS_END
};
#define BINDING "account_id, certificate_id, resource_type, region, resource_id, name, domain, created_at"
#define THIS " WHERE account_id = $1 AND certificate_id = $2"

enum { PUT, DELETE, DELETE_ALL, LIST, COUNT };
static const struct sql statements[] = {
        [PUT] = SQL("binding_put",
                "INSERT INTO binding (" BINDING ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
                " ON CONFLICT (account_id, certificate_id, resource_type, region, resource_id)"
                " DO UPDATE SET name = EXCLUDED.name, domain = EXCLUDED.domain"),
        [DELETE] = SQL("binding_delete",
                "DELETE FROM binding" THIS " AND resource_type = $3 AND region = $4 AND resource_id = $5"),
        [DELETE_ALL] = SQL("binding_delete_all", "DELETE FROM binding" THIS),
        [LIST] = SQL_ROW("binding_list", columns,
                "SELECT " BINDING " FROM binding" THIS " ORDER BY resource_type, region, resource_id"),
        [COUNT] = SQL("binding_count", "SELECT COUNT(*) FROM binding" THIS),
};
const struct sql_set sql_binding = SQL_SET(SQL_SET_BINDING, statements);

static struct query this_query(struct store_conn *c, size_t statement, int64_t account_id, struct str certificate_id)
{
        struct query q = query_of(c, &sql_binding, statement);

        query_int(&q, account_id);
        query_str(&q, certificate_id);
        return q;
}

res store_binding_put(struct store_tx *tx, const struct binding_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_binding, PUT);

        query_row(&q, columns, row);
        return query_run(&q);
}

res store_binding_delete(struct store_tx *tx, const struct binding_row *key)
{
        struct query q = this_query(store_tx_conn(tx), DELETE, key->account_id, key->certificate_id);

        query_str(&q, key->resource_type);
        query_str(&q, key->region);
        query_str(&q, key->resource_id);
        return query_run_one(&q);
}

res store_binding_delete_all(struct store_tx *tx, int64_t account_id, struct str certificate_id)
{
        struct query q = this_query(store_tx_conn(tx), DELETE_ALL, account_id, certificate_id);

        return query_run(&q);
}

res store_binding_list(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id,
                       const struct binding_row **ret_rows, size_t *ret_n)
{
        struct query q = this_query(c, LIST, account_id, certificate_id);

        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}

res store_binding_count(struct store_conn *c, int64_t account_id, struct str certificate_id, int64_t *ret_count)
{
        struct query q = this_query(c, COUNT, account_id, certificate_id);

        return query_value(&q, ret_count);
}
