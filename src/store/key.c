/* Subjects' keys. */
#include "store/key.h"

#include "store/blocked_key.h"
#include "store/sqlite.h"

static const struct column columns[] = {COLUMN(struct cert_key_row, key_id),
                                        COLUMN(struct cert_key_row, account_id),
                                        COLUMN(struct cert_key_row, key_type),
                                        COLUMN(struct cert_key_row, spki),
                                        COLUMN(struct cert_key_row, spki_hash),
                                        COLUMN(struct cert_key_row, csr),
                                        COLUMN(struct cert_key_row, sealed),
                                        COLUMN(struct cert_key_row, seal_version),
                                        COLUMN(struct cert_key_row, password_set),
                                        COLUMN(struct cert_key_row, created_at),
                                        COLUMN(struct cert_key_row, used_order),
                                        COLUMNS_END};
#define KEY "key_id, account_id, key_type, spki, spki_hash, csr, sealed, seal_version, password_set, created_at, used_order"

enum { INSERT, GET, FIND, IS_HERE, IS_KNOWN, IS_USED, ERASE, SET_USED, COUNT_USERS, IS_OTHERS };
static const struct sql statements[] = {
        [INSERT] = SQL("key_insert", "INSERT INTO cert_key (" KEY ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"),
        [GET] = SQL_ROW("key_get", columns, "SELECT " KEY " FROM cert_key WHERE account_id = $1 AND key_id = $2"),
        [FIND] = SQL_ROW("key_find", columns,
                         "SELECT " KEY " FROM cert_key WHERE account_id = $1 AND spki_hash = $2 ORDER BY created_at DESC, key_id DESC LIMIT 1"),
        [IS_HERE] = SQL("key_is_here",
                        "SELECT COUNT(*) FROM cert_key WHERE account_id = $1 AND key_id = $2 AND LENGTH(sealed) > 0"),
        [IS_KNOWN] = SQL_SYSTEM("key_is_known",
                                "SELECT COUNT(*) FROM (SELECT 1 FROM cert_key WHERE spki_hash = $1 LIMIT 1) AS known"),
        [IS_USED] = SQL_SYSTEM("key_is_used", "SELECT COUNT(*) FROM cert_key WHERE spki_hash = $1 AND used_order <> 0"
                                              " AND used_order <> $2 AND used_order <> $3"),
        [SET_USED] = SQL("key_set_used", "UPDATE cert_key SET used_order = $3 WHERE account_id = $1 AND key_id = $2"),
        [IS_OTHERS] = SQL_SYSTEM("key_is_others",
                                 "SELECT COUNT(*) FROM (SELECT 1 FROM cert_key k WHERE spki_hash = $1 AND account_id <> $2 AND NOT EXISTS"
                                 " (SELECT 1 FROM certificate c WHERE c.account_id = k.account_id AND c.key_id = k.key_id AND c.source = 'upload')"
                                 " LIMIT 1) AS known"),
        [ERASE] = SQL("key_erase", "UPDATE cert_key SET sealed = $3, seal_version = 0 WHERE account_id = $1 AND key_id = $2"),
        [COUNT_USERS] = SQL("key_count_users",
                            "SELECT COUNT(*) FROM certificate WHERE account_id = $1 AND key_id = $2 AND deleted_at = 0"),
};
const struct sql_set sql_key = SQL_SET(SQL_SET_KEY, statements);

res store_key_insert(struct store_tx *tx, struct cert_key_row *row)
{
        struct cert_key_row new = *row;
        bool is_blocked = false;

        TRY(store_blocked_key_has(store_tx_conn(tx), new.spki_hash, &is_blocked));
        ENSURE(!is_blocked, ERR_KEY_BLOCKED);
        if (new.key_id == 0)
                TRY(store_new_id(tx, STORE_ID_CERT_KEY, &new.key_id));
        struct query q = query_of(store_tx_conn(tx), &sql_key, INSERT);
        query_row(&q, columns, &new);
        TRY(query_run(&q));
        row->key_id = new.key_id;
        return RES_OK;
}

res store_key_get(struct store_conn *c, struct arena *a, int64_t account_id, int64_t key_id,
                  struct cert_key_row *ret_row)
{
        struct query q = query_of(c, &sql_key, GET);

        query_int(&q, account_id);
        query_int(&q, key_id);
        return query_get(&q, a, columns, ret_row);
}

res store_key_is_here(struct store_conn *c, int64_t account_id, int64_t key_id, bool *ret_here)
{
        struct query q = query_of(c, &sql_key, IS_HERE);
        int64_t n = 0;

        query_int(&q, account_id);
        query_int(&q, key_id);
        TRY(query_value(&q, &n));
        *ret_here = n > 0;
        return RES_OK;
}

res store_key_is_known(struct store_conn *c, struct bytes spki_hash, bool *ret_known)
{
        struct query q = query_of(c, &sql_key, IS_KNOWN);
        int64_t n = 0;

        query_bytes(&q, spki_hash);
        TRY(query_value(&q, &n));
        *ret_known = n > 0;
        return RES_OK;
}

res store_key_erase(struct store_tx *tx, int64_t account_id, int64_t key_id)
{
        struct query q = query_of(store_tx_conn(tx), &sql_key, ERASE);

        query_int(&q, account_id);
        query_int(&q, key_id);
        query_bytes(&q, (struct bytes){0});
        return query_run_one(&q);
}

res store_key_find(struct store_conn *c, struct arena *a, int64_t account_id, struct bytes spki_hash,
                   struct cert_key_row *ret_row)
{
        struct query q = query_of(c, &sql_key, FIND);

        query_int(&q, account_id);
        query_bytes(&q, spki_hash);
        return query_get(&q, a, columns, ret_row);
}

res store_key_set_used(struct store_tx *tx, int64_t account_id, int64_t key_id, int64_t order_id)
{
        struct query q = query_of(store_tx_conn(tx), &sql_key, SET_USED);

        query_int(&q, account_id);
        query_int(&q, key_id);
        query_int(&q, order_id);
        return query_run_one(&q);
}

res store_key_is_used(struct store_conn *c, struct bytes spki_hash, int64_t order_id, int64_t other_order_id, bool *ret_used)
{
        struct query q = query_of(c, &sql_key, IS_USED);
        int64_t n = 0;

        query_bytes(&q, spki_hash);
        query_int(&q, order_id);
        query_int(&q, other_order_id);
        TRY(query_value(&q, &n));
        *ret_used = n > 0;
        return RES_OK;
}

res store_key_count_users(struct store_conn *c, int64_t account_id, int64_t key_id, int64_t *ret_count)
{
        struct query q = query_of(c, &sql_key, COUNT_USERS);

        query_int(&q, account_id);
        query_int(&q, key_id);
        return query_value(&q, ret_count);
}

res store_key_is_others(struct store_conn *c, struct bytes spki_hash, int64_t account_id, bool *ret_others)
{
        struct query q = query_of(c, &sql_key, IS_OTHERS);
        int64_t n = 0;

        query_bytes(&q, spki_hash);
        query_int(&q, account_id);
        TRY(query_value(&q, &n));
        *ret_others = n > 0;
        return RES_OK;
}
