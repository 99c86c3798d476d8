/* Certificates as bytes; written ahead. */
#include "store/issued.h"

#include "store/crl_shard.h"
#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct issued_row, issued_id), COLUMN(struct issued_row, account_id),
        COLUMN(struct issued_row, certificate_id), COLUMN(struct issued_row, serial),
        COLUMN(struct issued_row, state), COLUMN(struct issued_row, issuer),
        COLUMN(struct issued_row, profile), COLUMN(struct issued_row, profile_hash),
        COLUMN(struct issued_row, crl_shard), COLUMN(struct issued_row, request),
        COLUMN(struct issued_row, der), COLUMN(struct issued_row, not_before),
        COLUMN(struct issued_row, not_after), COLUMN(struct issued_row, caa_checked_at),
        COLUMN(struct issued_row, created_at), COLUMN(struct issued_row, revoked_at),
        COLUMN(struct issued_row, revoke_reason),
        COLUMNS_END
};
static const struct column serial_columns[] = {
        COLUMN(struct issued_row, issued_id), COLUMN(struct issued_row, certificate_id), COLUMN(struct issued_row, serial),
        COLUMN(struct issued_row, state), COLUMN(struct issued_row, revoked_at),
        COLUMNS_END
};
static const struct column forgotten_columns[] = {COLUMN(struct issued_row, account_id), COLUMN(struct issued_row, certificate_id), COLUMNS_END};
static const struct column status_columns[] = {
        COLUMN(struct issued_status, issued_id), COLUMN(struct issued_status, account_id),
        COLUMN(struct issued_status, state), COLUMN(struct issued_status, issuer),
        COLUMN(struct issued_status, crl_shard), COLUMN(struct issued_status, not_after), COLUMN(struct issued_status, revoked_at),
        COLUMN(struct issued_status, revoke_reason),
        COLUMNS_END
};
#define ISSUED "issued_id, account_id, certificate_id, serial, state, issuer, profile, profile_hash, crl_shard, request, der, " \
        "not_before, not_after, caa_checked_at, created_at, revoked_at, revoke_reason"

enum { INSERT, FINISH, SET_DEAD, REVOKE, RAISE, GET, LIST, LIST_SIGNING, LIST_FORGOTTEN, LIST_ALL, LIST_SERIALS, GET_STATUS, GET_BY_SERIAL };
static const struct sql statements[] = {
        [INSERT] = SQL("issued_insert",
                "INSERT INTO issued (" ISSUED ", certificate_seq)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, " SQL_SEQ_OF("$2", "$3") ")"),
        [FINISH] = SQL("issued_finish",
                "UPDATE issued SET state = 'issued', der = $3, request = $4 WHERE account_id = $1 AND issued_id = $2 AND state = 'signing'"),
        [SET_DEAD] = SQL("issued_set_dead",
                "UPDATE issued SET state = 'dead', revoked_at = $3, revoke_reason = $4"
                " WHERE account_id = $1 AND issued_id = $2 AND state = 'signing'"),
        [REVOKE] = SQL("issued_revoke",
                "UPDATE issued SET revoked_at = $3, revoke_reason = $4"
                " WHERE account_id = $1 AND issued_id = $2 AND state <> 'signing' AND revoked_at = 0"),
        [RAISE] = SQL("issued_raise",
                "UPDATE issued SET revoke_reason = $3 WHERE account_id = $1 AND issued_id = $2 AND revoked_at > 0 AND revoke_reason <> $3"),
        [GET] = SQL_ROW("issued_get", columns, "SELECT " ISSUED " FROM issued WHERE account_id = $1 AND issued_id = $2"),
        [LIST] = SQL_ROW("issued_list", columns,
                "SELECT " ISSUED " FROM issued WHERE account_id = $1 AND certificate_seq = " SQL_SEQ_OF("$1", "$2")
                " AND certificate_id = $2 ORDER BY issued_id"),
        [LIST_SIGNING] = SQL_SYSTEM_ROW("issued_list_signing", columns,
                "SELECT " ISSUED " FROM issued WHERE state = 'signing' AND issued_id > $1 ORDER BY issued_id LIMIT $2"),
        [LIST_FORGOTTEN] = SQL_SYSTEM_ROW("issued_list_forgotten", forgotten_columns,
                "SELECT account_id, certificate_id FROM issued WHERE state = 'signing' AND created_at <= $1"
                " AND NOT EXISTS (SELECT 1 FROM job WHERE kind = $2 AND subject = issued.certificate_id) ORDER BY issued_id LIMIT $3"),
        [LIST_ALL] = SQL_SYSTEM_ROW("issued_list_all", columns,
                "SELECT " ISSUED " FROM issued WHERE issued_id > $1 ORDER BY issued_id LIMIT $2"),
        [LIST_SERIALS] = SQL_SYSTEM_ROW("issued_list_serials", serial_columns,
                "SELECT issued_id, certificate_id, serial, state, revoked_at FROM issued WHERE issued_id > $1 ORDER BY issued_id LIMIT $2"),
        [GET_STATUS] = SQL_SYSTEM_ROW("issued_get_status", status_columns,
                "SELECT issued_id, account_id, state, issuer, crl_shard, not_after, revoked_at, revoke_reason FROM issued WHERE serial = $1"),
        [GET_BY_SERIAL] = SQL_SYSTEM_ROW("issued_get_by_serial", columns, "SELECT " ISSUED " FROM issued WHERE serial = $1"),
};
const struct sql_set sql_issued = SQL_SET(SQL_SET_ISSUED, statements);

res store_issued_insert(struct store_tx *tx, struct issued_row *row)
{
        struct issued_row new = *row;

        if (new.issued_id == 0)
                TRY(store_new_id(tx, STORE_ID_ISSUED, &new.issued_id));
        new.state = STR("signing");
        struct query q = query_of(store_tx_conn(tx), &sql_issued, INSERT);
        query_row(&q, columns, &new);
        TRY(query_run(&q));
        row->issued_id = new.issued_id;
        return RES_OK;
}

res store_issued_finish(struct store_tx *tx, int64_t account_id, int64_t issued_id, struct bytes der)
{
        struct query q = query_of(store_tx_conn(tx), &sql_issued, FINISH);

        query_int(&q, account_id);
        query_int(&q, issued_id);
        query_bytes(&q, der);
        query_bytes(&q, (struct bytes){0});
        return query_run_one(&q);
}

static res set_revoked(struct store_tx *tx, size_t statement, int64_t account_id, int64_t issued_id, int64_t revoked_at,
                       int64_t reason)
{
        struct query q = query_of(store_tx_conn(tx), &sql_issued, statement);

        query_int(&q, account_id);
        query_int(&q, issued_id);
        query_int(&q, revoked_at);
        query_int(&q, reason);
        TRY(query_run_one(&q));
        return revoked_at > 0 ? store_crl_shard_count_revoked(tx, account_id, issued_id) : RES_OK;
}

res store_issued_set_dead(struct store_tx *tx, int64_t account_id, int64_t issued_id, int64_t revoked_at, int64_t reason)
{
        return set_revoked(tx, SET_DEAD, account_id, issued_id, revoked_at, reason);
}

res store_issued_revoke(struct store_tx *tx, int64_t account_id, int64_t issued_id, int64_t revoked_at, int64_t reason)
{
        return set_revoked(tx, REVOKE, account_id, issued_id, revoked_at, reason);
}

res store_issued_raise(struct store_tx *tx, int64_t account_id, int64_t issued_id, int64_t reason)
{
        struct query q = query_of(store_tx_conn(tx), &sql_issued, RAISE);

        query_int(&q, account_id);
        query_int(&q, issued_id);
        query_int(&q, reason);
        TRY(query_run_one(&q));
        return store_crl_shard_list_anew(tx, account_id, issued_id);
}

void store_issued_keep(struct arena *a, struct issued_row *row)
{
        row_copy(a, columns, row);
}

res store_issued_get(struct store_conn *c, struct arena *a, int64_t account_id, int64_t issued_id, struct issued_row *ret_row)
{
        struct query q = query_of(c, &sql_issued, GET);

        query_int(&q, account_id);
        query_int(&q, issued_id);
        return query_get(&q, a, columns, ret_row);
}

res store_issued_list(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id,
                      const struct issued_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_issued, LIST);

        query_int(&q, account_id);
        query_str(&q, certificate_id);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}

static res list_after(struct store_conn *c, struct arena *a, size_t statement, const struct column *row, int64_t after_id, int64_t limit,
                      const struct issued_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_issued, statement);

        query_int(&q, after_id);
        query_int(&q, limit);
        return QUERY_LIST(&q, a, row, ret_rows, ret_n);
}

res store_issued_list_signing(struct store_conn *c, struct arena *a, int64_t after_id, int64_t limit,
                              const struct issued_row **ret_rows, size_t *ret_n)
{
        return list_after(c, a, LIST_SIGNING, columns, after_id, limit, ret_rows, ret_n);
}

res store_issued_list_forgotten(struct store_conn *c, struct arena *a, int64_t until, struct str job_kind, int64_t limit,
                                const struct issued_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_issued, LIST_FORGOTTEN);

        query_int(&q, until);
        query_str(&q, job_kind);
        query_int(&q, limit);
        return QUERY_LIST(&q, a, forgotten_columns, ret_rows, ret_n);
}

res store_issued_list_all(struct store_conn *c, struct arena *a, int64_t after_id, int64_t limit,
                          const struct issued_row **ret_rows, size_t *ret_n)
{
        return list_after(c, a, LIST_ALL, columns, after_id, limit, ret_rows, ret_n);
}

res store_issued_list_serials(struct store_conn *c, struct arena *a, int64_t after_id, int64_t limit,
                              const struct issued_row **ret_rows, size_t *ret_n)
{
        return list_after(c, a, LIST_SERIALS, serial_columns, after_id, limit, ret_rows, ret_n);
}

res store_issued_get_status(struct store_conn *c, struct arena *a, struct bytes serial, struct issued_status *ret_status)
{
        struct query q = query_of(c, &sql_issued, GET_STATUS);

        query_bytes(&q, serial);
        return query_get(&q, a, status_columns, ret_status);
}

res store_issued_get_by_serial(struct store_conn *c, struct arena *a, struct bytes serial, struct issued_row *ret_row)
{
        struct query q = query_of(c, &sql_issued, GET_BY_SERIAL);

        query_bytes(&q, serial);
        return query_get(&q, a, columns, ret_row);
}
