/*
 * The vault's requests, one small function each.  Everything that comes in is checked against the lengths in its head;
 * the AAD that the server names decides what a ciphertext may be opened as.
 */
#include "vault/vault.h"

#include <string.h>

#include "base/random.h"
#include "base/tc3.h"
#include "pki/csr.h"
#include "pki/key.h"
#include "vault/v1.h"

#define SECRET_KEY_CHARS 32 /* design: SecretKey is 32 alphanumerics, 190 bits */

res vault_seal(const struct vault *vault, const struct msg_vault_aad *aad, struct bytes plain, struct buf *out)
{
        return pki_seal(vault->key, bytes_of(aad, sizeof *aad), plain, out);
}

res vault_unseal(const struct vault *vault, const struct msg_vault_aad *aad, struct bytes sealed,
                 struct secret *ret_plain)
{
        return pki_unseal(vault->key, bytes_of(aad, sizeof *aad), sealed, ret_plain);
}

static res handle_seal(struct vault *vault, const struct frame *request, struct answer *answer)
{
        struct msg_vault_seal body;

        memcpy(&body, request->body, sizeof body);
        ENSURE(body.plain_len == request->head.tail, ERR_IPC_FRAME);
        return vault_seal(vault, &body.aad, bytes_of(request->tail, body.plain_len), &answer->tail);
}

static res handle_open(struct vault *vault, const struct frame *request, struct answer *answer)
{
        struct msg_vault_open body;
        CLEAN(secret_done) struct secret plain = {0};

        memcpy(&body, request->body, sizeof body);
        ENSURE(body.sealed_len == request->head.tail, ERR_IPC_FRAME);
        TRY(vault_unseal(vault, &body.aad, bytes_of(request->tail, body.sealed_len), &plain));
        buf_add(&answer->tail, plain.p, plain.n);
        return RES_OK;
}

static res handle_make_csr(struct vault *vault, const struct frame *request, struct answer *answer)
{
        struct msg_vault_make_csr body;
        CLEAN(secret_done) struct secret pkcs8 = {0};
        CLEAN(pki_key_free_ptr) struct pki_key *key = NULL;

        memcpy(&body, request->body, sizeof body);
        ENSURE((uint64_t)body.sealed_len + body.common_name_len == request->head.tail, ERR_IPC_FRAME);
        const struct str common_name = {(const char *)request->tail + body.sealed_len, body.common_name_len};

        TRY(vault_unseal(vault, &body.aad, bytes_of(request->tail, body.sealed_len), &pkcs8));
        TRY(pki_key_from_pkcs8(secret_bytes(&pkcs8), &key));
        return pki_csr_make(key, common_name, &common_name, 1, &answer->tail);
}

static res handle_make_secret(struct vault *vault, const struct frame *request, struct answer *answer)
{
        struct msg_vault_make_secret body;
        struct msg_vault_make_secret_reply made = {0};

        memcpy(&body, request->body, sizeof body);
        random_text(made.secret_key, SECRET_KEY_CHARS, RANDOM_ALNUM);
        res r = vault_seal(vault, &body.aad, bytes_of(made.secret_key, SECRET_KEY_CHARS), &answer->tail);

        made.sealed_len = (uint32_t)answer->tail.n;
        buf_add(&answer->body, &made, sizeof made);
        secret_wipe(&made, sizeof made);
        return r;
}

static res handle_tc3_key(struct vault *vault, const struct frame *request, struct answer *answer)
{
        struct msg_vault_tc3_key body;
        struct msg_vault_tc3_key_reply made;
        CLEAN(secret_done) struct secret secret = {0};

        memcpy(&body, request->body, sizeof body);
        ENSURE((uint64_t)body.sealed_len + body.service_len == request->head.tail &&
                       memchr(body.date, 0, sizeof body.date),
               ERR_IPC_FRAME);
        const struct str service = {(const char *)request->tail + body.sealed_len, body.service_len};

        TRY(vault_unseal(vault, &body.aad, bytes_of(request->tail, body.sealed_len), &secret));
        tc3_signing_key(secret_bytes(&secret), str_of(body.date), service, made.key);
        buf_add(&answer->body, &made, sizeof made);
        secret_wipe(&made, sizeof made);
        return RES_OK;
}

static res handle_v1_sign(struct vault *vault, const struct frame *request, struct answer *answer)
{
        struct msg_vault_v1_sign body;
        struct msg_vault_v1_sign_reply made = {0};
        CLEAN(secret_done) struct secret secret = {0};

        memcpy(&body, request->body, sizeof body);
        ENSURE((uint64_t)body.sealed_len + body.text_len == request->head.tail, ERR_IPC_FRAME);
        const struct bytes text = bytes_of(request->tail + body.sealed_len, body.text_len);

        TRY(vault_unseal(vault, &body.aad, bytes_of(request->tail, body.sealed_len), &secret));
        TRY(v1_mac(body.hash, secret_bytes(&secret), text, &made));
        buf_add(&answer->body, &made, sizeof made);
        return RES_OK;
}

static const struct vault_call {
        enum msg_type type;
        size_t body_size;
        bool of_keymaker;
        res (*handle)(struct vault *vault, const struct frame *request, struct answer *answer);
} vault_calls[] = {
        {MSG_VAULT_SEAL, sizeof(struct msg_vault_seal), false, handle_seal},
        {MSG_VAULT_OPEN, sizeof(struct msg_vault_open), false, handle_open},
        {MSG_VAULT_MAKE_KEY, sizeof(struct msg_vault_make_key), true, vault_make_key},
        {MSG_VAULT_IMPORT_KEY, sizeof(struct msg_vault_import_key), true, vault_import_key},
        {MSG_VAULT_MAKE_CSR, sizeof(struct msg_vault_make_csr), false, handle_make_csr},
        {MSG_VAULT_MAKE_SECRET, sizeof(struct msg_vault_make_secret), false, handle_make_secret},
        {MSG_VAULT_TC3_KEY, sizeof(struct msg_vault_tc3_key), false, handle_tc3_key},
        {MSG_VAULT_V1_SIGN, sizeof(struct msg_vault_v1_sign), false, handle_v1_sign},
};

res vault_handle(void *context, const struct frame *request, struct answer *answer)
{
        struct vault *vault = context;

        ENSURE(vault->magic == VAULT_MAGIC, ERR_INTERNAL);
        for (size_t i = 0; i < sizeof vault_calls / sizeof *vault_calls; i++) {
                const struct vault_call *call = &vault_calls[i];

                if (request->head.type != call->type || call->of_keymaker != (vault->stock != NULL))
                        continue;
                ENSURE(request->head.body == call->body_size, ERR_IPC_FRAME);
                TRY(call->handle(vault, request, answer));
                return buf_check(&answer->tail);
        }
        return answer_fail(answer, ERR_IPC_FRAME, "The vault does not do this.");
}
