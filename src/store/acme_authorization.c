/* Authorizations of ACME accounts. */
#include "store/acme_authorization.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct acme_authorization_row, authorization_id), COLUMN(struct acme_authorization_row, acme_id),
        COLUMN(struct acme_authorization_row, account_id), COLUMN(struct acme_authorization_row, name),
        COLUMN(struct acme_authorization_row, is_address), COLUMN(struct acme_authorization_row, is_wildcard),
        COLUMN(struct acme_authorization_row, state), COLUMN(struct acme_authorization_row, token),
        COLUMN(struct acme_authorization_row, method), COLUMN(struct acme_authorization_row, error),
        COLUMN(struct acme_authorization_row, tried_at), COLUMN(struct acme_authorization_row, validated_at),
        COLUMN(struct acme_authorization_row, evidence_id), COLUMN(struct acme_authorization_row, caa_checked_at),
        COLUMN(struct acme_authorization_row, created_at), COLUMN(struct acme_authorization_row, expires_at),
        COLUMNS_END
};
#define AUTHORIZATION \
        "authorization_id, acme_id, account_id, name, is_address, is_wildcard, state, token, method, " \
        "error, tried_at, validated_at, evidence_id, caa_checked_at, created_at, expires_at"

enum { INSERT, GET, UPDATE, FIND, PROCESSING, VOID };
static const struct sql statements[] = {
        [INSERT] = SQL("acme_authorization_insert",
                "INSERT INTO acme_authorization (" AUTHORIZATION ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"),
        [GET] = SQL_ROW("acme_authorization_get", columns,
                "SELECT " AUTHORIZATION " FROM acme_authorization WHERE account_id = $1 AND authorization_id = $2"),
        [UPDATE] = SQL("acme_authorization_update",
                "UPDATE acme_authorization SET state = $3, method = $4, error = $5, tried_at = $6, validated_at = $7, evidence_id = $8,"
                " caa_checked_at = $9, expires_at = $10 WHERE account_id = $1 AND authorization_id = $2"),
        [FIND] = SQL_ROW("acme_authorization_find", columns,
                "SELECT " AUTHORIZATION " FROM acme_authorization WHERE account_id = $1 AND acme_id = $2 AND name = $3 AND is_wildcard = $4"
                " ORDER BY authorization_id DESC LIMIT $5"),
        [VOID] = SQL("acme_authorization_void",
                "UPDATE acme_authorization SET expires_at = $5 WHERE acme_id IN (SELECT acme_id FROM acme_account WHERE account_id = $1)"
                " AND account_id = $1 AND name = $2 AND method = $3 AND validated_at > 0 AND validated_at < $4 AND expires_at > $5"),
        [PROCESSING] = SQL_SYSTEM_ROW("acme_authorization_list_processing", columns,
                "SELECT " AUTHORIZATION " FROM acme_authorization WHERE state = 'processing' AND tried_at < $1 ORDER BY tried_at LIMIT $2"),
};
const struct sql_set sql_acme_authorization = SQL_SET(SQL_SET_ACME_AUTHORIZATION, statements);

res store_acme_authorization_insert(struct store_tx *tx, struct acme_authorization_row *row)
{
        struct acme_authorization_row new = *row;

        if (new.authorization_id == 0)
                TRY(store_new_id(tx, STORE_ID_ACME_AUTHORIZATION, &new.authorization_id));
        struct query q = query_of(store_tx_conn(tx), &sql_acme_authorization, INSERT);
        query_row(&q, columns, &new);
        TRY(query_run(&q));
        row->authorization_id = new.authorization_id;
        return RES_OK;
}

res store_acme_authorization_get(struct store_conn *c, struct arena *a, int64_t account_id, int64_t authorization_id,
                                 struct acme_authorization_row *ret_row)
{
        struct query q = query_of(c, &sql_acme_authorization, GET);

        query_int(&q, account_id);
        query_int(&q, authorization_id);
        return query_get(&q, a, columns, ret_row);
}

res store_acme_authorization_update(struct store_tx *tx, const struct acme_authorization_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_acme_authorization, UPDATE);

        query_int(&q, row->account_id);
        query_int(&q, row->authorization_id);
        query_str(&q, row->state);
        query_int(&q, row->method);
        query_str(&q, row->error);
        query_int(&q, row->tried_at);
        query_int(&q, row->validated_at);
        query_int(&q, row->evidence_id);
        query_int(&q, row->caa_checked_at);
        query_int(&q, row->expires_at);
        return query_run_one(&q);
}

res store_acme_authorization_find(struct store_conn *c, struct arena *a, int64_t account_id, int64_t acme_id, struct str name,
                                  bool is_wildcard, int64_t limit, const struct acme_authorization_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_acme_authorization, FIND);

        query_int(&q, account_id);
        query_int(&q, acme_id);
        query_str(&q, name);
        query_int(&q, is_wildcard);
        query_int(&q, limit);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}

res store_acme_authorization_list_processing(struct store_conn *c, struct arena *a, int64_t before_sec, int64_t limit,
                                             const struct acme_authorization_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_acme_authorization, PROCESSING);

        query_int(&q, before_sec);
        query_int(&q, limit);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}

res store_acme_authorization_void(struct store_tx *tx, int64_t account_id, struct str name, int64_t method, int64_t before_sec, int64_t now_sec)
{
        struct query q = query_of(store_tx_conn(tx), &sql_acme_authorization, VOID);

        query_int(&q, account_id);
        query_str(&q, name);
        query_int(&q, method);
        query_int(&q, before_sec);
        query_int(&q, now_sec);
        return query_run(&q);
}
