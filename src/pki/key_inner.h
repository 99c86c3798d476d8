/* What a key holds; private to this room. */
#pragma once

#include <openssl/evp.h>

#include "pki/key.h"

struct pki_key {
        EVP_PKEY *pkey;
        struct pki_alg alg;
        struct buf spki;
        EVP_PKEY_CTX *sign_context;
        EVP_MD *digest;
        EVP_MD_CTX *digest_context;
        enum pki_digest prepared; /* that the contexts are set up for */
};

/* Takes pkey, also when it fails. */
MUST res pki_key_wrap(EVP_PKEY *pkey, struct pki_key **ret_key);
/* The older forms: RSAPrivateKey (RFC 8017 §A.1.2), ECPrivateKey with its curve (RFC 5915 §3).  Errors as of pki_key_from_pkcs8. */
MUST res pki_key_from_pkcs1(struct bytes key_der, struct pki_key **ret_key);
MUST res pki_key_from_sec1(struct bytes key_der, struct pki_key **ret_key);
/*
 * What a password's key opens: `plain` gets up to a block more room than `data` has.  Key and IV are as long as the cipher
 * wants them; the key stays the caller's to wipe.  ERR_KEY_PASSWORD when the padding does not hold.
 */
MUST res pki_key_decrypt(const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t *iv, struct bytes data, struct buf *plain);
