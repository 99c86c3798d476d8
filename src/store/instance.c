/* Facts of this installation. */
#include "store/instance.h"

#include "store/sqlite.h"

static const struct column value_column[] = {{"value", COLUMN_TEXT, 0}, COLUMNS_END};

enum { PUT, GET, DELETE };
static const struct sql statements[] = {
        [PUT] = SQL_SYSTEM("instance_put",
                "INSERT INTO instance (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value"),
        [GET] = SQL_SYSTEM_ROW("instance_get", value_column, "SELECT value FROM instance WHERE name = $1"),
        [DELETE] = SQL_SYSTEM("instance_delete", "DELETE FROM instance WHERE name = $1"),
};
const struct sql_set sql_instance = SQL_SET(SQL_SET_INSTANCE, statements);

res store_instance_put(struct store_tx *tx, struct str name, struct str value)
{
        struct query q = query_of(store_tx_conn(tx), &sql_instance, PUT);

        query_str(&q, name);
        query_str(&q, value);
        return query_run(&q);
}

res store_instance_get(struct store_conn *c, struct arena *a, struct str name, struct str *ret_value)
{
        struct query q = query_of(c, &sql_instance, GET);

        query_str(&q, name);
        return query_get(&q, a, value_column, ret_value);
}

res store_instance_delete(struct store_tx *tx, struct str name)
{
        struct query q = query_of(store_tx_conn(tx), &sql_instance, DELETE);

        query_str(&q, name);
        return query_run(&q);
}
