/*
 * Making CRLs.  The entries are read from the store in one moment together with the shard's count of revocations and go
 * to the signer, who builds the list from them, signs it, and gives what stands around the entries.  Here the same entries are
 * joined with that, the signature is verified, the frame is stored, and only then the list is served: its megabytes move
 * neither through the socket nor into the database.  A start joins what is stored with the first `listed` entries of the
 * shard's blocks, which change only where a reason is raised: the same bytes again, or, if the signature does not fit, a new list.
 *
 * A list is due when the count has moved on since it was made, or when a day has passed; so nothing has to be remembered about
 * a revocation but the revocation itself, and a crash anywhere only makes the next look do it.
 */
#include "core/crl.h"

#include "base/log.h"
#include "core/core.h"
#include "core/crl_cache.h"
#include "core/issuers.h"
#include "ipc/channel.h"
#include "pki/cert.h"
#include "store/crl_shard.h"

#define CRL_LOOK_SEC 60                     /* how often the job looks by itself; a revocation wakes it */
#define CRL_RETRY_SEC 5
#define CRL_BYTES (64 * 1024 * 1024)
#define CRL_ARENA 65536
#define CRL_FRAME_ENTRIES 5000              /* × 24 bytes: nearly a frame */
#define CRL_ENTRIES_BYTES (LIMIT_CRL_SHARD * sizeof(struct msg_crl_entry))

/* ---- the entries --------------------------------------------------------------------------------------- */

struct list {
        struct pki_crl *crl;
        struct buf *entries; /* for the signer, who has signed already where this is NULL */
};

static res crl_take_entry(void *arg, const struct store_crl_entry *entry)
{
        const struct list *list = arg;
        struct msg_crl_entry out = {.revoked_at = (uint32_t)entry->revoked_at, .reason = (uint32_t)entry->reason};

        ENSURE(entry->serial.n == MSG_SERIAL_SIZE, ERR_STORE);
        TRY(pki_crl_add(list->crl, entry->serial, entry->revoked_at, out.reason));
        if (list->entries == NULL)
                return RES_OK;
        memcpy(out.serial, entry->serial.p, MSG_SERIAL_SIZE);
        buf_add(list->entries, &out, sizeof out);
        return buf_check(list->entries);
}

/* What a list of this row says, whenever it is asked for. */
static res crl_walk(struct store_conn *conn, const struct crl_row *row, struct list *list)
{
        return store_crl_shard_walk(conn, row->issuer, row->shard, row->listed, row->this_update - CRL_LIFE_SEC, crl_take_entry, list);
}

/* Once, instead of growing towards it. */
static res crl_make_room(const struct list *list, int64_t count)
{
        const size_t n = count < 0 ? 0 : count > LIMIT_CRL_SHARD ? LIMIT_CRL_SHARD : (size_t)count; /* one that was raised is counted twice */

        TRY(pki_crl_expect(list->crl, n));
        return list->entries ? buf_make_room(list->entries, n * sizeof(struct msg_crl_entry)) : RES_OK;
}

/* The count and the entries of one moment: a revocation after it is seen as one that is not listed. */
static res crl_read_entries(struct act *act, struct crl_row *row, struct list *list)
{
        struct store_conn *conn = NULL;
        struct crl_shard_row shard;

        TRY(store_read(act->core->store, &conn));
        TRY(store_snapshot_begin(conn));
        res r = store_crl_shard_get(conn, act->arena, row->issuer, row->shard, &shard);

        if (res_is_ok(r)) {
                row->listed = shard.revoked_count;
                r = crl_make_room(list, shard.revoked_count);
        }
        if (res_is_ok(r))
                r = crl_walk(conn, row, list);
        store_snapshot_end(conn);
        return r;
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

/* What comes back lies in *reply. */
static res crl_take_frame(struct act *act, struct crl_row *row, struct channel_reply *reply)
{
        struct msg_signer_crl_end_reply head;
        const uint8_t *at;

        TRY(signer_ask(act, MSG_SIGNER_CRL_END, (struct bytes){0}, (struct bytes){0}, sizeof head, reply));
        memcpy(&head, reply->body.p, sizeof head);
        ENSURE((uint64_t)head.fields_len + head.extensions_len + head.signature_len == reply->tail.n, ERR_IPC_FRAME);
        at = reply->tail.p;
        row->fields = bytes_of(at, head.fields_len);
        row->extensions = bytes_of(at + head.fields_len, head.extensions_len);
        row->signature = bytes_of(at + head.fields_len + head.extensions_len, head.signature_len);
        return RES_OK;
}

static res crl_have_signed(struct act *act, struct crl_row *row, struct bytes entries, struct channel_reply *reply)
{
        TRY(crl_send_begin(act, row, entries.n / sizeof(struct msg_crl_entry)));
        TRY(crl_send_entries(act, entries));
        return crl_take_frame(act, row, reply);
}

/* ERR_SIGNATURE: the frame is not of these entries. */
static res crl_join(struct act *act, const struct crl_row *row, struct pki_crl *crl, struct bytes *ret_der)
{
        const struct issuer *issuer = issuers_find(act->core->issuers, row->issuer);
        const struct pki_crl_frame frame = {row->fields, row->extensions, row->signature};
        struct pki_cert cert;
        struct pki_kit *kit = NULL;
        struct bytes tbs;

        ENSURE(issuer != NULL, ERR_NOT_FOUND);
        TRY(pki_cert_parse(issuer->der, &cert));
        TRY(pki_kit_of_thread(&kit));
        const struct pki_alg alg = pki_alg_of(cert.spki.key_type);

        TRY(pki_crl_join(crl, alg, &frame, &tbs, ret_der));
        return pki_spki_verify(kit, &cert.spki, alg, tbs, row->signature);
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
        CLEAN(channel_reply_done) struct channel_reply reply = {0};
        CLEAN(pki_crl_free_ptr) struct pki_crl *crl = NULL;
        struct bytes der;
        struct crl_row row = {
                .issuer = shard->issuer, .shard = shard->shard, .crl_number = crl_next_number(shard, act->now_sec),
                .this_update = act->now_sec, .next_update = act->now_sec + CRL_LIFE_SEC,
        };

        TRY(pki_crl_new(CRL_BYTES, &crl));
        buf_clear(entries);
        TRY(crl_read_entries(act, &row, &(struct list){crl, entries}));
        TRY(crl_have_signed(act, &row, buf_bytes(entries), &reply));
        TRY(crl_join(act, &row, crl, &der));
        TRY(store_run(act->core->store, crl_store_tx, &row));
        return crl_cache_take(cache, &row, crl, der);
}

res crl_serve_stored(struct act *act, struct crl_cache *cache, const struct crl_shard_row *shard)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(CRL_ARENA);
        CLEAN(pki_crl_free_ptr) struct pki_crl *crl = NULL;
        struct store_conn *conn = NULL;
        struct crl_row row = {0};
        struct list list;
        struct bytes der;

        TRY(store_read(act->core->store, &conn));
        TRY(store_crl_get(conn, arena, shard->issuer, shard->shard, &row));
        TRY(pki_crl_new(CRL_BYTES, &crl));
        list = (struct list){crl, /* entries= */ NULL};
        TRY(crl_make_room(&list, row.listed));
        TRY(crl_walk(conn, &row, &list));
        TRY(crl_join(act, &row, crl, &der));
        return crl_cache_take(cache, &row, crl, der);
}

/* When its next list is to be made: now, after the gap, or tomorrow. */
static int64_t crl_due_at(const struct crl_shard_row *shard, int64_t now_sec)
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

/* Entries or signature are not what they were: another version of this program wrote it, or a hand was at the database. */
static res crl_serve_or_make(struct act *act, struct crl_cache *cache, const struct crl_shard_row *shard, struct buf *entries)
{
        const res served = shard->crl_number == 0 ? FAIL(ERR_SIGNATURE) : crl_serve_stored(act, cache, shard);

        if (served.err != ERR_SIGNATURE && served.err != ERR_FORMAT)
                return served;
        if (shard->crl_number != 0)
                log_line(LOG_WARNING, "crl_anew", "issuer=%s shard=%lld err=%s", log_quote(shard->issuer), (long long)shard->shard,
                         err_name(served.err));
        return crl_make(act, cache, shard, entries);
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
                TRY(crl_serve_or_make(act, cache, &shards[i], &entries));
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
