/*
 * Opening a customer's key: logged first, then asked of the vault, one key a call.  The only way to a private key.
 */
#pragma once

#include "base/secret.h"
#include "core/act.h"
#include "store/certificate.h"

struct key_opened {
        struct secret der;     /* PKCS#8, or its encrypted form when a password was set; secret_done() */
        struct bytes csr;      /* in the arena; n = 0: none */
        struct secret text;    /* an uploaded key as it came, byte for byte; n = 0: made here */
        bool is_encrypted;
};
/* `type` and `action` are the record's words for what the key is opened for.  ERR_NOT_FOUND: there is no key here. */
MUST res key_open(struct act *act, const struct certificate_row *row, const char *type, const char *action, struct key_opened *ret_key);
/* The same for a key by its id; the record names certificate_id, "" where there is none yet. */
MUST res key_open_id(struct act *act, int64_t key_id, struct str certificate_id, const char *type, const char *action,
                     struct key_opened *ret_key);
void key_opened_done(struct key_opened *key);
/* As PEM into `out`, which the caller wipes: the text that its owner brought where that was PEM. */
void key_opened_pem(const struct key_opened *key, struct buf *out);
