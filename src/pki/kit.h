/* What a kit holds; private to this room. */
#pragma once

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "pki/alg.h"

struct pki_kit {
        EVP_MD *digests[PKI_DIGEST_COUNT];
        EVP_MD_CTX *digest_context;
        EVP_PKEY *curve_keys[PKI_KEY_TYPE_COUNT]; /* parameters only: copied instead of decoded */
        EC_GROUP *curves[PKI_KEY_TYPE_COUNT];
        BN_CTX *bn;
};

const char *pki_alg_digest_name(enum pki_digest digest);    /* as OpenSSL knows it */
const char *pki_alg_curve_name(enum pki_key_type key_type); /* NULL = no curve */
