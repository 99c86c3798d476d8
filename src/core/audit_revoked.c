/*
 * Revocations are written twice in one transaction: into the row, which OCSP reads, and packed, for the lists (store/crl_shard.h).
 * Here both are held against each other.  Rows are read first, so that what is revoked meanwhile can only be an entry
 * too many; the row is asked again about each of those.
 */
#include "base/hex.h"
#include "core/audit_inner.h"
#include "core/core.h"
#include "store/crl_shard.h"

#define SHARDS_ARENA (4 * 1024 * 1024)
#define ROW_ARENA 4096

struct listed {
        struct audit *audit;
        struct store_conn *conn;
        struct audit_set serials;
};

static void listed_done(struct listed *listed)
{
        audit_set_done(&listed->serials);
}

res audit_note_revoked(struct audit *audit, const struct issued_row *row)
{
        bool is_new;

        if (row->revoked_at == 0 || row->serial.n != MSG_SERIAL_SIZE)
                return RES_OK;
        return audit_set_add(&audit->revoked, row->serial.p, &is_new);
}

static void find(struct audit *audit, const char *kind, const uint8_t serial[MSG_SERIAL_SIZE], const char *sentence)
{
        char text[2 * MSG_SERIAL_SIZE + 1];

        hex_lower(bytes_of(serial, MSG_SERIAL_SIZE), text);
        audit_find(audit, kind, text, "%s", sentence);
}

static res ask_row(struct listed *listed, struct bytes serial)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(ROW_ARENA);
        struct issued_status status = {0};
        res got = store_issued_get_status(listed->conn, arena, serial, &status);

        if (!res_is_ok(got) && got.err != ERR_NOT_FOUND)
                return got;
        if (status.revoked_at == 0)
                find(listed->audit, "listed_not_revoked", serial.p, "The revocation list has it, but the database does not say that it is revoked.");
        return RES_OK;
}

static res take_entry(void *arg, const struct store_crl_entry *entry)
{
        struct listed *listed = arg;
        bool is_new;

        TRY(audit_set_add(&listed->serials, entry->serial.p, &is_new));
        return audit_set_has(&listed->audit->revoked, entry->serial.p) ? RES_OK : ask_row(listed, entry->serial);
}

static void tell_unlisted(const struct listed *listed)
{
        const struct audit_serial *serial;

        for (size_t at = 0; (serial = audit_set_next(&listed->audit->revoked, &at));)
                if (!audit_set_has(&listed->serials, serial->v))
                        find(listed->audit, "revoked_not_listed", serial->v,
                             "The database says that it is revoked, but no revocation list will name it.");
}

res audit_take_listed(struct audit *audit)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(SHARDS_ARENA);
        CLEAN(listed_done) struct listed listed = {.audit = audit};
        const struct crl_shard_row *shards = NULL;
        size_t n = 0;

        TRY(store_read(audit->act->core->store, &listed.conn));
        TRY(store_crl_shard_list(listed.conn, arena, &shards, &n));
        for (size_t i = 0; i < n; i++)
                TRY(store_crl_shard_walk(listed.conn, shards[i].issuer, shards[i].shard, /* count= */ INT64_MAX, /* ended_before= */ INT64_MIN,
                                         take_entry, &listed));
        tell_unlisted(&listed);
        return RES_OK;
}
