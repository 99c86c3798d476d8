/* Keys for external account binding. */
#include "store/external_account.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct external_account_row, external_id), COLUMN(struct external_account_row, account_id),
        COLUMN(struct external_account_row, key_id), COLUMN(struct external_account_row, sealed),
        COLUMN(struct external_account_row, seal_version), COLUMN(struct external_account_row, label),
        COLUMN(struct external_account_row, names), COLUMN(struct external_account_row, tags),
        COLUMN(struct external_account_row, use_count), COLUMN(struct external_account_row, used_at),
        COLUMN(struct external_account_row, disabled), COLUMN(struct external_account_row, created_at),
        COLUMNS_END
};
#define EXTERNAL "external_id, account_id, key_id, sealed, seal_version, label, names, tags, use_count, used_at, disabled, created_at"

enum { INSERT, GET_BY_KEY_ID, GET, LIST, USE, SET_DISABLED };
static const struct sql statements[] = {
        [INSERT] = SQL("external_account_insert", "INSERT INTO external_account (" EXTERNAL ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"),
        [GET_BY_KEY_ID] = SQL_SYSTEM_ROW("external_account_get_by_key_id", columns, "SELECT " EXTERNAL " FROM external_account WHERE key_id = $1"),
        [GET] = SQL_ROW("external_account_get", columns,
                "SELECT " EXTERNAL " FROM external_account WHERE account_id = $1 AND external_id = $2"),
        [LIST] = SQL_ROW("external_account_list", columns,
                "SELECT " EXTERNAL " FROM external_account WHERE account_id = $1 ORDER BY external_id"),
        [USE] = SQL("external_account_use",
                "UPDATE external_account SET use_count = use_count + 1, used_at = $3 WHERE account_id = $1 AND external_id = $2"),
        [SET_DISABLED] = SQL("external_account_set_disabled",
                "UPDATE external_account SET disabled = $3 WHERE account_id = $1 AND key_id = $2"),
};
const struct sql_set sql_external_account = SQL_SET(SQL_SET_EXTERNAL_ACCOUNT, statements);

res store_external_account_new_id(struct store_tx *tx, int64_t *ret_id)
{
        return store_new_id(tx, STORE_ID_EXTERNAL_ACCOUNT, ret_id);
}

res store_external_account_insert(struct store_tx *tx, struct external_account_row *row)
{
        struct external_account_row new = *row;

        if (new.external_id == 0)
                TRY(store_new_id(tx, STORE_ID_EXTERNAL_ACCOUNT, &new.external_id));
        struct query q = query_of(store_tx_conn(tx), &sql_external_account, INSERT);
        query_row(&q, columns, &new);
        TRY(query_run(&q));
        row->external_id = new.external_id;
        return RES_OK;
}

res store_external_account_get_by_key_id(struct store_conn *c, struct arena *a, struct str key_id, struct external_account_row *ret_row)
{
        struct query q = query_of(c, &sql_external_account, GET_BY_KEY_ID);

        query_str(&q, key_id);
        return query_get(&q, a, columns, ret_row);
}

res store_external_account_get(struct store_conn *c, struct arena *a, int64_t account_id, int64_t external_id,
                               struct external_account_row *ret_row)
{
        struct query q = query_of(c, &sql_external_account, GET);

        query_int(&q, account_id);
        query_int(&q, external_id);
        return query_get(&q, a, columns, ret_row);
}

res store_external_account_list(struct store_conn *c, struct arena *a, int64_t account_id,
                                const struct external_account_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_external_account, LIST);

        query_int(&q, account_id);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}

res store_external_account_use(struct store_tx *tx, int64_t account_id, int64_t external_id, int64_t now_sec)
{
        struct query q = query_of(store_tx_conn(tx), &sql_external_account, USE);

        query_int(&q, account_id);
        query_int(&q, external_id);
        query_int(&q, now_sec);
        return query_run_one(&q);
}

res store_external_account_set_disabled(struct store_tx *tx, int64_t account_id, struct str key_id, bool disabled)
{
        struct query q = query_of(store_tx_conn(tx), &sql_external_account, SET_DISABLED);

        query_int(&q, account_id);
        query_str(&q, key_id);
        query_int(&q, disabled);
        return query_run_one(&q);
}
