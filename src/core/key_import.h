/*
 * A private key that its owner brings, with an upload or beside a pasted CSR.  The server never looks into it: it goes
 * to the key maker, which reads it behind its jail and gives back its public half and ciphertexts.  What held it here
 * is wiped.
 */
#pragma once

#include "core/act.h"
#include "store/key.h"

#define KEY_IMPORT_BYTES (32 * 1024) /* RSA-8192 is under 7 KB in PEM */

struct key_import {
        struct str text, password;               /* PEM or base64 of DER; the password opens it, and it is kept under it */
        const char *field, *password_field;      /* the wire's names, for the sentences */
};
struct key_imported {
        struct cert_key_row key; /* in the act's arena; csr is empty, key_id new */
        struct bytes text;       /* the text that came, sealed */
};
/* ERR_PARAM, ERR_KEY_TYPE, ERR_KEY_PASSWORD with a sentence. */
MUST res key_import(struct act *act, const struct key_import *in, struct key_imported *ret_imported);
