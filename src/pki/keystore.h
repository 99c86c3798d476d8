/*
 * Keystores for programs that do not read PEM: PFX (PKCS#12, RFC 7292) for Windows of any age, JKS for Java.
 * Both hold one key and its chain, leaf first, under one password (DL-04, DL-05, PKP-02, SIL-17, SIL-54).
 */
#pragma once

#include "pki/key.h"

struct pki_keystore {
        const struct pki_key *key;
        const struct bytes *chain; /* DER, leaf first; the leaf's key is `key` */
        size_t chain_count;
        struct str alias;    /* friendlyName and JKS alias: ASCII */
        struct str password; /* UTF-8, 1 to LIMIT_PASSWORD_BYTES bytes; Java's tools want 6 characters or more */
        int64_t created_at;  /* date of the JKS entry */
};

/*
 * 3DES and SHA-1: all that Windows before 10 (1809) reads, and every later one too.  The file is as strong as its
 * password.  ERR_FORMAT when key and chain do not belong together.
 */
MUST res pki_keystore_pfx(const struct pki_keystore *store, struct buf *out);
/* The real JKS format, version 2, that `keytool -list -storetype JKS` opens.  Store and key have the same password. */
MUST res pki_keystore_jks(const struct pki_keystore *store, struct buf *out);
