/*
 * Shards of CRLs.  The newest shard of an issuer takes certificates until it is full; what a CRL lists is read from
 * a covering index, so that a million entries touch no row of the table itself.
 */
#include "store/crl_shard.h"

#include "base/limits.h"
#include "store/sqlite.h"

static const struct column shard_columns[] = {
        COLUMN(struct crl_shard_row, issuer), COLUMN(struct crl_shard_row, shard),
        COLUMN(struct crl_shard_row, issued_count), COLUMN(struct crl_shard_row, revoked_count),
        COLUMN(struct crl_shard_row, crl_number), COLUMN(struct crl_shard_row, this_update),
        COLUMN(struct crl_shard_row, listed),
        COLUMNS_END
};
static const struct column crl_columns[] = {
        COLUMN(struct crl_row, issuer), COLUMN(struct crl_row, shard),
        COLUMN(struct crl_row, crl_number), COLUMN(struct crl_row, this_update),
        COLUMN(struct crl_row, next_update), COLUMN(struct crl_row, listed),
        COLUMN(struct crl_row, body),
        COLUMNS_END
};
#define CRL "issuer, shard, crl_number, this_update, next_update, listed, body"
/* The one behind a LEFT JOIN has NULLs, read as 0. */
#define SHARD "s.issuer AS issuer, s.shard AS shard, s.issued_count AS issued_count, s.revoked_count AS revoked_count," \
        " COALESCE(c.crl_number, 0) AS crl_number, COALESCE(c.this_update, 0) AS this_update, COALESCE(c.listed, 0) AS listed" \
        " FROM crl_shard s LEFT JOIN crl c ON c.issuer = s.issuer AND c.shard = s.shard"

enum { NEWEST, ADD, OPEN, LIST, GET, COUNT_REVOKED, WALK, CRL_PUT, CRL_GET };
static const struct sql statements[] = {
        [NEWEST] = SQL_SYSTEM("crl_shard_newest",
                "SELECT issuer, shard, issued_count FROM crl_shard WHERE issuer = $1 ORDER BY shard DESC LIMIT 1"),
        [ADD] = SQL_SYSTEM("crl_shard_add", "UPDATE crl_shard SET issued_count = issued_count + $3 WHERE issuer = $1 AND shard = $2"),
        [OPEN] = SQL_SYSTEM("crl_shard_open", "INSERT INTO crl_shard (issuer, shard, issued_count, revoked_count) VALUES ($1, $2, $3, 0)"),
        [LIST] = SQL_SYSTEM_ROW("crl_shard_list", shard_columns,
                "SELECT " SHARD " ORDER BY s.issuer, s.shard"),
        [GET] = SQL_SYSTEM_ROW("crl_shard_get", shard_columns, "SELECT " SHARD " WHERE s.issuer = $1 AND s.shard = $2"),
        [COUNT_REVOKED] = SQL_SYSTEM("crl_shard_count_revoked",
                "UPDATE crl_shard SET revoked_count = revoked_count + 1"
                " WHERE issuer = (SELECT issuer FROM issued WHERE account_id = $1 AND issued_id = $2)"
                " AND shard = (SELECT crl_shard FROM issued WHERE account_id = $1 AND issued_id = $2)"),
        [WALK] = SQL_SYSTEM("crl_shard_walk",
                "SELECT serial, revoked_at, revoke_reason FROM issued"
                " WHERE issuer = $1 AND crl_shard = $2 AND revoked_at > 0 AND not_after >= $3 ORDER BY serial"),
        [CRL_PUT] = SQL_SYSTEM("crl_put",
                "INSERT INTO crl (" CRL ") VALUES ($1, $2, $3, $4, $5, $6, $7)"
                " ON CONFLICT (issuer, shard) DO UPDATE SET crl_number = excluded.crl_number, this_update = excluded.this_update,"
                " next_update = excluded.next_update, listed = excluded.listed, body = excluded.body WHERE crl.crl_number < excluded.crl_number"),
        [CRL_GET] = SQL_SYSTEM_ROW("crl_get", crl_columns, "SELECT " CRL " FROM crl WHERE issuer = $1 AND shard = $2"),
};
const struct sql_set sql_crl_shard = SQL_SET(SQL_SET_CRL_SHARD, statements);

/* The issuer's newest shard; 0 if it has none. */
static res newest(struct store_tx *tx, struct str issuer, int64_t *ret_shard, int64_t *ret_count)
{
        struct query q = query_of(store_tx_conn(tx), &sql_crl_shard, NEWEST);
        bool row = false;

        query_str(&q, issuer);
        TRY(query_step(&q, &row));
        *ret_shard = row ? query_get_int(&q, 1) : 0;
        *ret_count = row ? query_get_int(&q, 2) : 0;
        query_done(&q);
        return RES_OK;
}

static res change(struct store_tx *tx, size_t statement, struct str issuer, int64_t shard, int64_t count)
{
        struct query q = query_of(store_tx_conn(tx), &sql_crl_shard, statement);

        query_str(&q, issuer);
        query_int(&q, shard);
        query_int(&q, count);
        return query_run_one(&q);
}

res store_crl_shard_assign_many(struct store_tx *tx, struct str issuer, int64_t count, int64_t *ret_shard)
{
        int64_t shard = 0, issued = 0;

        TRY(newest(tx, issuer, &shard, &issued));
        if (shard == 0 || issued >= LIMIT_CRL_SHARD)
                TRY(change(tx, OPEN, issuer, ++shard, count));
        else
                TRY(change(tx, ADD, issuer, shard, count));
        *ret_shard = shard;
        return RES_OK;
}

res store_crl_shard_assign(struct store_tx *tx, struct str issuer, int64_t *ret_shard)
{
        return store_crl_shard_assign_many(tx, issuer, 1, ret_shard);
}

res store_crl_shard_ensure(struct store_tx *tx, struct str issuer)
{
        int64_t shard = 0, issued = 0;

        TRY(newest(tx, issuer, &shard, &issued));
        if (shard > 0)
                return RES_OK;
        return change(tx, OPEN, issuer, 1, 0);
}

res store_crl_shard_list(struct store_conn *c, struct arena *a, const struct crl_shard_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_crl_shard, LIST);

        return QUERY_LIST(&q, a, shard_columns, ret_rows, ret_n);
}

res store_crl_shard_get(struct store_conn *c, struct arena *a, struct str issuer, int64_t shard, struct crl_shard_row *ret_row)
{
        struct query q = query_of(c, &sql_crl_shard, GET);

        query_str(&q, issuer);
        query_int(&q, shard);
        return query_get(&q, a, shard_columns, ret_row);
}

res store_crl_shard_count_revoked(struct store_tx *tx, int64_t account_id, int64_t issued_id)
{
        struct query q = query_of(store_tx_conn(tx), &sql_crl_shard, COUNT_REVOKED);

        query_int(&q, account_id);
        query_int(&q, issued_id);
        return query_run(&q);
}

res store_crl_shard_walk(struct store_conn *c, struct str issuer, int64_t shard, int64_t ended_before,
                         store_crl_entry_fn *fn, void *arg)
{
        CLEAN(query_done) struct query q = query_of(c, &sql_crl_shard, WALK);
        bool row = false;

        query_str(&q, issuer);
        query_int(&q, shard);
        query_int(&q, ended_before);
        for (;;) {
                TRY(query_step(&q, &row));
                if (!row)
                        return RES_OK;
                struct store_crl_entry entry = {query_get_bytes(&q, 0), query_get_int(&q, 1), query_get_int(&q, 2)};
                TRY(fn(arg, &entry));
        }
}

res store_crl_put(struct store_tx *tx, const struct crl_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_crl_shard, CRL_PUT);
        int64_t changed = 0;

        query_row(&q, crl_columns, row);
        TRY(query_run_count(&q, &changed));
        ENSURE(changed > 0, ERR_STORE_CONFLICT);
        return RES_OK;
}

res store_crl_get(struct store_conn *c, struct arena *a, struct str issuer, int64_t shard, struct crl_row *ret_row)
{
        struct query q = query_of(c, &sql_crl_shard, CRL_GET);

        query_str(&q, issuer);
        query_int(&q, shard);
        return query_get(&q, a, crl_columns, ret_row);
}
