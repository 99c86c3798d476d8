/* Keys that nobody may use again. */
#include "store/blocked_key.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct blocked_key_row, spki_hash), COLUMN(struct blocked_key_row, account_id),
        COLUMN(struct blocked_key_row, user_id), COLUMN(struct blocked_key_row, source),
        COLUMN(struct blocked_key_row, created_at), COLUMNS_END
};

enum { PUT, HAS };
static const struct sql statements[] = {
        [PUT] = SQL("blocked_key_put",
                "INSERT INTO blocked_key (spki_hash, account_id, user_id, source, created_at) VALUES ($1, $2, $3, $4, $5)"
                " ON CONFLICT (spki_hash) DO NOTHING"),
        [HAS] = SQL_SYSTEM("blocked_key_has", "SELECT COUNT(*) FROM blocked_key WHERE spki_hash = $1"),
};
const struct sql_set sql_blocked_key = SQL_SET(SQL_SET_BLOCKED_KEY, statements);

res store_blocked_key_put(struct store_tx *tx, const struct blocked_key_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_blocked_key, PUT);

        query_row(&q, columns, row);
        return query_run(&q);
}

res store_blocked_key_has(struct store_conn *c, struct bytes spki_hash, bool *ret_has)
{
        struct query q = query_of(c, &sql_blocked_key, HAS);
        int64_t n = 0;

        query_bytes(&q, spki_hash);
        TRY(query_value(&q, &n));
        *ret_has = n > 0;
        return RES_OK;
}
