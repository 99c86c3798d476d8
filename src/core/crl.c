/*
 * Making CRLs.  The signer builds and signs; here the entries are read from the store in one moment together with the
 * shard's count of revocations, sent in frames, the list comes back in parts, is stored, and only then served.  A list
 * is due when the count has moved on since it was made, or when a day has passed; so nothing has to be remembered about
 * a revocation but the revocation itself, and a crash anywhere only makes the next look do it.
 */
#include "core/crl.h"

#include "base/log.h"
#include "core/core.h"
#include "core/crl_cache.h"
#include "core/issuers.h"
#include "ipc/channel.h"
#include "store/crl_shard.h"

#define CRL_LOOK_SEC 60                     /* how often the job looks by itself; a revocation wakes it */
#define CRL_RETRY_SEC 5
#define CRL_BYTES (64 * 1024 * 1024)
#define CRL_FRAME_ENTRIES 2048              /* 2,048 × 32 bytes = half a frame */
#define CRL_ENTRY_BYTES 51                  /* DER of one with a reason, and with the time of a year before 2050 */
#define CRL_FRAME_BYTES 8192                /* what is around them */
#define CRL_ENTRIES_BYTES (LIMIT_CRL_SHARD * sizeof(struct msg_crl_entry))

/* ---- the entries --------------------------------------------------------------------------------------- */

static res crl_take_entry(void *arg, const struct store_crl_entry *entry)
{
        struct buf *entries = arg;
        struct msg_crl_entry out = {.revoked_at = entry->revoked_at, .reason = (uint32_t)entry->reason};

        ENSURE(entry->serial.n == MSG_SERIAL_SIZE, ERR_STORE);
        memcpy(out.serial, entry->serial.p, MSG_SERIAL_SIZE);
        buf_add(entries, &out, sizeof out);
        return buf_check(entries);
}

/* The count and the entries of one moment: a revocation after it is seen as one that is not listed. */
static res crl_read_entries(struct act *act, struct crl_row *row, struct buf *entries)
{
        struct store_conn *conn = NULL;
        struct crl_shard_row shard;

        TRY(store_read(act->core->store, &conn));
        TRY(store_snapshot_begin(conn));
        res r = store_crl_shard_get(conn, act->arena, row->issuer, row->shard, &shard);

        if (res_is_ok(r)) /* once, instead of growing towards it */
                r = buf_make_room(entries, (size_t)shard.revoked_count * sizeof(struct msg_crl_entry));
        if (res_is_ok(r))
                r = store_crl_shard_walk(conn, row->issuer, row->shard, row->this_update - CRL_LIFE_SEC, crl_take_entry, entries);
        store_snapshot_end(conn);
        TRY(r);
        row->listed = shard.revoked_count;
        return RES_OK;
}

/* ---- the signer ---------------------------------------------------------------------------------------- */

static res signer_ask(struct act *act, enum msg_type type, struct bytes body, struct bytes tail, size_t body_size,
                      struct channel_reply *ret_reply)
{
        const struct channel_request request = {type, body, tail};

        return channel_ask(act->core->signer, &request, LIMIT_IPC_SIGN_MS, body_size, ret_reply, NULL);
}

static res crl_send_begin(struct act *act, const struct crl_row *row, size_t count)
{
        CLEAN(channel_reply_done) struct channel_reply begun = {0};
        struct msg_signer_crl_begin begin = {
                .shard = (uint32_t)row->shard, .number = (uint64_t)row->crl_number, .this_update = row->this_update,
                .next_update = row->next_update, .entry_count = (uint32_t)count,
        };

        ENSURE(row->issuer.n < sizeof begin.issuer, ERR_TOO_LARGE);
        memcpy(begin.issuer, row->issuer.p, row->issuer.n);
        return signer_ask(act, MSG_SIGNER_CRL_BEGIN, bytes_of(&begin, sizeof begin), (struct bytes){0}, 0, &begun);
}

static res crl_send_entries(struct act *act, struct bytes entries)
{
        while (entries.n > 0) {
                const size_t most = CRL_FRAME_ENTRIES * sizeof(struct msg_crl_entry), n = entries.n < most ? entries.n : most;
                const struct msg_signer_crl_add body = {.entry_count = (uint32_t)(n / sizeof(struct msg_crl_entry))};
                CLEAN(channel_reply_done) struct channel_reply reply = {0};

                TRY(signer_ask(act, MSG_SIGNER_CRL_ADD, bytes_of(&body, sizeof body), bytes_of(entries.p, n), 0, &reply));
                entries = bytes_of(entries.p + n, entries.n - n);
        }
        return RES_OK;
}

static res crl_collect(struct act *act, struct buf *ret_der)
{
        for (;;) {
                struct msg_signer_crl_end_reply head;
                CLEAN(channel_reply_done) struct channel_reply reply = {0};

                TRY(signer_ask(act, MSG_SIGNER_CRL_END, (struct bytes){0}, (struct bytes){0}, sizeof head, &reply));
                memcpy(&head, reply.body.p, sizeof head);
                ENSURE(head.crl_len == reply.tail.n, ERR_IPC_FRAME);
                buf_add(ret_der, reply.tail.p, reply.tail.n);
                TRY(buf_check(ret_der));
                if (!head.more)
                        return RES_OK;
        }
}

static res crl_build(struct act *act, struct crl_row *row, struct buf *entries, struct buf *ret_der)
{
        buf_clear(entries);
        TRY(crl_read_entries(act, row, entries));
        const size_t count = entries->n / sizeof(struct msg_crl_entry);

        TRY(buf_make_room(ret_der, count * CRL_ENTRY_BYTES + CRL_FRAME_BYTES));
        TRY(crl_send_begin(act, row, count));
        TRY(crl_send_entries(act, buf_bytes(entries)));
        return crl_collect(act, ret_der);
}

/* ---- one list ------------------------------------------------------------------------------------------ */

static res crl_store_tx(struct store_tx *tx, void *arg)
{
        return store_crl_put(tx, arg);
}

/* Above the last, and above what a database restored from last week has forgotten (RFC 5280 §5.2.3). */
static int64_t crl_next_number(const struct crl_shard_row *shard, int64_t now_sec)
{
        return shard->crl_number >= now_sec ? shard->crl_number + 1 : now_sec;
}

/* `entries` is room that one list after the other uses: the kernel clears fresh memory page by page. */
static res crl_make(struct act *act, struct crl_cache *cache, const struct crl_shard_row *shard, struct buf *entries)
{
        CLEAN(buf_done) struct buf der = {0};
        struct crl_row row = {
                .issuer = shard->issuer, .shard = shard->shard, .crl_number = crl_next_number(shard, act->now_sec),
                .this_update = act->now_sec, .next_update = act->now_sec + CRL_LIFE_SEC,
        };

        buf_init(&der, CRL_BYTES);
        TRY(crl_build(act, &row, entries, &der));
        row.body = buf_bytes(&der);
        TRY(store_run(act->core->store, crl_store_tx, &row));
        return crl_cache_take(cache, &row, &der);
}

res crl_serve_stored(struct act *act, struct crl_cache *cache, const struct crl_shard_row *shard)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(CRL_BYTES);
        CLEAN(buf_done) struct buf der = {0};
        struct store_conn *conn = NULL;
        struct crl_row row = {0};

        TRY(store_read(act->core->store, &conn));
        TRY(store_crl_get(conn, arena, shard->issuer, shard->shard, &row));
        buf_init(&der, CRL_BYTES);
        buf_add(&der, row.body.p, row.body.n);
        TRY(buf_check(&der));
        return crl_cache_take(cache, &row, &der);
}

int64_t crl_due_at(const struct crl_shard_row *shard, int64_t now_sec)
{
        if (shard->crl_number == 0 || shard->this_update > now_sec) /* none yet, or the clock was wrong */
                return now_sec;
        return shard->this_update + (shard->listed != shard->revoked_count ? CRL_GAP_SEC : CRL_RENEW_SEC);
}

/* ---- all of them --------------------------------------------------------------------------------------- */

static res crl_list_shards(struct act *act, const struct crl_shard_row **ret_shards, size_t *ret_n)
{
        struct store_conn *conn = NULL;

        TRY(store_read(act->core->store, &conn));
        return store_crl_shard_list(conn, act->arena, ret_shards, ret_n);
}

static res crl_ensure_tx(struct store_tx *tx, void *arg)
{
        const struct issuers *issuers = arg;

        for (size_t i = 0; i < issuers_count(issuers); i++)
                TRY(store_crl_shard_ensure(tx, str_of(issuers_at(issuers, i)->name)));
        return RES_OK;
}

/* Also one that is due is served as it is first: the job makes the newer one, and nobody waits for it. */
res crl_begin(struct act *act, struct crl_cache *cache)
{
        CLEAN(buf_done) struct buf entries = {0};
        const struct crl_shard_row *shards = NULL;
        size_t n = 0;

        buf_init(&entries, CRL_ENTRIES_BYTES);
        TRY(store_run(act->core->store, crl_ensure_tx, act->core->issuers));
        TRY(crl_list_shards(act, &shards, &n));
        for (size_t i = 0; i < n; i++)
                TRY(shards[i].crl_number == 0 ? crl_make(act, cache, &shards[i], &entries) : crl_serve_stored(act, cache, &shards[i]));
        return RES_OK;
}

/* One that fails does not keep the others from being made.  When the job is to look again. */
static int64_t crl_make_due(struct act *act, struct crl_cache *cache, const struct crl_shard_row *shards, size_t n)
{
        CLEAN(buf_done) struct buf entries = {0};
        int64_t next = act->now_sec + CRL_LOOK_SEC;

        buf_init(&entries, CRL_ENTRIES_BYTES);
        for (size_t i = 0; i < n; i++) {
                int64_t due_at = crl_due_at(&shards[i], act->now_sec);
                res made = due_at <= act->now_sec ? crl_make(act, cache, &shards[i], &entries) : RES_OK;

                if (!res_is_ok(made)) {
                        log_line(LOG_ERROR, "crl", "issuer=%s shard=%lld err=%s", log_quote(shards[i].issuer), (long long)shards[i].shard,
                                 err_name(made.err));
                        due_at = act->now_sec + CRL_RETRY_SEC;
                }
                if (due_at > act->now_sec && due_at < next)
                        next = due_at;
        }
        return next;
}

void crl_job(struct act *act, const struct job_row *job, void *context)
{
        const struct crl_shard_row *shards = NULL;
        size_t n = 0;
        int64_t next = act->now_sec + CRL_RETRY_SEC;
        res r = crl_list_shards(act, &shards, &n);

        if (res_is_ok(r))
                next = crl_make_due(act, context, shards, n);
        else
                log_line(LOG_ERROR, "crl", "err=%s", err_name(r.err));
        job_postpone(act, job, next);
}
