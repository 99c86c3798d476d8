/*
 * See ocsp.h.  One certificate a request, as every client asks (RFC 5019 §2.1.1); the signer builds and signs the
 * answer.  Questions are answered by the dozen, because waking another program and a look at the store cost as much as a
 * signature: all are looked up in one moment of the store, then all are asked of the signer at once.
 */
#include "core/ocsp.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/hex.h"
#include "core/core.h"
#include "core/issuers.h"
#include "ipc/channel.h"
#include "pki/ocsp.h"
#include "store/issued.h"

#define OCSP_SERIAL_MAX 20 /* RFC 5280 §4.1.2.2 */

static bool id_names(const struct pki_ocsp_id *id, const struct issuer *issuer)
{
        size_t n = id->digest == PKI_SHA1 ? 20 : 32;
        const uint8_t *name = id->digest == PKI_SHA1 ? issuer->name_sha1 : issuer->name_sha256;
        const uint8_t *key = id->digest == PKI_SHA1 ? issuer->key_sha1 : issuer->key_sha256;

        return id->name_hash.n == n && id->key_hash.n == n && memcmp(id->name_hash.p, name, n) == 0 && memcmp(id->key_hash.p, key, n) == 0;
}

static const struct issuer *ocsp_issuer(const struct core *core, const struct pki_ocsp_id *id)
{
        if (id->digest != PKI_SHA1 && id->digest != PKI_SHA256)
                return NULL;
        for (size_t i = 0; i < issuers_count(core->issuers); i++)
                if (id_names(id, issuers_at(core->issuers, i)))
                        return issuers_at(core->issuers, i);
        return NULL;
}

/* ---- the question -------------------------------------------------------------------------------------- */

struct ocsp_question {
        struct bytes nonce;
        struct ocsp_key key;
};

/* Not our CA's, several at once, or none at all: 0, or the refusal. */
static enum pki_ocsp_error ocsp_read(const struct core *core, struct bytes request, struct ocsp_question *question)
{
        struct pki_ocsp_request parsed = {0};
        const struct pki_ocsp_id *id = &parsed.ids[0];

        if (!res_is_ok(pki_ocsp_parse(request, &parsed)) || parsed.id_count == 0)
                return PKI_OCSP_MALFORMED;
        const struct issuer *issuer = parsed.id_count == 1 ? ocsp_issuer(core, id) : NULL;

        if (issuer == NULL)
                return PKI_OCSP_UNAUTHORIZED;
        if (id->serial.n == 0 || id->serial.n > OCSP_SERIAL_MAX)
                return PKI_OCSP_MALFORMED;
        *question = (struct ocsp_question){parsed.nonce, {issuer, id->digest, id->serial}};
        return 0;
}

/* ---- what the store knows ------------------------------------------------------------------------------ */

static void ocsp_fill_status(const struct issued_status *status, const struct issuer *issuer, struct msg_signer_ocsp *body)
{
        bool is_ours = str_equals(status->issuer, issuer->name);

        body->status = MSG_OCSP_UNKNOWN;
        if (is_ours && status->revoked_at > 0) {
                body->status = MSG_OCSP_REVOKED;
                body->revoked_at = status->revoked_at;
                body->reason = (uint32_t)status->revoke_reason;
        } else if (is_ours && str_equals(status->state, "issued")) {
                body->status = MSG_OCSP_GOOD;
        }
}

/* The serial as the store has it: 16 octets. */
static res ocsp_status(struct store_conn *conn, struct arena *arena, const struct ocsp_key *key, struct msg_signer_ocsp *body,
                       int64_t *ret_shard)
{
        struct issued_status status = {0};
        uint8_t serial[MSG_SERIAL_SIZE] = {0};

        body->status = MSG_OCSP_UNKNOWN;
        if (key->serial.n > MSG_SERIAL_SIZE)
                return RES_OK;
        memcpy(serial + MSG_SERIAL_SIZE - key->serial.n, key->serial.p, key->serial.n);
        res found = store_issued_get_status(conn, arena, bytes_of(serial, sizeof serial), &status);

        if (found.err == ERR_NOT_FOUND)
                return RES_OK;
        TRY(found);
        ocsp_fill_status(&status, key->issuer, body);
        *ret_shard = status.crl_shard;
        return RES_OK;
}

/* ---- the answer ---------------------------------------------------------------------------------------- */

/* Short, because a revocation is to be seen within five seconds, two of which the watch may take. */
#define OCSP_AGE "max-age=3, public, no-transform, must-revalidate"

static void ocsp_fill_meta(struct bytes answer, const struct msg_signer_ocsp *body, struct ocsp_meta *meta)
{
        uint8_t hash[DIGEST_SHA256_SIZE];
        char hex[33], made[CLOCK_HTTP_SIZE], ends[CLOCK_HTTP_SIZE];

        digest_sha256(answer, hash);
        hex_lower(bytes_of(hash, 16), hex);
        *meta = (struct ocsp_meta){.this_update = body->this_update, .next_update = body->next_update};
        snprintf(meta->etag, sizeof meta->etag, "\"%s\"", hex);
        clock_http_text(body->this_update, made);
        clock_http_text(body->next_update, ends);
        snprintf(meta->fields, sizeof meta->fields,
                 "Content-Type: application/ocsp-response\r\nETag: %s\r\nLast-Modified: %s\r\nExpires: %s\r\nCache-Control: " OCSP_AGE "\r\n",
                 meta->etag, made, ends);
}

/* A batch on its way: asks[i], its question, what the store and the signer said. */
struct ocsp_batch {
        struct act *act;
        struct ocsp_ask *const *asks;
        size_t n;
        uint64_t generation; /* of the cache, before the store was read */
        struct ocsp_item {
                struct ocsp_question question;
                struct msg_signer_ocsp body;
                int64_t shard;
                bool is_answered, is_known; /* known: the signer is to be asked */
        } items[LIMIT_ISSUE_BATCH];
};

static void ocsp_read_one(struct ocsp_batch *batch, size_t i)
{
        struct ocsp_item *item = &batch->items[i];
        struct ocsp_ask *ask = batch->asks[i];
        const enum pki_ocsp_error refused = ocsp_read(batch->act->core, ask->request, &item->question);

        ask->meta = (struct ocsp_meta){0};
        item->is_answered = refused != 0;
        if (refused != 0)
                pki_ocsp_error(refused, ask->out);
}

static void ocsp_fill_body(const struct ocsp_question *question, int64_t now_sec, struct msg_signer_ocsp *body)
{
        const struct bytes serial = question->key.serial;

        *body = (struct msg_signer_ocsp){
                .serial_len = (uint32_t)serial.n,
                .hash_alg = question->key.digest == PKI_SHA1 ? 1 : 256,
                .this_update = now_sec,
                .next_update = now_sec + OCSP_LIFE_SEC,
                .nonce_len = (uint32_t)question->nonce.n,
        };
        snprintf(body->issuer, sizeof body->issuer, "%s", question->key.issuer->name);
        memcpy(body->serial + sizeof body->serial - serial.n, serial.p, serial.n);
}

static res ocsp_look_up(struct ocsp_batch *batch)
{
        struct act *act = batch->act;
        struct store_conn *conn = NULL;

        batch->generation = act->core->ocsp != NULL ? ocsp_cache_generation(act->core->ocsp) : 0;
        TRY(store_read(act->core->store, &conn));
        TRY(store_snapshot_begin(conn));
        for (size_t i = 0; i < batch->n; i++) {
                struct ocsp_item *item = &batch->items[i];

                if (item->is_answered)
                        continue;
                ocsp_fill_body(&item->question, act->now_sec, &item->body);
                item->is_known = res_is_ok(ocsp_status(conn, act->arena, &item->question.key, &item->body, &item->shard));
        }
        store_snapshot_end(conn);
        return RES_OK;
}

static res ocsp_take(struct ocsp_batch *batch, size_t i, const struct channel_reply *reply)
{
        const struct ocsp_item *item = &batch->items[i];
        struct ocsp_ask *ask = batch->asks[i];
        struct ocsp_cache *cache = batch->act->core->ocsp;
        struct msg_signer_ocsp_reply head;

        ENSURE(reply->err == ERR_NONE, reply->err);
        ENSURE(reply->body.n == sizeof head, ERR_IPC_FRAME);
        memcpy(&head, reply->body.p, sizeof head);
        ENSURE(head.response_len == reply->tail.n, ERR_IPC_FRAME);
        buf_add(ask->out, reply->tail.p, reply->tail.n);
        if (item->question.nonce.n > 0 || item->body.status == MSG_OCSP_UNKNOWN)
                return RES_OK;
        ocsp_fill_meta(reply->tail, &item->body, &ask->meta);
        if (cache != NULL)
                ocsp_cache_put(cache, &item->question.key, item->shard, reply->tail, &ask->meta, batch->generation);
        return RES_OK;
}

/* What comes back unsigned stays unanswered. */
static void ocsp_have_signed(struct ocsp_batch *batch, int timeout_ms)
{
        struct channel_request requests[LIMIT_ISSUE_BATCH];
        struct channel_reply replies[LIMIT_ISSUE_BATCH];
        res results[LIMIT_ISSUE_BATCH];
        size_t of[LIMIT_ISSUE_BATCH], n = 0;

        for (size_t i = 0; i < batch->n; i++) {
                const struct ocsp_item *item = &batch->items[i];

                if (!item->is_known)
                        continue;
                of[n] = i;
                requests[n++] = (struct channel_request){MSG_SIGNER_OCSP, bytes_of(&item->body, sizeof item->body), item->question.nonce};
        }
        if (n == 0)
                return;
        channel_call_batch(batch->act->core->signer, requests, n, timeout_ms, replies, results);
        for (size_t k = 0; k < n; k++) {
                if (res_is_ok(results[k]))
                        batch->items[of[k]].is_answered = res_is_ok(ocsp_take(batch, of[k], &replies[k]));
                channel_reply_done(&replies[k]);
        }
}

/* One that is good for longer than that. */
static bool ocsp_from_cache(const struct core *core, const struct ocsp_question *question, int64_t good_until_sec,
                            struct buf *out, struct ocsp_meta *ret_meta)
{
        return core->ocsp != NULL && ocsp_cache_get(core->ocsp, &question->key, good_until_sec, out, ret_meta);
}

bool ocsp_answer_direct(const struct core *core, struct bytes request, int64_t now_sec, struct buf *out, struct ocsp_meta *ret_meta)
{
        struct ocsp_question question;
        const enum pki_ocsp_error refused = ocsp_read(core, request, &question);

        *ret_meta = (struct ocsp_meta){0};
        if (refused != 0) {
                pki_ocsp_error(refused, out);
                return true;
        }
        return question.nonce.n == 0 && ocsp_from_cache(core, &question, now_sec + OCSP_LIFE_SEC - OCSP_FRESH_SEC, out, ret_meta);
}

void ocsp_answer_late(const struct core *core, struct ocsp_ask *ask, int64_t now_sec)
{
        struct ocsp_question question;
        const enum pki_ocsp_error refused = ocsp_read(core, ask->request, &question);

        buf_clear(ask->out);
        ask->meta = (struct ocsp_meta){0};
        if (refused != 0)
                pki_ocsp_error(refused, ask->out);
        else if (!ocsp_from_cache(core, &question, now_sec, ask->out, &ask->meta))
                pki_ocsp_error(PKI_OCSP_TRY_LATER, ask->out);
}

/* When the store or the signer is gone, the last answer is good until it says itself that it is not. */
void ocsp_answer_many(struct act *act, struct ocsp_ask *const *asks, size_t n, int timeout_ms)
{
        struct ocsp_batch batch = {.act = act, .asks = asks, .n = n};

        for (size_t i = 0; i < n; i++)
                ocsp_read_one(&batch, i);
        if (res_is_ok(ocsp_look_up(&batch)))
                ocsp_have_signed(&batch, timeout_ms);
        for (size_t i = 0; i < n; i++) {
                if (!batch.items[i].is_answered)
                        ocsp_answer_late(act->core, asks[i], act->now_sec);
                asks[i]->done(asks[i]);
        }
}
