/*
 * Keystores for programs that do not read PEM: PFX (PKCS#12, RFC 7292) for Windows of any age, JKS for Java.
 * Both hold one key and its chain, leaf first, under one password.
 */
#pragma once

#include "pki/key.h"

struct pki_keystore {
        const struct pki_key *key;
        const struct bytes *chain; /* DER, leaf first */
        size_t chain_count;
        struct str alias;    /* friendlyName, JKS alias */
        struct str password; /* ASCII; JKS needs 6 characters */
        int64_t created_at;  /* JKS entry date */
};

/* 3DES and SHA-1, what Windows before 10 (1809) reads; the file's strength is its password's. */
MUST res pki_keystore_pfx(const struct pki_keystore *store, struct buf *out);
MUST res pki_keystore_jks(const struct pki_keystore *store, struct buf *out);
