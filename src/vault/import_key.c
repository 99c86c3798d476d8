/*
 * Taking a key that a customer brings.  The file is a stranger's, so it is read here, behind the jail, and by the key
 * maker: what a password's rounds cost (PKI_KEY_PBKDF2_MAX) holds up nobody who wants to sign in.
 */
#include <string.h>

#include "pki/key.h"
#include "vault/vault.h"

res vault_import_key(struct vault *vault, const struct frame *request, struct answer *answer)
{
        struct msg_vault_import_key body;
        struct msg_vault_import_key_reply made = {0};
        CLEAN(pki_key_free_ptr) struct pki_key *key = NULL;
        bool encrypted = false;

        memcpy(&body, request->body, sizeof body);
        ENSURE((uint64_t)body.key_len + body.password_len == request->head.tail &&
                       body.password_len <= LIMIT_PASSWORD_BYTES,
               ERR_IPC_FRAME);
        const struct bytes text = bytes_of(request->tail, body.key_len);
        const struct str password = {(const char *)request->tail + body.key_len, body.password_len};
        struct msg_vault_aad text_aad = body.aad;

        text_aad.object = MSG_OBJECT_KEY_TEXT;
        TRY(pki_key_import(text, password, &encrypted, &key));
        const struct bytes spki = pki_key_spki(key);

        made.key_type = (uint32_t)pki_key_type(key);
        made.encrypted = encrypted;
        buf_add(&answer->tail, spki.p, spki.n);
        made.spki_len = (uint32_t)answer->tail.n;
        TRY(vault_seal_key(vault, &body.aad, key, encrypted ? password : (struct str){NULL, 0}, &answer->tail));
        made.sealed_len = (uint32_t)answer->tail.n - made.spki_len;
        TRY(vault_seal(vault, &text_aad, text, &answer->tail));
        made.text_len = (uint32_t)answer->tail.n - made.spki_len - made.sealed_len;
        buf_add(&answer->body, &made, sizeof made);
        return RES_OK;
}
