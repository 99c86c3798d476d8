/*
 * Making CRLs.  The signer builds and signs; here the entries are read from the store and sent in frames, the list comes
 * back in parts, is stored, and only then served.  A list whose number does not rise is never served.
 */
#include "core/crl.h"

#include "base/log.h"
#include "core/core.h"
#include "core/crl_cache.h"
#include "core/issuers.h"
#include "ipc/channel.h"
#include "store/crl_shard.h"

#define CRL_LOOK_SEC 60                     /* how often the job looks whether a list is due */
#define CRL_BYTES (64 * 1024 * 1024)
#define CRL_FRAME_ENTRIES 2048              /* 2,048 × 32 bytes = half a frame */

struct crl_making {
        struct act *act;
        struct msg_crl_entry frame[CRL_FRAME_ENTRIES];
        uint32_t in_frame, total;
        bool counting;        /* first walk: only count */
};

static res signer_ask(struct act *act, enum msg_type type, struct bytes body, struct bytes tail, size_t body_size,
                      struct channel_reply *ret_reply)
{
        const struct channel_request request = {type, body, tail};

        return channel_ask(act->core->signer, &request, LIMIT_IPC_SIGN_MS, body_size, ret_reply, NULL);
}

static res crl_flush(struct crl_making *making)
{
        const struct msg_signer_crl_add body = {.entry_count = making->in_frame};
        CLEAN(channel_reply_done) struct channel_reply reply = {0};

        if (making->in_frame == 0)
                return RES_OK;
        TRY(signer_ask(making->act, MSG_SIGNER_CRL_ADD, bytes_of(&body, sizeof body),
                       bytes_of(making->frame, making->in_frame * sizeof *making->frame), 0, &reply));
        making->in_frame = 0;
        return RES_OK;
}

static res crl_take_entry(void *arg, const struct store_crl_entry *entry)
{
        struct crl_making *making = arg;

        making->total++;
        if (making->counting)
                return RES_OK;
        struct msg_crl_entry *out = &making->frame[making->in_frame++];

        ENSURE(entry->serial.n == MSG_SERIAL_SIZE, ERR_STORE);
        memcpy(out->serial, entry->serial.p, MSG_SERIAL_SIZE);
        out->revoked_at = entry->revoked_at;
        out->reason = (uint32_t)entry->reason;
        return making->in_frame == CRL_FRAME_ENTRIES ? crl_flush(making) : RES_OK;
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

/* Two walks over one snapshot of the reader would be ideal; a revocation between them only makes the counts differ, and
 * then the signer refuses and the next look makes it. */
static res crl_build(struct act *act, const struct crl_row *row, struct buf *ret_der)
{
        struct crl_making *making = arena_new_of(act->arena, struct crl_making);
        CLEAN(channel_reply_done) struct channel_reply begun = {0};
        struct store_conn *conn = NULL;
        struct msg_signer_crl_begin begin = {
                .shard = (uint32_t)row->shard, .number = (uint64_t)row->crl_number, .this_update = row->this_update, .next_update = row->next_update,
        };

        making->act = act;
        making->counting = true;
        TRY(store_read(act->core->store, &conn));
        TRY(store_crl_shard_walk(conn, row->issuer, row->shard, row->this_update - CRL_LIFE_SEC, crl_take_entry, making));
        begin.entry_count = making->total;
        ENSURE(row->issuer.n < sizeof begin.issuer, ERR_TOO_LARGE);
        memcpy(begin.issuer, row->issuer.p, row->issuer.n);
        TRY(signer_ask(act, MSG_SIGNER_CRL_BEGIN, bytes_of(&begin, sizeof begin), (struct bytes){0}, 0, &begun));
        making->counting = false;
        TRY(store_crl_shard_walk(conn, row->issuer, row->shard, row->this_update - CRL_LIFE_SEC, crl_take_entry, making));
        TRY(crl_flush(making));
        return crl_collect(act, ret_der);
}

static res crl_store_tx(struct store_tx *tx, void *arg)
{
        return store_crl_put(tx, arg);
}

static res crl_make(struct act *act, struct crl_cache *cache, struct str issuer, int64_t shard, int64_t last_number)
{
        CLEAN(buf_done) struct buf der = {0};
        struct crl_row row = {
                .issuer = issuer, .shard = shard, .crl_number = last_number + 1, .this_update = act->now_sec,
                .next_update = act->now_sec + CRL_LIFE_SEC,
        };

        buf_init(&der, CRL_BYTES);
        TRY(crl_build(act, &row, &der));
        row.body = buf_bytes(&der);
        TRY(store_run(act->core->store, crl_store_tx, &row));
        return crl_cache_put(cache, &row);
}

/* Serve what the store has; make it when there is none or a day has passed. */
static res crl_refresh(struct act *act, struct crl_cache *cache, const struct crl_shard_row *shard, bool at_start)
{
        struct store_conn *conn = NULL;
        struct crl_row row = {0};

        TRY(store_read(act->core->store, &conn));
        res found = store_crl_get(conn, act->arena, shard->issuer, shard->shard, &row);

        if (found.err == ERR_NOT_FOUND)
                return crl_make(act, cache, shard->issuer, shard->shard, 0);
        TRY(found);
        if (act->now_sec - row.this_update >= CRL_RENEW_SEC)
                return crl_make(act, cache, shard->issuer, shard->shard, row.crl_number);
        return at_start ? crl_cache_put(cache, &row) : RES_OK;
}

static res crl_refresh_all(struct act *act, struct crl_cache *cache, bool at_start)
{
        struct store_conn *conn = NULL;
        const struct crl_shard_row *shards = NULL;
        size_t n = 0;

        TRY(store_read(act->core->store, &conn));
        TRY(store_crl_shard_list(conn, act->arena, &shards, &n));
        for (size_t i = 0; i < n; i++)
                TRY(crl_refresh(act, cache, &shards[i], at_start));
        return RES_OK;
}

static res crl_ensure_tx(struct store_tx *tx, void *arg)
{
        const struct issuers *issuers = arg;

        for (size_t i = 0; i < issuers_count(issuers); i++)
                TRY(store_crl_shard_ensure(tx, str_of(issuers_at(issuers, i)->name)));
        return RES_OK;
}

res crl_begin(struct act *act, struct crl_cache *cache)
{
        TRY(store_run(act->core->store, crl_ensure_tx, act->core->issuers));
        return crl_refresh_all(act, cache, true);
}

void crl_job(struct act *act, const struct job_row *job, void *context)
{
        res r = crl_refresh_all(act, context, false);

        if (!res_is_ok(r))
                log_line(LOG_ERROR, "crl", "err=%s", err_name(r.err));
        job_postpone(act, job, act->now_sec + CRL_LOOK_SEC);
}
