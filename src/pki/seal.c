/* See seal.h.  A nonce is random: 2^32 seals under one key before chance of a repeat reaches 2^-32 (SP 800-38D §8.3). */
#include "pki/seal.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/core_names.h>
#include <string.h>

#include "base/random.h"

#define SEAL_VERSION 1
#define SEAL_NONCE 12
#define SEAL_TAG 16
#define SEAL_MASTER_MIN 32

res pki_seal_derive(struct bytes master, const char *purpose, uint8_t ret_key[PKI_SEAL_KEY_SIZE])
{
        ENSURE(master.n >= SEAL_MASTER_MIN, ERR_FORMAT);
        char digest[] = "SHA256", info[64] = "chancery seal ";

        ENSURE(strlen(purpose) < sizeof info - strlen(info), ERR_FORMAT);
        memcpy(info + strlen(info), purpose, strlen(purpose));
        EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
        EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
        uint8_t copy[256];
        const OSSL_PARAM params[] = {
                OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, copy,
                                                  master.n < sizeof copy ? master.n : sizeof copy),
                OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, strlen(info)),
                OSSL_PARAM_construct_end(),
        };

        memcpy(copy, master.p, master.n < sizeof copy ? master.n : sizeof copy);
        bool derived = ctx != NULL && EVP_KDF_derive(ctx, ret_key, PKI_SEAL_KEY_SIZE, params) == 1;

        secret_wipe(copy, sizeof copy);
        EVP_KDF_CTX_free(ctx);
        EVP_KDF_free(kdf);
        ENSURE(derived, ERR_CRYPTO);
        return RES_OK;
}

static void cipher_free(EVP_CIPHER_CTX **ctx)
{
        EVP_CIPHER_CTX_free(*ctx);
}

static res seal_begin(EVP_CIPHER_CTX *ctx, bool encrypt, const uint8_t *key, const uint8_t *nonce, struct bytes aad)
{
        int n = 0;

        ENSURE(ctx != NULL && aad.n <= INT_MAX, ERR_CRYPTO);
        ENSURE(EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce, encrypt) == 1, ERR_CRYPTO);
        ENSURE(aad.n == 0 || EVP_CipherUpdate(ctx, NULL, &n, aad.p, (int)aad.n) == 1, ERR_CRYPTO);
        return RES_OK;
}

res pki_seal(const uint8_t key[PKI_SEAL_KEY_SIZE], struct bytes aad, struct bytes plain, struct buf *out)
{
        CLEAN(cipher_free) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
        uint8_t nonce[SEAL_NONCE];
        int n = 0, last = 0;

        ENSURE(plain.n <= INT_MAX - PKI_SEAL_OVERHEAD, ERR_TOO_LARGE);
        random_bytes(nonce, sizeof nonce);
        TRY(seal_begin(ctx, true, key, nonce, aad));
        buf_add_byte(out, SEAL_VERSION);
        buf_add(out, nonce, sizeof nonce);
        uint8_t *text = buf_grow(out, plain.n + SEAL_TAG);

        TRY(buf_check(out));
        ENSURE(plain.n == 0 || EVP_CipherUpdate(ctx, text, &n, plain.p, (int)plain.n) == 1, ERR_CRYPTO);
        ENSURE(EVP_CipherFinal_ex(ctx, text + n, &last) == 1 && (size_t)n + (size_t)last == plain.n, ERR_CRYPTO);
        ENSURE(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, SEAL_TAG, text + plain.n) == 1, ERR_CRYPTO);
        return RES_OK;
}

res pki_unseal(const uint8_t key[PKI_SEAL_KEY_SIZE], struct bytes aad, struct bytes sealed, struct secret *ret_plain)
{
        CLEAN(cipher_free) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
        CLEAN(secret_done) struct secret plain = {0};
        uint8_t tag[SEAL_TAG];
        int n = 0, last = 0;

        ENSURE(sealed.n >= PKI_SEAL_OVERHEAD && sealed.n <= INT_MAX && sealed.p[0] == SEAL_VERSION, ERR_FORMAT);
        size_t size = sealed.n - PKI_SEAL_OVERHEAD;
        const uint8_t *text = sealed.p + 1 + SEAL_NONCE;

        TRY(secret_init(&plain, size));
        memcpy(tag, text + size, SEAL_TAG);
        TRY(seal_begin(ctx, false, key, sealed.p + 1, aad));
        ENSURE(size == 0 || EVP_CipherUpdate(ctx, plain.p, &n, text, (int)size) == 1, ERR_CRYPTO);
        ENSURE(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, SEAL_TAG, tag) == 1, ERR_CRYPTO);
        ENSURE(EVP_CipherFinal_ex(ctx, plain.p + n, &last) == 1, ERR_FORMAT);
        *ret_plain = secret_take(&plain);
        return RES_OK;
}
