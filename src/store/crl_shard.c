/*
 * Shards of CRLs.  The newest shard of an issuer takes certificates until it is full.
 *
 * What a CRL says about its entries lies packed beside the rows that say it, by the hundred and in the order of revocation:
 * to step through a million rows of an index takes most of a second, through ten thousand blocks a hundredth.  The
 * revoking transaction appends to the shard's newest block, which is one page, as an index entry would be.
 */
#include "store/crl_shard.h"

#include <string.h>

#include "base/limits.h"
#include "store/sqlite.h"

/* One entry of a block: serial (right-aligned), revoked_at, not_after (both big-endian, unsigned), reason. */
#define ENTRY_SERIAL 16
#define ENTRY_BYTES (ENTRY_SERIAL + 4 + 4 + 1)
#define BLOCK_ENTRIES 150 /* with its key in one page of 4,096 bytes */
#define BLOCK_BYTES (BLOCK_ENTRIES * ENTRY_BYTES)

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
        COLUMN(struct crl_row, fields), COLUMN(struct crl_row, extensions),
        COLUMN(struct crl_row, signature),
        COLUMNS_END
};
#define CRL "issuer, shard, crl_number, this_update, next_update, listed, fields, extensions, signature"
/* The one behind a LEFT JOIN has NULLs, read as 0. */
#define SHARD "s.issuer AS issuer, s.shard AS shard, s.issued_count AS issued_count, s.revoked_count AS revoked_count," \
        " COALESCE(c.crl_number, 0) AS crl_number, COALESCE(c.this_update, 0) AS this_update, COALESCE(c.listed, 0) AS listed" \
        " FROM crl_shard s LEFT JOIN crl c ON c.issuer = s.issuer AND c.shard = s.shard"

enum { NEWEST, ADD, OPEN, LIST, GET, COUNT_REVOKED, REVOKED, BLOCK_NEWEST, BLOCK_PUT, BLOCKS, WALK, CRL_PUT, CRL_GET };
static const struct sql statements[] = {
        [NEWEST] = SQL_SYSTEM("crl_shard_newest",
                "SELECT issuer, shard, issued_count FROM crl_shard WHERE issuer = $1 ORDER BY shard DESC LIMIT 1"),
        [ADD] = SQL_SYSTEM("crl_shard_add", "UPDATE crl_shard SET issued_count = issued_count + $3 WHERE issuer = $1 AND shard = $2"),
        [OPEN] = SQL_SYSTEM("crl_shard_open", "INSERT INTO crl_shard (issuer, shard, issued_count, revoked_count) VALUES ($1, $2, $3, 0)"),
        [LIST] = SQL_SYSTEM_ROW("crl_shard_list", shard_columns,
                "SELECT " SHARD " ORDER BY s.issuer, s.shard"),
        [GET] = SQL_SYSTEM_ROW("crl_shard_get", shard_columns, "SELECT " SHARD " WHERE s.issuer = $1 AND s.shard = $2"),
        [COUNT_REVOKED] = SQL_SYSTEM("crl_shard_count_revoked",
                "UPDATE crl_shard SET revoked_count = revoked_count + 1 WHERE issuer = $1 AND shard = $2"),
        [REVOKED] = SQL("crl_shard_revoked",
                "SELECT issuer, crl_shard, serial, revoked_at, not_after, revoke_reason FROM issued WHERE account_id = $1 AND issued_id = $2"),
        [BLOCK_NEWEST] = SQL_SYSTEM("crl_block_newest",
                "SELECT block, entries FROM crl_block WHERE issuer = $1 AND shard = $2 ORDER BY block DESC LIMIT 1"),
        [BLOCK_PUT] = SQL_SYSTEM("crl_block_put",
                "INSERT INTO crl_block (issuer, shard, block, entries) VALUES ($1, $2, $3, $4)"
                " ON CONFLICT (issuer, shard, block) DO UPDATE SET entries = excluded.entries"),
        [BLOCKS] = SQL_SYSTEM("crl_block_list", "SELECT block, entries FROM crl_block WHERE issuer = $1 AND shard = $2 ORDER BY block"),
        [WALK] = SQL_SYSTEM("crl_shard_walk", "SELECT entries FROM crl_block WHERE issuer = $1 AND shard = $2 ORDER BY block"),
        [CRL_PUT] = SQL_SYSTEM("crl_put",
                "INSERT INTO crl (" CRL ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
                " ON CONFLICT (issuer, shard) DO UPDATE SET crl_number = excluded.crl_number, this_update = excluded.this_update,"
                " next_update = excluded.next_update, listed = excluded.listed, fields = excluded.fields, extensions = excluded.extensions,"
                " signature = excluded.signature WHERE crl.crl_number < excluded.crl_number"),
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
        if (shard == 0 || issued + count > LIMIT_CRL_SHARD)
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

/* ---- the packed entries -------------------------------------------------------------------------------- */

static uint8_t *put_uint32(uint8_t *p, int64_t v)
{
        const uint32_t clamped = v < 0 ? 0 : v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;

        for (int i = 0; i < 4; i++)
                *p++ = (uint8_t)(clamped >> (24 - 8 * i));
        return p;
}

static int64_t get_uint32(const uint8_t *p)
{
        return (int64_t)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
}

/* What was revoked, as the row says it by now. */
struct revoked {
        char issuer[64];
        size_t issuer_n;
        int64_t shard;
        uint8_t entry[ENTRY_BYTES];
};

static res revoked_read(struct store_tx *tx, int64_t account_id, int64_t issued_id, struct revoked *ret_revoked)
{
        CLEAN(query_done) struct query q = query_of(store_tx_conn(tx), &sql_crl_shard, REVOKED);
        struct revoked out = {.shard = 0};
        uint8_t *p = out.entry + ENTRY_SERIAL;
        bool row = false;

        query_int(&q, account_id);
        query_int(&q, issued_id);
        TRY(query_step(&q, &row));
        ENSURE(row, ERR_NOT_FOUND);
        const struct str issuer = query_get_str(&q, 0);
        const struct bytes serial = query_get_bytes(&q, 2);

        ENSURE(issuer.n <= sizeof out.issuer && serial.n <= ENTRY_SERIAL, ERR_STORE);
        memcpy(out.issuer, issuer.p, issuer.n);
        out.issuer_n = issuer.n;
        out.shard = query_get_int(&q, 1);
        memcpy(p - serial.n, serial.p, serial.n);
        p = put_uint32(p, query_get_int(&q, 3));
        p = put_uint32(p, query_get_int(&q, 4));
        *p = (uint8_t)query_get_int(&q, 5);
        *ret_revoked = out;
        return RES_OK;
}

/* The newest block's number and bytes; a full one, and none, are an empty next one. */
static res block_newest(struct store_tx *tx, struct str issuer, int64_t shard, int64_t *ret_block, uint8_t bytes[BLOCK_BYTES], size_t *ret_n)
{
        CLEAN(query_done) struct query q = query_of(store_tx_conn(tx), &sql_crl_shard, BLOCK_NEWEST);
        bool row = false;

        query_str(&q, issuer);
        query_int(&q, shard);
        TRY(query_step(&q, &row));
        const struct bytes entries = row ? query_get_bytes(&q, 1) : bytes_of("", 0);
        const bool has_room = row && entries.n <= BLOCK_BYTES - ENTRY_BYTES;

        *ret_block = row ? query_get_int(&q, 0) + !has_room : 0;
        *ret_n = has_room ? entries.n : 0;
        memcpy(bytes, entries.p, *ret_n);
        return RES_OK;
}

static res block_put(struct store_tx *tx, struct str issuer, int64_t shard, int64_t block, struct bytes entries)
{
        struct query q = query_of(store_tx_conn(tx), &sql_crl_shard, BLOCK_PUT);

        query_str(&q, issuer);
        query_int(&q, shard);
        query_int(&q, block);
        query_bytes(&q, entries);
        return query_run(&q);
}

static res block_add(struct store_tx *tx, struct str issuer, int64_t shard, const uint8_t entry[ENTRY_BYTES])
{
        uint8_t bytes[BLOCK_BYTES];
        int64_t block = 0;
        size_t n = 0;

        TRY(block_newest(tx, issuer, shard, &block, bytes, &n));
        memcpy(bytes + n, entry, ENTRY_BYTES);
        return block_put(tx, issuer, shard, block, bytes_of(bytes, n + ENTRY_BYTES));
}

static res revoked_add(struct store_tx *tx, const struct revoked *revoked)
{
        const struct str issuer = {revoked->issuer, revoked->issuer_n};

        TRY(block_add(tx, issuer, revoked->shard, revoked->entry));
        struct query q = query_of(store_tx_conn(tx), &sql_crl_shard, COUNT_REVOKED);

        query_str(&q, issuer);
        query_int(&q, revoked->shard);
        return query_run(&q);
}

res store_crl_shard_count_revoked(struct store_tx *tx, int64_t account_id, int64_t issued_id)
{
        struct revoked revoked;

        TRY(revoked_read(tx, account_id, issued_id, &revoked));
        return revoked_add(tx, &revoked);
}

/* The place of this serial's entry in a block; block.n: it has none. */
static size_t block_find(struct bytes block, const uint8_t serial[ENTRY_SERIAL])
{
        size_t at = 0;

        while (at + ENTRY_BYTES <= block.n && memcmp(block.p + at, serial, ENTRY_SERIAL) != 0)
                at += ENTRY_BYTES;
        return at + ENTRY_BYTES <= block.n ? at : block.n;
}

/* What the entry was, with an end that no list reaches back to; *ret_n 0: there is none. */
static res block_void(struct store_tx *tx, const struct revoked *revoked, int64_t *ret_block, uint8_t bytes[BLOCK_BYTES], size_t *ret_n)
{
        CLEAN(query_done) struct query q = query_of(store_tx_conn(tx), &sql_crl_shard, BLOCKS);

        query_str(&q, (struct str){revoked->issuer, revoked->issuer_n});
        query_int(&q, revoked->shard);
        for (*ret_n = 0;;) {
                bool row = false;

                TRY(query_step(&q, &row));
                if (!row)
                        return RES_OK;
                const struct bytes entries = query_get_bytes(&q, 1);
                const size_t at = block_find(entries, revoked->entry);

                ENSURE(entries.n <= BLOCK_BYTES, ERR_STORE);
                if (at == entries.n)
                        continue;
                memcpy(bytes, entries.p, entries.n);
                memset(bytes + at + ENTRY_SERIAL + 4, 0, 4);
                *ret_block = query_get_int(&q, 0);
                *ret_n = entries.n;
                return RES_OK;
        }
}

res store_crl_shard_list_anew(struct store_tx *tx, int64_t account_id, int64_t issued_id)
{
        struct revoked revoked;
        uint8_t bytes[BLOCK_BYTES];
        int64_t block = 0;
        size_t n = 0;

        TRY(revoked_read(tx, account_id, issued_id, &revoked));
        TRY(block_void(tx, &revoked, &block, bytes, &n));
        if (n > 0)
                TRY(block_put(tx, (struct str){revoked.issuer, revoked.issuer_n}, revoked.shard, block, bytes_of(bytes, n)));
        return revoked_add(tx, &revoked);
}

/* At most `*left` entries of it, which counts down. */
static res block_walk(struct bytes block, int64_t *left, int64_t ended_before, store_crl_entry_fn *fn, void *arg)
{
        ENSURE(block.n % ENTRY_BYTES == 0, ERR_STORE);
        for (size_t at = 0; at < block.n && *left > 0; at += ENTRY_BYTES, --*left) {
                const uint8_t *p = block.p + at, *after = p + ENTRY_SERIAL;
                const struct store_crl_entry entry = {bytes_of(p, ENTRY_SERIAL), get_uint32(after), after[8]};

                if (get_uint32(after + 4) >= ended_before)
                        TRY(fn(arg, &entry));
        }
        return RES_OK;
}

res store_crl_shard_walk(struct store_conn *c, struct str issuer, int64_t shard, int64_t count, int64_t ended_before,
                         store_crl_entry_fn *fn, void *arg)
{
        CLEAN(query_done) struct query q = query_of(c, &sql_crl_shard, WALK);
        int64_t left = count;
        bool row = false;

        query_str(&q, issuer);
        query_int(&q, shard);
        for (;;) {
                TRY(query_step(&q, &row));
                if (!row || left == 0)
                        return RES_OK;
                TRY(block_walk(query_get_bytes(&q, 0), &left, ended_before, fn, arg));
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
