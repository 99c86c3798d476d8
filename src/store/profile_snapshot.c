/* Profiles as they were. */
#include "store/profile_snapshot.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct profile_snapshot_row, hash), COLUMN(struct profile_snapshot_row, name),
        COLUMN(struct profile_snapshot_row, body), COLUMN(struct profile_snapshot_row, created_at),
        COLUMNS_END
};

enum { PUT, GET };
static const struct sql statements[] = {
        [PUT] = SQL_SYSTEM("profile_snapshot_put",
                "INSERT INTO profile_snapshot (hash, name, body, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (hash) DO NOTHING"),
        [GET] = SQL_SYSTEM_ROW("profile_snapshot_get", columns, "SELECT hash, name, body, created_at FROM profile_snapshot WHERE hash = $1"),
};
const struct sql_set sql_profile_snapshot = SQL_SET(SQL_SET_PROFILE_SNAPSHOT, statements);

res store_profile_snapshot_put(struct store_tx *tx, const struct profile_snapshot_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_profile_snapshot, PUT);

        query_row(&q, columns, row);
        return query_run(&q);
}

res store_profile_snapshot_get(struct store_conn *c, struct arena *a, struct bytes hash, struct profile_snapshot_row *ret_row)
{
        struct query q = query_of(c, &sql_profile_snapshot, GET);

        query_bytes(&q, hash);
        return query_get(&q, a, columns, ret_row);
}
