/*
 * A private key is OpenSSL's key, its public half as DER (made once, because making it is slow) and a signing context
 * that is kept: a P-256 signature then costs 27 µs and no allocation worth naming.
 */
#include "pki/key.h"

#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "pki/key_inner.h"
#include "pki/kit.h"

#define SPKI_MAX 2048

void pki_key_free(struct pki_key *key)
{
        if (!key)
                return;
        EVP_PKEY_CTX_free(key->sign_context);
        EVP_MD_CTX_free(key->digest_context);
        EVP_MD_free(key->digest);
        EVP_PKEY_free(key->pkey);
        buf_done(&key->spki);
        free(key);
}

void pki_key_free_ptr(struct pki_key **key)
{
        pki_key_free(*key);
}

static res export_spki(EVP_PKEY *pkey, struct buf *out)
{
        unsigned char *der = NULL;
        int size = i2d_PUBKEY(pkey, &der);

        ENSURE(size > 0, ERR_CRYPTO);
        buf_add(out, der, (size_t)size);
        OPENSSL_free(der);
        return buf_check(out);
}

res pki_key_wrap(EVP_PKEY *pkey, struct pki_key **ret_key)
{
        CLEAN(pki_key_free_ptr) struct pki_key *key = calloc(1, sizeof(*key));
        struct pki_spki spki;

        if (!key)
                EVP_PKEY_free(pkey);
        ENSURE(key, ERR_MEMORY);
        key->pkey = pkey;
        buf_init(&key->spki, SPKI_MAX);
        TRY(export_spki(pkey, &key->spki));
        TRY(pki_spki_parse(buf_bytes(&key->spki), &spki));
        key->alg = pki_alg_of(spki.key_type);
        if (spki.family == PKI_FAMILY_RSA) /* also of sizes that we do not make */
                key->alg = (struct pki_alg){spki.key_type, PKI_FAMILY_RSA, PKI_SHA256, {NULL, 0}};
        *ret_key = key;
        key = NULL;
        return RES_OK;
}

static size_t rsa_bits(enum pki_key_type key_type)
{
        return key_type == PKI_KEY_RSA_2048 ? 2048 : key_type == PKI_KEY_RSA_3072 ? 3072 : 4096;
}

static EVP_PKEY *generate(enum pki_key_type key_type)
{
        if (pki_alg_family(key_type) == PKI_FAMILY_RSA)
                return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", rsa_bits(key_type));
        if (key_type == PKI_KEY_SM2)
                return EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", pki_alg_curve_name(key_type));
}

res pki_key_generate(enum pki_key_type key_type, struct pki_key **ret_key)
{
        EVP_PKEY *pkey = NULL;

        ENSURE(pki_alg_family(key_type) != PKI_FAMILY_NONE, ERR_KEY_TYPE);
        pkey = generate(key_type);
        ENSURE(pkey, ERR_CRYPTO);
        return pki_key_wrap(pkey, ret_key);
}

enum pki_key_type pki_key_type(const struct pki_key *key)
{
        return key->alg.key_type;
}

struct pki_alg pki_key_alg(const struct pki_key *key)
{
        return key->alg;
}

struct bytes pki_key_spki(const struct pki_key *key)
{
        return buf_bytes(&key->spki);
}

static void free_digest_context(EVP_MD_CTX **context)
{
        EVP_MD_CTX_free(*context);
}

static void free_digest(EVP_MD **digest)
{
        EVP_MD_free(*digest);
}

res pki_key_check_pair(const struct pki_key *key)
{
        CLEAN(free_digest_context) EVP_MD_CTX *sign = EVP_MD_CTX_new(), *verify = EVP_MD_CTX_new();
        CLEAN(free_digest) EVP_MD *digest = EVP_MD_fetch(NULL, pki_alg_digest_name(key->alg.digest), NULL);
        static const uint8_t message[] = "a pair";
        uint8_t signature[1024];
        size_t size = sizeof(signature);
        bool good;

        ENSURE(sign && verify && digest, ERR_MEMORY);
        good = EVP_DigestSignInit(sign, NULL, digest, NULL, key->pkey) == 1 &&
               EVP_DigestSign(sign, signature, &size, message, sizeof(message)) == 1 &&
               EVP_DigestVerifyInit(verify, NULL, digest, NULL, key->pkey) == 1 &&
               EVP_DigestVerify(verify, signature, size, message, sizeof(message)) == 1;
        ERR_clear_error();
        ENSURE(good, ERR_FORMAT);
        return RES_OK;
}

/* ---- signing ----------------------------------------------------------------------------------- */

static res prepare_digest(struct pki_key *key, enum pki_digest digest)
{
        key->prepared = PKI_DIGEST_NONE;
        EVP_MD_free(key->digest);
        key->digest = EVP_MD_fetch(NULL, pki_alg_digest_name(digest), NULL);
        ENSURE(key->digest, ERR_CRYPTO);
        if (!key->digest_context)
                key->digest_context = EVP_MD_CTX_new();
        ENSURE(key->digest_context, ERR_MEMORY);
        return RES_OK;
}

/* Once a key and digest: everything that does not depend on the message. */
static res prepare(struct pki_key *key, struct pki_alg alg)
{
        if (key->prepared == alg.digest)
                return RES_OK;
        TRY(prepare_digest(key, alg.digest));
        EVP_PKEY_CTX_free(key->sign_context);
        key->sign_context = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
        ENSURE(key->sign_context && EVP_PKEY_sign_init(key->sign_context) > 0, ERR_CRYPTO);
        ENSURE(alg.family != PKI_FAMILY_RSA || EVP_PKEY_CTX_set_rsa_padding(key->sign_context, RSA_PKCS1_PADDING) > 0,
               ERR_CRYPTO);
        ENSURE(EVP_PKEY_CTX_set_signature_md(key->sign_context, key->digest) > 0, ERR_CRYPTO);
        key->prepared = alg.digest;
        return RES_OK;
}

static res sign_hash(struct pki_key *key, struct bytes message, struct buf *out)
{
        uint8_t hash[PKI_DIGEST_MAX];
        unsigned hash_size = 0;
        size_t size = (size_t)EVP_PKEY_get_size(key->pkey), start = out->n;
        uint8_t *room = buf_grow(out, size);

        TRY(buf_check(out));
        ENSURE(EVP_DigestInit_ex2(key->digest_context, key->digest, NULL) == 1 &&
                       EVP_DigestUpdate(key->digest_context, message.p, message.n) == 1 &&
                       EVP_DigestFinal_ex(key->digest_context, hash, &hash_size) == 1,
               ERR_CRYPTO);
        ENSURE(EVP_PKEY_sign(key->sign_context, room, &size, hash, hash_size) > 0, ERR_CRYPTO);
        out->n = start + size;
        return RES_OK;
}

/* SM2 hashes the id and the public key before the message. */
static res sign_sm2(struct pki_key *key, struct pki_alg alg, struct bytes message, struct buf *out)
{
        CLEAN(free_digest_context) EVP_MD_CTX *context = EVP_MD_CTX_new();
        EVP_PKEY_CTX *inner = NULL;
        size_t size = (size_t)EVP_PKEY_get_size(key->pkey), start = out->n;
        uint8_t *room = buf_grow(out, size);

        TRY(buf_check(out));
        TRY(prepare_digest(key, alg.digest));
        ENSURE(context && EVP_DigestSignInit(context, &inner, key->digest, NULL, key->pkey) == 1, ERR_CRYPTO);
        ENSURE(EVP_PKEY_CTX_set1_id(inner, alg.sm2_id.p, (int)alg.sm2_id.n) > 0, ERR_CRYPTO);
        ENSURE(EVP_DigestSign(context, room, &size, message.p, message.n) == 1, ERR_CRYPTO);
        out->n = start + size;
        return RES_OK;
}

res pki_key_sign(struct pki_key *key, struct pki_alg alg, struct bytes message, struct buf *out)
{
        ENSURE(alg.family == key->alg.family && alg.family != PKI_FAMILY_NONE, ERR_CRYPTO);
        ENSURE(pki_alg_der(alg).n > 0, ERR_CRYPTO);
        if (alg.family == PKI_FAMILY_SM2)
                return sign_sm2(key, alg, message, out);
        TRY(prepare(key, alg));
        return sign_hash(key, message, out);
}
