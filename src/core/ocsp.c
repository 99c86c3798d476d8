/* See ocsp.h.  One certificate a request, as every client asks (RFC 5019 §2.1.1); the signer builds and signs the answer. */
#include "core/ocsp.h"

#include <stdio.h>

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
static res ocsp_status(struct act *act, const struct pki_ocsp_id *id, const struct issuer *issuer, struct msg_signer_ocsp *body)
{
        struct store_conn *conn = NULL;
        struct issued_status status = {0};
        uint8_t serial[MSG_SERIAL_SIZE] = {0};

        body->status = MSG_OCSP_UNKNOWN;
        if (id->serial.n > MSG_SERIAL_SIZE || id->serial.n == 0)
                return RES_OK;
        memcpy(serial + MSG_SERIAL_SIZE - id->serial.n, id->serial.p, id->serial.n);
        TRY(store_read(act->core->store, &conn));
        res found = store_issued_get_status(conn, act->arena, bytes_of(serial, sizeof serial), &status);

        if (found.err == ERR_NOT_FOUND)
                return RES_OK;
        TRY(found);
        ocsp_fill_status(&status, issuer, body);
        return RES_OK;
}

static res ocsp_sign(struct act *act, const struct pki_ocsp_request *request, const struct issuer *issuer, struct buf *out,
                     int64_t *ret_next_update)
{
        const struct pki_ocsp_id *id = &request->ids[0];
        struct msg_signer_ocsp body = {
                .serial_len = (uint32_t)id->serial.n,
                .hash_alg = id->digest == PKI_SHA1 ? 1 : 256,
                .this_update = act->now_sec,
                .next_update = act->now_sec + OCSP_LIFE_SEC,
                .nonce_len = (uint32_t)request->nonce.n,
        };
        struct msg_signer_ocsp_reply head;
        CLEAN(channel_reply_done) struct channel_reply reply = {0};

        ENSURE(id->serial.n <= OCSP_SERIAL_MAX && id->serial.n > 0, ERR_FORMAT);
        snprintf(body.issuer, sizeof body.issuer, "%s", issuer->name);
        memcpy(body.serial + sizeof body.serial - id->serial.n, id->serial.p, id->serial.n);
        TRY(ocsp_status(act, id, issuer, &body));
        const struct channel_request ask = {MSG_SIGNER_OCSP, bytes_of(&body, sizeof body), request->nonce};

        TRY(channel_ask(act->core->signer, &ask, LIMIT_IPC_SIGN_MS, sizeof head, &reply, NULL));
        memcpy(&head, reply.body.p, sizeof head);
        ENSURE(head.response_len == reply.tail.n, ERR_IPC_FRAME);
        buf_add(out, reply.tail.p, reply.tail.n);
        *ret_next_update = request->nonce.n ? 0 : body.next_update;
        return RES_OK;
}

void ocsp_answer(struct act *act, struct bytes request, struct buf *out, int64_t *ret_next_update)
{
        struct pki_ocsp_request parsed = {0};

        *ret_next_update = 0;
        if (!res_is_ok(pki_ocsp_parse(request, &parsed)) || parsed.id_count == 0) {
                pki_ocsp_error(PKI_OCSP_MALFORMED, out);
                return;
        }
        const struct issuer *issuer = parsed.id_count == 1 ? ocsp_issuer(act->core, &parsed.ids[0]) : NULL;

        if (issuer == NULL) { /* not our CA's, or several at once */
                pki_ocsp_error(PKI_OCSP_UNAUTHORIZED, out);
                return;
        }
        if (!res_is_ok(ocsp_sign(act, &parsed, issuer, out, ret_next_update))) {
                buf_clear(out);
                pki_ocsp_error(PKI_OCSP_TRY_LATER, out);
        }
}
