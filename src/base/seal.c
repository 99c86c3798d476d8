/*
 * One cipher context, made once: fetching and keying it anew costs more than sealing a key.  The nonce is random:
 * 2^32 sealings under one key keep the chance of a repeat below 2^-32 (SP 800-38D §8.3).
 */
#include "base/seal.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/random.h"

#define SEAL_VERSION 1
#define NONCE_SIZE 12
#define TAG_SIZE 16
#define KEY_SIZE 32

struct seal {
        EVP_CIPHER *cipher;
        EVP_CIPHER_CTX *context;
        struct secret key;
};

static res derive(struct bytes master, const char *label, uint8_t key[KEY_SIZE])
{
        static const char salt[] = "chancery master key";
        EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
        EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
        OSSL_PARAM params[] = {
                OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)"SHA256", 0),
                OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)master.p, master.n),
                OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt, sizeof(salt) - 1),
                OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)label, strlen(label)),
                OSSL_PARAM_construct_end(),
        };
        int good = context && EVP_KDF_derive(context, key, KEY_SIZE, params) == 1;

        EVP_KDF_CTX_free(context);
        EVP_KDF_free(kdf);
        return good ? RES_OK : FAIL(ERR_CRYPTO);
}

MUST res seal_new_from(struct bytes master, const char *label, struct seal **ret_seal)
{
        CLEAN(seal_free_ptr) struct seal *seal = calloc(1, sizeof(*seal));

        ENSURE(seal, ERR_MEMORY);
        ENSURE(master.n >= SEAL_MASTER_MIN && master.n <= SEAL_MASTER_MAX, ERR_CONFIG);
        seal->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
        seal->context = EVP_CIPHER_CTX_new();
        ENSURE(seal->cipher && seal->context, ERR_CRYPTO);
        TRY(secret_init(&seal->key, KEY_SIZE));
        TRY(derive(master, label, seal->key.p));
        ENSURE(EVP_CipherInit_ex2(seal->context, seal->cipher, seal->key.p, /* iv= */ NULL, /* enc= */ 1, NULL) == 1, ERR_CRYPTO);
        *ret_seal = seal;
        seal = NULL;
        return RES_OK;
}

MUST res seal_new(int master_fd, const char *label, struct seal **ret_seal)
{
        CLEAN(secret_done) struct secret master = {0};

        TRY(secret_init(&master, SEAL_MASTER_MAX + 1));
        ssize_t n = pread(master_fd, master.p, master.n, 0);
        ENSURE(n >= 0, ERR_IO);
        return seal_new_from(bytes_of(master.p, (size_t)n), label, ret_seal);
}

void seal_free(struct seal *seal)
{
        if (!seal)
                return;
        EVP_CIPHER_CTX_free(seal->context); /* wipes its key schedule */
        EVP_CIPHER_free(seal->cipher);
        secret_done(&seal->key);
        free(seal);
}

void seal_free_ptr(struct seal **seal)
{
        seal_free(*seal);
        *seal = NULL;
}

/* The key stays in the context; only nonce and direction change. */
static res start(struct seal *seal, const uint8_t *nonce, int encrypt, struct bytes aad)
{
        int n;

        ENSURE(aad.n <= INT32_MAX, ERR_TOO_LARGE);
        ENSURE(EVP_CipherInit_ex2(seal->context, NULL, seal->key.p, nonce, encrypt, NULL) == 1, ERR_CRYPTO);
        ENSURE(aad.n == 0 || EVP_CipherUpdate(seal->context, NULL, &n, aad.p, (int)aad.n) == 1, ERR_CRYPTO);
        return RES_OK;
}

MUST res seal_close(struct seal *seal, struct bytes aad, struct bytes plain, struct buf *out)
{
        int n, end;

        ENSURE(plain.n <= INT32_MAX - 64, ERR_TOO_LARGE);
        uint8_t *at = buf_grow(out, plain.n + SEAL_OVERHEAD);
        ENSURE(at, ERR_MEMORY);
        *at++ = SEAL_VERSION;
        random_bytes(at, NONCE_SIZE);
        TRY(start(seal, at, /* encrypt= */ 1, aad));
        at += NONCE_SIZE;
        n = 0;
        ENSURE(plain.n == 0 || EVP_CipherUpdate(seal->context, at, &n, plain.p, (int)plain.n) == 1, ERR_CRYPTO);
        ENSURE(EVP_CipherFinal_ex(seal->context, at + n, &end) == 1 && (size_t)(n + end) == plain.n, ERR_CRYPTO);
        ENSURE(EVP_CIPHER_CTX_ctrl(seal->context, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, at + plain.n) == 1, ERR_CRYPTO);
        return RES_OK;
}

MUST res seal_open(struct seal *seal, struct bytes aad, struct bytes sealed, struct secret *ret_plain)
{
        CLEAN(secret_done) struct secret plain = {0};
        uint8_t tag[TAG_SIZE], last[16];
        int n = 0, end = 0;

        ENSURE(sealed.n >= SEAL_OVERHEAD && sealed.n <= INT32_MAX && sealed.p[0] == SEAL_VERSION, ERR_FORMAT);
        size_t size = sealed.n - SEAL_OVERHEAD;
        TRY(secret_init(&plain, size));
        TRY(start(seal, sealed.p + 1, /* encrypt= */ 0, aad));
        memcpy(tag, sealed.p + sealed.n - TAG_SIZE, TAG_SIZE);
        ENSURE(size == 0 || EVP_CipherUpdate(seal->context, plain.p, &n, sealed.p + 1 + NONCE_SIZE, (int)size) == 1, ERR_FORMAT);
        ENSURE(EVP_CIPHER_CTX_ctrl(seal->context, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) == 1, ERR_CRYPTO);
        ENSURE(EVP_CipherFinal_ex(seal->context, last, &end) == 1 && (size_t)(n + end) == size, ERR_FORMAT);
        *ret_plain = secret_take(&plain);
        return RES_OK;
}
