/*
 * Making a key for a customer: from the stock, sealed at once.  With a password only the PKCS#8 encrypted under it is
 * kept, so that nobody here can open it again without the password (PKP-01, PKP-03, CON-39).
 */
#include <assert.h>
#include <string.h>

#include "pki/csr.h"
#include "vault/stock.h"
#include "vault/vault.h"

static_assert((int)MSG_KEY_RSA_2048 == (int)PKI_KEY_RSA_2048 && (int)MSG_KEY_RSA_4096 == (int)PKI_KEY_RSA_4096 &&
                      (int)MSG_KEY_EC_P256 == (int)PKI_KEY_EC_P256 && (int)MSG_KEY_EC_P384 == (int)PKI_KEY_EC_P384,
              "the numbers of key types travel in messages");

static res key_seal_open(const struct vault *vault, const struct msg_vault_aad *aad, const struct pki_key *key,
                         struct buf *out)
{
        CLEAN(secret_done) struct secret pkcs8 = {0};

        TRY(pki_key_to_pkcs8(key, &pkcs8));
        return vault_seal(vault, aad, secret_bytes(&pkcs8), out);
}

static res key_seal_encrypted(const struct vault *vault, const struct msg_vault_aad *aad, const struct pki_key *key,
                              struct str password, struct buf *out)
{
        CLEAN(buf_wipe) struct buf encrypted = {0};

        buf_init(&encrypted, LIMIT_IPC_FRAME);
        TRY(pki_key_to_encrypted(key, password, &encrypted));
        TRY(buf_check(&encrypted));
        return vault_seal(vault, aad, buf_bytes(&encrypted), out);
}

res vault_seal_key(const struct vault *vault, const struct msg_vault_aad *aad, const struct pki_key *key,
                   struct str password, struct buf *out)
{
        return password.n > 0 ? key_seal_encrypted(vault, aad, key, password, out)
                              : key_seal_open(vault, aad, key, out);
}

res vault_make_key(struct vault *vault, const struct frame *request, struct answer *answer)
{
        struct msg_vault_make_key body;
        struct msg_vault_make_key_reply made = {0};
        CLEAN(pki_key_free_ptr) struct pki_key *key = NULL;

        ENSURE(request->head.body == sizeof body, ERR_IPC_FRAME);
        memcpy(&body, request->body, sizeof body);
        ENSURE((uint64_t)body.password_len + body.csr_names_len + body.subject_len == request->head.tail &&
                       body.password_len <= LIMIT_PASSWORD_BYTES,
               ERR_IPC_FRAME);
        ENSURE(body.key_type > MSG_KEY_NONE && body.key_type < MSG_KEY_SM2, ERR_IPC_FRAME);
        const char *tail = (const char *)request->tail;
        const struct str password = {tail, body.password_len},
                         common_name = {tail + body.password_len, body.csr_names_len};
        const struct bytes subject = bytes_of(tail + body.password_len + body.csr_names_len, body.subject_len);

        TRY(stock_take(vault->stock, (enum pki_key_type)body.key_type, &key));
        const struct bytes spki = pki_key_spki(key);

        buf_add(&answer->tail, spki.p, spki.n);
        made.spki_len = (uint32_t)answer->tail.n;
        TRY(vault_seal_key(vault, &body.aad, key, password, &answer->tail));
        made.sealed_len = (uint32_t)(answer->tail.n - made.spki_len);
        if (common_name.n > 0)
                TRY(subject.n > 0 ? pki_csr_make_named(key, subject, common_name, &answer->tail)
                                  : pki_csr_make(key, common_name, &common_name, 1, &answer->tail));
        made.csr_len = (uint32_t)(answer->tail.n - made.spki_len - made.sealed_len);
        buf_add(&answer->body, &made, sizeof made);
        return RES_OK;
}
