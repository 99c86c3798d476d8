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
