/* Certificates from elsewhere. */
#include "store/upload.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct upload_row, account_id), COLUMN(struct upload_row, certificate_id),
        COLUMN(struct upload_row, cert_hash), COLUMN(struct upload_row, public_text),
        COLUMN(struct upload_row, chain), COLUMN(struct upload_row, key_text),
        COLUMN(struct upload_row, seal_version), COLUMN(struct upload_row, created_at),
        COLUMNS_END
};
static const struct column update_columns[] = {
        COLUMN(struct upload_update_row, update_id), COLUMN(struct upload_update_row, account_id),
        COLUMN(struct upload_update_row, certificate_id), COLUMN(struct upload_update_row, resource_types),
        COLUMN(struct upload_update_row, status), COLUMN(struct upload_update_row, created_at),
        COLUMN(struct upload_update_row, updated_at),
        COLUMNS_END
};
static const struct column before_columns[] = {
        COLUMN(struct upload_before_row, update_id), COLUMN(struct upload_before_row, key_id),
        COLUMN(struct upload_before_row, account_id), COLUMN(struct upload_before_row, certificate_id),
        COLUMN(struct upload_before_row, cert_hash), COLUMN(struct upload_before_row, public_text),
        COLUMN(struct upload_before_row, chain), COLUMN(struct upload_before_row, key_text),
        COLUMN(struct upload_before_row, seal_version), COLUMN(struct upload_before_row, created_at),
        COLUMNS_END
};
#define UPLOAD "account_id, certificate_id, cert_hash, public_text, chain, key_text, seal_version, created_at"
#define UPDATE "update_id, account_id, certificate_id, resource_types, status, created_at, updated_at"
#define BEFORE "update_id, key_id, " UPLOAD
#define OF_CERTIFICATE " WHERE account_id = $1 AND ($2 = '' OR certificate_id = $2)"

enum { PUT, GET, FIND, DELETE, BEFORE_KEEP, BEFORE_GET, BEFORE_DELETE, UPDATE_INSERT, UPDATE_SET, UPDATE_GET, UPDATE_LIST, UPDATE_COUNT };
static const struct sql statements[] = {
        [PUT] = SQL("upload_put",
                "INSERT INTO upload (" UPLOAD ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
                " ON CONFLICT (account_id, certificate_id) DO UPDATE SET cert_hash = excluded.cert_hash,"
                " public_text = excluded.public_text, chain = excluded.chain, key_text = excluded.key_text,"
                " seal_version = excluded.seal_version, created_at = excluded.created_at"),
        [GET] = SQL_ROW("upload_get", columns, "SELECT " UPLOAD " FROM upload WHERE account_id = $1 AND certificate_id = $2"),
        [FIND] = SQL("upload_find", /* by the hash first: SQLite keeps the order of a CROSS JOIN */
                "SELECT c.certificate_id FROM upload AS u CROSS JOIN certificate AS c"
                " WHERE u.account_id = $1 AND u.cert_hash = $2 AND c.certificate_id = u.certificate_id AND c.account_id = $1"
                " AND c.deleted_at = 0 ORDER BY c.seq LIMIT 1"),
        [DELETE] = SQL("upload_delete", "DELETE FROM upload WHERE account_id = $1 AND certificate_id = $2"),
        [BEFORE_KEEP] = SQL("upload_before_keep",
                "INSERT INTO upload_before (" BEFORE ") SELECT CAST($3 AS BIGINT), CAST($4 AS BIGINT), " UPLOAD
                " FROM upload WHERE account_id = $1 AND certificate_id = $2"),
        [BEFORE_GET] = SQL_ROW("upload_before_get", before_columns,
                "SELECT " BEFORE " FROM upload_before WHERE account_id = $1 AND certificate_id = $2"),
        [BEFORE_DELETE] = SQL("upload_before_delete", "DELETE FROM upload_before WHERE account_id = $1 AND certificate_id = $2"),
        [UPDATE_INSERT] = SQL("upload_update_insert", "INSERT INTO upload_update (" UPDATE ") VALUES ($1, $2, $3, $4, $5, $6, $7)"),
        [UPDATE_SET] = SQL("upload_update_set",
                "UPDATE upload_update SET status = $3, updated_at = $4 WHERE account_id = $1 AND update_id = $2"),
        [UPDATE_GET] = SQL_ROW("upload_update_get", update_columns,
                "SELECT " UPDATE " FROM upload_update WHERE account_id = $1 AND update_id = $2"),
        [UPDATE_LIST] = SQL_ROW("upload_update_list", update_columns,
                "SELECT " UPDATE " FROM upload_update" OF_CERTIFICATE " ORDER BY update_id DESC LIMIT $3 OFFSET $4"),
        [UPDATE_COUNT] = SQL("upload_update_count", "SELECT COUNT(*) FROM upload_update" OF_CERTIFICATE),
};
const struct sql_set sql_upload = SQL_SET(SQL_SET_UPLOAD, statements);

res store_upload_put(struct store_tx *tx, const struct upload_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_upload, PUT);

        query_row(&q, columns, row);
        return query_run(&q);
}

static struct query query_of_certificate(struct store_conn *c, size_t statement, int64_t account_id,
                                         struct str certificate_id)
{
        struct query q = query_of(c, &sql_upload, statement);

        query_int(&q, account_id);
        query_str(&q, certificate_id);
        return q;
}

res store_upload_get(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id,
                     struct upload_row *ret_row)
{
        struct query q = query_of_certificate(c, GET, account_id, certificate_id);

        return query_get(&q, a, columns, ret_row);
}

res store_upload_find(struct store_conn *c, struct arena *a, int64_t account_id, struct bytes cert_hash,
                      struct str *ret_certificate_id)
{
        struct query q = query_of(c, &sql_upload, FIND);
        bool found = false;

        query_int(&q, account_id);
        query_bytes(&q, cert_hash);
        TRY(query_step(&q, &found));
        ENSURE(found, ERR_NOT_FOUND);
        *ret_certificate_id = str_dup(a, query_get_str(&q, 0));
        query_done(&q);
        return RES_OK;
}

res store_upload_delete(struct store_tx *tx, int64_t account_id, struct str certificate_id)
{
        struct query q = query_of_certificate(store_tx_conn(tx), DELETE, account_id, certificate_id);

        return query_run(&q);
}

res store_upload_before_delete(struct store_tx *tx, int64_t account_id, struct str certificate_id)
{
        struct query q = query_of_certificate(store_tx_conn(tx), BEFORE_DELETE, account_id, certificate_id);

        return query_run(&q);
}

res store_upload_before_keep(struct store_tx *tx, int64_t account_id, struct str certificate_id, int64_t update_id, int64_t key_id)
{
        TRY(store_upload_before_delete(tx, account_id, certificate_id));
        struct query q = query_of_certificate(store_tx_conn(tx), BEFORE_KEEP, account_id, certificate_id);

        query_int(&q, update_id);
        query_int(&q, key_id);
        return query_run(&q);
}

res store_upload_before_get(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id,
                            struct upload_before_row *ret_row)
{
        struct query q = query_of_certificate(c, BEFORE_GET, account_id, certificate_id);

        return query_get(&q, a, before_columns, ret_row);
}

res store_upload_update_insert(struct store_tx *tx, struct upload_update_row *row)
{
        struct upload_update_row new = *row;

        if (new.update_id == 0)
                TRY(store_new_id(tx, STORE_ID_UPLOAD_UPDATE, &new.update_id));
        struct query q = query_of(store_tx_conn(tx), &sql_upload, UPDATE_INSERT);
        query_row(&q, update_columns, &new);
        TRY(query_run(&q));
        row->update_id = new.update_id;
        return RES_OK;
}

res store_upload_update_set(struct store_tx *tx, const struct upload_update_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_upload, UPDATE_SET);

        query_int(&q, row->account_id);
        query_int(&q, row->update_id);
        query_int(&q, row->status);
        query_int(&q, row->updated_at);
        return query_run_one(&q);
}

res store_upload_update_get(struct store_conn *c, struct arena *a, int64_t account_id, int64_t update_id,
                            struct upload_update_row *ret_row)
{
        struct query q = query_of(c, &sql_upload, UPDATE_GET);

        query_int(&q, account_id);
        query_int(&q, update_id);
        return query_get(&q, a, update_columns, ret_row);
}

res store_upload_update_list(struct store_conn *c, struct arena *a, const struct upload_update_row *of,
                             int64_t offset, int64_t limit, const struct upload_update_row **ret_rows,
                             size_t *ret_n)
{
        struct query q = query_of_certificate(c, UPDATE_LIST, of->account_id, of->certificate_id);

        query_int(&q, limit);
        query_int(&q, offset);
        return QUERY_LIST(&q, a, update_columns, ret_rows, ret_n);
}

res store_upload_update_count(struct store_conn *c, int64_t account_id, struct str certificate_id,
                              int64_t *ret_count)
{
        struct query q = query_of_certificate(c, UPDATE_COUNT, account_id, certificate_id);

        return query_value(&q, ret_count);
}
