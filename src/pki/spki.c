/*
 * Reading public keys and verifying with them, without OpenSSL's decoders.  The form is matched against the few
 * encodings that certificates may carry; an OpenSSL key is made from the parts only where a signature is verified.
 */
#include "pki/spki.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "pki/der.h"
#include "pki/kit.h"

#define RSA_BITS_MAX 8192

struct curve_row {
        enum pki_key_type key_type;
        unsigned bits;
        uint8_t algorithm[24]; /* content of AlgorithmIdentifier: id-ecPublicKey and the curve */
        size_t size;
};

static const struct curve_row curve_rows[] = {
        {PKI_KEY_EC_P256,
         256,
         {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01,
          0x07},
         19},
        {PKI_KEY_EC_P384,
         384,
         {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22},
         16},
        {PKI_KEY_SM2,
         256,
         {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82,
          0x2d},
         19},
};

static const uint8_t rsa_algorithm[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};

static unsigned bit_length(struct bytes magnitude)
{
        unsigned bits = (unsigned)magnitude.n * 8;

        for (uint8_t top = magnitude.p[0]; !(top & 0x80) && bits > 0; top = (uint8_t)(top << 1))
                bits--;
        return bits;
}

static res parse_rsa(struct pki_spki *spki)
{
        struct der inner;

        TRY(der_enter_all(spki->key_bits, DER_SEQUENCE, &inner));
        TRY(der_read_unsigned(&inner, &spki->modulus));
        TRY(der_read_unsigned(&inner, &spki->exponent));
        TRY(der_end(&inner));
        ENSURE(spki->modulus.n <= RSA_BITS_MAX / 8, ERR_KEY_TYPE);
        ENSURE(spki->modulus.p[0] != 0 && spki->exponent.p[0] != 0, ERR_FORMAT);
        spki->family = PKI_FAMILY_RSA;
        spki->bits = bit_length(spki->modulus);
        spki->key_type = spki->bits == 2048   ? PKI_KEY_RSA_2048
                         : spki->bits == 3072 ? PKI_KEY_RSA_3072
                         : spki->bits == 4096 ? PKI_KEY_RSA_4096
                                              : PKI_KEY_NONE;
        return RES_OK;
}

static res parse_curve(const struct curve_row *row, struct pki_spki *spki)
{
        ENSURE(spki->key_bits.n == 1 + 2 * row->bits / 8 && spki->key_bits.p[0] == 0x04, ERR_KEY_TYPE);
        spki->point = spki->key_bits;
        spki->family = pki_alg_family(row->key_type);
        spki->bits = row->bits;
        spki->key_type = row->key_type;
        return RES_OK;
}

res pki_spki_parse(struct bytes der, struct pki_spki *ret_spki)
{
        struct pki_spki spki = {.der = der};
        struct der inner;
        struct der_value algorithm;

        TRY(der_enter_all(der, DER_SEQUENCE, &inner));
        TRY(der_read_tag(&inner, DER_SEQUENCE, &algorithm));
        TRY(der_read_bits(&inner, &spki.key_bits));
        TRY(der_end(&inner));
        if (der_oid_equal(algorithm.content, bytes_of(rsa_algorithm, sizeof(rsa_algorithm)))) {
                TRY(parse_rsa(&spki));
                *ret_spki = spki;
                return RES_OK;
        }
        for (size_t i = 0; i < sizeof(curve_rows) / sizeof(*curve_rows); i++) {
                if (!der_oid_equal(algorithm.content, bytes_of(curve_rows[i].algorithm, curve_rows[i].size)))
                        continue;
                TRY(parse_curve(&curve_rows[i], &spki));
                *ret_spki = spki;
                return RES_OK;
        }
        TRY(pki_alg_check_form(algorithm.whole));
        return FAIL(ERR_KEY_TYPE);
}

res pki_spki_key_id(struct pki_kit *kit, const struct pki_spki *spki, uint8_t out[20])
{
        uint8_t hash[PKI_DIGEST_MAX];

        TRY(pki_kit_hash(kit, PKI_SHA1, spki->key_bits, hash));
        memcpy(out, hash, 20);
        return RES_OK;
}

/* ---- verifying --------------------------------------------------------------------------------- */

static void free_context(EVP_PKEY_CTX **context)
{
        EVP_PKEY_CTX_free(*context);
}

static EVP_PKEY *curve_key(struct pki_kit *kit, const struct pki_spki *spki)
{
        EVP_PKEY *key = EVP_PKEY_new();

        if (key && EVP_PKEY_copy_parameters(key, kit->curve_keys[spki->key_type]) == 1 &&
            EVP_PKEY_set1_encoded_public_key(key, spki->point.p, spki->point.n) == 1)
                return key;
        EVP_PKEY_free(key);
        return NULL;
}

static EVP_PKEY *rsa_key(const struct pki_spki *spki)
{
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
        BIGNUM *modulus = BN_bin2bn(spki->modulus.p, (int)spki->modulus.n, NULL);
        BIGNUM *exponent = BN_bin2bn(spki->exponent.p, (int)spki->exponent.n, NULL);
        OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
        OSSL_PARAM *parts = NULL;
        EVP_PKEY *key = NULL;

        if (context && modulus && exponent && build && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) &&
            OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) &&
            (parts = OSSL_PARAM_BLD_to_param(build)) != NULL && EVP_PKEY_fromdata_init(context) > 0 &&
            EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parts) <= 0)
                key = NULL;
        OSSL_PARAM_free(parts);
        OSSL_PARAM_BLD_free(build);
        BN_free(modulus);
        BN_free(exponent);
        EVP_PKEY_CTX_free(context);
        return key;
}

/* SM2 hashes the id and the key in front of the message, so it takes the message and not its hash. */
static res verify_sm2(struct pki_kit *kit, EVP_PKEY *key, struct pki_alg alg, struct bytes message,
                      struct bytes signature)
{
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        EVP_PKEY_CTX *inner = NULL;
        bool good;

        ENSURE(context, ERR_MEMORY);
        good = EVP_DigestVerifyInit(context, &inner, kit->digests[alg.digest], NULL, key) == 1 &&
               EVP_PKEY_CTX_set1_id(inner, alg.sm2_id.p, (int)alg.sm2_id.n) > 0 &&
               EVP_DigestVerify(context, signature.p, signature.n, message.p, message.n) == 1;
        EVP_MD_CTX_free(context);
        ENSURE(good, ERR_SIGNATURE);
        return RES_OK;
}

/* ECDSA takes the hash as it is; only PKCS #1 names the digest inside the signature. */
static res prepare(EVP_PKEY *key, enum pki_family family, const EVP_MD *digest, EVP_PKEY_CTX **ret_context)
{
        CLEAN(free_context) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

        ENSURE(context && EVP_PKEY_verify_init(context) > 0, ERR_CRYPTO);
        if (family == PKI_FAMILY_RSA)
                ENSURE(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0 &&
                               EVP_PKEY_CTX_set_signature_md(context, digest) > 0,
                       ERR_CRYPTO);
        *ret_context = context;
        context = NULL;
        return RES_OK;
}

/* ---- a key made ready ---------------------------------------------------------------------------- */

#define PREPARED_DIGEST PKI_SHA256

/* The context is only ever copied, which reads it: so threads share it. */
struct pki_public {
        atomic_uint holders;
        EVP_PKEY *key;
        EVP_PKEY_CTX *prepared; /* NULL: SM2, which takes messages */
};

static void free_public(struct pki_public **key)
{
        pki_public_free(*key);
}

static EVP_PKEY *key_new(struct pki_kit *kit, const struct pki_spki *spki)
{
        return spki->family == PKI_FAMILY_RSA ? rsa_key(spki) : curve_key(kit, spki);
}

res pki_public_new(struct pki_kit *kit, const struct pki_spki *spki, struct pki_public **ret_public)
{
        CLEAN(free_public) struct pki_public *public = NULL;

        ENSURE(spki->family != PKI_FAMILY_NONE, ERR_KEY_TYPE);
        public = calloc(1, sizeof *public);
        ENSURE(public, ERR_MEMORY);
        atomic_init(&public->holders, 1);
        public->key = key_new(kit, spki);
        ENSURE(public->key, ERR_SIGNATURE);
        if (spki->family != PKI_FAMILY_SM2)
                TRY(prepare(public->key, spki->family, kit->digests[PREPARED_DIGEST], &public->prepared));
        *ret_public = public;
        public = NULL;
        return RES_OK;
}

struct pki_public *pki_public_hold(struct pki_public *key)
{
        if (key)
                atomic_fetch_add(&key->holders, 1);
        return key;
}

void pki_public_free(struct pki_public *key)
{
        if (!key || atomic_fetch_sub(&key->holders, 1) != 1)
                return;
        EVP_PKEY_CTX_free(key->prepared);
        EVP_PKEY_free(key->key);
        free(key);
}

static bool is_prepared(const struct pki_public *key, struct pki_alg alg)
{
        return key->prepared && (alg.family == PKI_FAMILY_ECC || alg.digest == PREPARED_DIGEST);
}

/* `prepared`: for this algorithm, or NULL. */
static res verify(struct pki_kit *kit, EVP_PKEY *key, const EVP_PKEY_CTX *prepared, struct pki_alg alg, struct bytes message,
                  struct bytes signature)
{
        uint8_t hash[PKI_DIGEST_MAX];
        CLEAN(free_context) EVP_PKEY_CTX *context = NULL;

        if (alg.family == PKI_FAMILY_SM2)
                return verify_sm2(kit, key, alg, message, signature);
        TRY(pki_kit_hash(kit, alg.digest, message, hash));
        if (prepared)
                context = EVP_PKEY_CTX_dup(prepared);
        else
                TRY(prepare(key, alg.family, kit->digests[alg.digest], &context));
        ENSURE(context, ERR_MEMORY);
        ENSURE(EVP_PKEY_verify(context, signature.p, signature.n, hash, pki_digest_size(alg.digest)) == 1, ERR_SIGNATURE);
        return RES_OK;
}

res pki_public_verify(struct pki_kit *kit, struct pki_public *key, enum pki_family family, struct pki_alg alg, struct bytes message,
                      struct bytes signature)
{
        ENSURE(family == alg.family, ERR_SIGNATURE);
        return verify(kit, key->key, is_prepared(key, alg) ? key->prepared : NULL, alg, message, signature);
}

static void free_key(EVP_PKEY **key)
{
        EVP_PKEY_free(*key);
}

res pki_spki_verify(struct pki_kit *kit, const struct pki_spki *spki, struct pki_alg alg, struct bytes message,
                    struct bytes signature)
{
        CLEAN(free_key) EVP_PKEY *key = NULL;

        ENSURE(spki->family != PKI_FAMILY_NONE && spki->family == alg.family, ERR_SIGNATURE);
        key = key_new(kit, spki);
        ENSURE(key, ERR_SIGNATURE);
        return verify(kit, key, /* prepared= */ NULL, alg, message, signature);
}
