/* Issuers' certificates. */
#include "store/issuer.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct issuer_row, name), COLUMN(struct issuer_row, parent),
        COLUMN(struct issuer_row, key_type), COLUMN(struct issuer_row, der),
        COLUMN(struct issuer_row, not_after), COLUMN(struct issuer_row, created_at),
        COLUMNS_END
};
#define ISSUER "name, parent, key_type, der, not_after, created_at"

enum { PUT, GET, LIST };
static const struct sql statements[] = {
        [PUT] = SQL_SYSTEM("issuer_put",
                "INSERT INTO issuer (" ISSUER ") VALUES ($1, $2, $3, $4, $5, $6)"
                " ON CONFLICT (name) DO UPDATE SET parent = excluded.parent, key_type = excluded.key_type, der = excluded.der,"
                " not_after = excluded.not_after, created_at = excluded.created_at"),
        [GET] = SQL_SYSTEM_ROW("issuer_get", columns, "SELECT " ISSUER " FROM issuer WHERE name = $1"),
        [LIST] = SQL_SYSTEM_ROW("issuer_list", columns, "SELECT " ISSUER " FROM issuer ORDER BY name"),
};
const struct sql_set sql_issuer = SQL_SET(SQL_SET_ISSUER, statements);

res store_issuer_put(struct store_tx *tx, const struct issuer_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_issuer, PUT);

        query_row(&q, columns, row);
        return query_run(&q);
}

res store_issuer_get(struct store_conn *c, struct arena *a, struct str name, struct issuer_row *ret_row)
{
        struct query q = query_of(c, &sql_issuer, GET);

        query_str(&q, name);
        return query_get(&q, a, columns, ret_row);
}

res store_issuer_list(struct store_conn *c, struct arena *a, const struct issuer_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_issuer, LIST);

        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}
