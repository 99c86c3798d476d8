/*
 * See ocsp.h.  One certificate a request, as every client asks (RFC 5019 §2.1.1); the signer builds and signs the
 * answer.
 */
#include "core/ocsp.h"

#include <stdio.h>

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
static res ocsp_status(struct act *act, const struct ocsp_key *key, struct msg_signer_ocsp *body, int64_t *ret_shard)
{
        struct store_conn *conn = NULL;
        struct issued_status status = {0};
        uint8_t serial[MSG_SERIAL_SIZE] = {0};

        body->status = MSG_OCSP_UNKNOWN;
        if (key->serial.n > MSG_SERIAL_SIZE)
                return RES_OK;
        memcpy(serial + MSG_SERIAL_SIZE - key->serial.n, key->serial.p, key->serial.n);
        TRY(store_read(act->core->store, &conn));
        res found = store_issued_get_status(conn, act->arena, bytes_of(serial, sizeof serial), &status);

        if (found.err == ERR_NOT_FOUND)
                return RES_OK;
        TRY(found);
        ocsp_fill_status(&status, key->issuer, body);
        *ret_shard = status.crl_shard;
        return RES_OK;
}

/* ---- the answer ---------------------------------------------------------------------------------------- */

static void ocsp_fill_meta(struct bytes answer, const struct msg_signer_ocsp *body, struct ocsp_meta *meta)
{
        uint8_t hash[DIGEST_SHA256_SIZE];
        char hex[33];

        digest_sha256(answer, hash);
        hex_lower(bytes_of(hash, 16), hex);
        *meta = (struct ocsp_meta){.this_update = body->this_update, .next_update = body->next_update};
        snprintf(meta->etag, sizeof meta->etag, "\"%s\"", hex);
}

static res ocsp_sign(struct act *act, const struct ocsp_question *question, struct buf *out, struct ocsp_meta *ret_meta)
{
        const struct ocsp_key *key = &question->key;
        const struct bytes nonce = question->nonce;
        const uint64_t generation = act->core->ocsp != NULL ? ocsp_cache_generation(act->core->ocsp) : 0;
        struct msg_signer_ocsp body = {
                .serial_len = (uint32_t)key->serial.n,
                .hash_alg = key->digest == PKI_SHA1 ? 1 : 256,
                .this_update = act->now_sec,
                .next_update = act->now_sec + OCSP_LIFE_SEC,
                .nonce_len = (uint32_t)nonce.n,
        };
        struct msg_signer_ocsp_reply head;
        int64_t shard = 0;
        CLEAN(channel_reply_done) struct channel_reply reply = {0};

        snprintf(body.issuer, sizeof body.issuer, "%s", key->issuer->name);
        memcpy(body.serial + sizeof body.serial - key->serial.n, key->serial.p, key->serial.n);
        TRY(ocsp_status(act, key, &body, &shard));
        const struct channel_request ask = {MSG_SIGNER_OCSP, bytes_of(&body, sizeof body), nonce};

        TRY(channel_ask(act->core->signer, &ask, LIMIT_IPC_SIGN_MS, sizeof head, &reply, NULL));
        memcpy(&head, reply.body.p, sizeof head);
        ENSURE(head.response_len == reply.tail.n, ERR_IPC_FRAME);
        buf_add(out, reply.tail.p, reply.tail.n);
        if (nonce.n > 0 || body.status == MSG_OCSP_UNKNOWN)
                return RES_OK;
        ocsp_fill_meta(reply.tail, &body, ret_meta);
        if (act->core->ocsp != NULL)
                ocsp_cache_put(act->core->ocsp, key, shard, reply.tail, ret_meta, generation);
        return RES_OK;
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

/* When the store or the signer is gone, the last answer is good until it says itself that it is not. */
void ocsp_answer(struct act *act, struct bytes request, struct buf *out, struct ocsp_meta *ret_meta)
{
        struct ocsp_question question;
        const enum pki_ocsp_error refused = ocsp_read(act->core, request, &question);

        *ret_meta = (struct ocsp_meta){0};
        if (refused != 0) {
                pki_ocsp_error(refused, out);
                return;
        }
        if (res_is_ok(ocsp_sign(act, &question, out, ret_meta)))
                return;
        buf_clear(out);
        if (!ocsp_from_cache(act->core, &question, act->now_sec, out, ret_meta))
                pki_ocsp_error(PKI_OCSP_TRY_LATER, out);
}
