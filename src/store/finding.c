/* Findings that stand: few, or something is very wrong. */
#include "store/finding.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct finding_row, serial), COLUMN(struct finding_row, kind), COLUMN(struct finding_row, text),
        COLUMN(struct finding_row, found_at), COLUMNS_END
};
#define FINDING "serial, kind, text, found_at"

enum { PUT, DROP, LIST };
static const struct sql statements[] = {
        [PUT] = SQL_SYSTEM("finding_put", "INSERT INTO finding (" FINDING ") VALUES ($1, $2, $3, $4) ON CONFLICT (serial) DO NOTHING"),
        [DROP] = SQL_SYSTEM("finding_drop", "DELETE FROM finding WHERE serial = $1"),
        [LIST] = SQL_SYSTEM_ROW("finding_list", columns, "SELECT " FINDING " FROM finding ORDER BY found_at, serial LIMIT $1"),
};
const struct sql_set sql_finding = SQL_SET(SQL_SET_FINDING, statements);

res store_finding_put(struct store_tx *tx, const struct finding_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_finding, PUT);

        query_row(&q, columns, row);
        return query_run(&q);
}

res store_finding_drop(struct store_tx *tx, struct bytes serial)
{
        struct query q = query_of(store_tx_conn(tx), &sql_finding, DROP);

        query_bytes(&q, serial);
        return query_run(&q);
}

res store_finding_list(struct store_conn *c, struct arena *a, int64_t limit, const struct finding_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_finding, LIST);

        query_int(&q, limit);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}
