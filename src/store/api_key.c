/* API keys. */
#include "store/api_key.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct api_key_row, key_id), COLUMN(struct api_key_row, account_id),
        COLUMN(struct api_key_row, user_id), COLUMN(struct api_key_row, secret_id),
        COLUMN(struct api_key_row, sealed), COLUMN(struct api_key_row, seal_version),
        COLUMN(struct api_key_row, disabled), COLUMN(struct api_key_row, created_at),
        COLUMNS_END
};
#define API_KEY "key_id, account_id, user_id, secret_id, sealed, seal_version, disabled, created_at"

enum { INSERT, GET_BY_SECRET_ID, LIST, SET_DISABLED };
static const struct sql statements[] = {
        [INSERT] = SQL("api_key_insert", "INSERT INTO api_key (" API_KEY ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"),
        [GET_BY_SECRET_ID] = SQL_SYSTEM_ROW("api_key_get_by_secret_id", columns, "SELECT " API_KEY " FROM api_key WHERE secret_id = $1"),
        [LIST] = SQL_ROW("api_key_list", columns, "SELECT " API_KEY " FROM api_key WHERE account_id = $1 ORDER BY key_id"),
        [SET_DISABLED] = SQL("api_key_set_disabled", "UPDATE api_key SET disabled = $3 WHERE account_id = $1 AND key_id = $2"),
};
const struct sql_set sql_api_key = SQL_SET(SQL_SET_API_KEY, statements);

res store_api_key_insert(struct store_tx *tx, struct api_key_row *row)
{
        struct api_key_row new = *row;

        if (new.key_id == 0)
                TRY(store_new_id(tx, STORE_ID_API_KEY, &new.key_id));
        struct query q = query_of(store_tx_conn(tx), &sql_api_key, INSERT);
        query_row(&q, columns, &new);
        TRY(query_run(&q));
        row->key_id = new.key_id;
        return RES_OK;
}

res store_api_key_get_by_secret_id(struct store_conn *c, struct arena *a, struct str secret_id, struct api_key_row *ret_row)
{
        struct query q = query_of(c, &sql_api_key, GET_BY_SECRET_ID);

        query_str(&q, secret_id);
        return query_get(&q, a, columns, ret_row);
}

res store_api_key_list(struct store_conn *c, struct arena *a, int64_t account_id, const struct api_key_row **ret_rows,
                       size_t *ret_n)
{
        struct query q = query_of(c, &sql_api_key, LIST);

        query_int(&q, account_id);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}

res store_api_key_set_disabled(struct store_tx *tx, int64_t account_id, int64_t key_id, bool disabled)
{
        struct query q = query_of(store_tx_conn(tx), &sql_api_key, SET_DISABLED);

        query_int(&q, account_id);
        query_int(&q, key_id);
        query_int(&q, disabled);
        return query_run_one(&q);
}
