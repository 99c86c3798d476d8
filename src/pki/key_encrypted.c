/*
 * Private keys under a password (PKCS#5 v2.1, RFC 8018): a key derived by PBKDF2 encrypts the PKCS#8 bytes in CBC mode.
 * We write one combination and read a few, each with a bound on the work that the file may ask for.
 */
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/random.h"
#include "pki/der.h"
#include "pki/key_inner.h"
#include "pki/pem.h"

#define SALT_SIZE 16
#define SALT_MAX 64
#define KEY_SIZE 32
#define BLOCK_MAX 16
#define PLAIN_MAX (16 * 1024)

static const uint8_t pbes2_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d};
static const uint8_t pbkdf2_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c};
static const uint8_t hmac_sha256_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x09};
static const uint8_t aes256_oid[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a};

struct cipher_row {
        const EVP_CIPHER *(*cipher)(void);
        size_t key_size, block;
        uint8_t oid[10];
        size_t oid_size;
};

static const struct cipher_row cipher_rows[] = {
        {EVP_aes_256_cbc, 32, 16, {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a}, 9},
        {EVP_aes_192_cbc, 24, 16, {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x16}, 9},
        {EVP_aes_128_cbc, 16, 16, {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x02}, 9},
        {EVP_des_ede3_cbc, 24, 8, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x03, 0x07}, 8},
};

struct prf_row {
        const EVP_MD *(*digest)(void);
        uint8_t last; /* of 1.2.840.113549.2.x */
};

static const struct prf_row prf_rows[] = {{EVP_sha1, 7}, {EVP_sha256, 9}, {EVP_sha384, 10}, {EVP_sha512, 11}};

struct scheme {
        const struct cipher_row *cipher;
        const EVP_MD *(*prf)(void);
        struct bytes salt, iv, data;
        uint64_t rounds;
};

static void free_context(EVP_CIPHER_CTX **context)
{
        EVP_CIPHER_CTX_free(*context);
}

static res derive(const struct scheme *scheme, struct str password, uint8_t key[KEY_SIZE])
{
        ENSURE(PKCS5_PBKDF2_HMAC(password.p ? password.p : "", (int)password.n, scheme->salt.p, (int)scheme->salt.n,
                                 (int)scheme->rounds, scheme->prf(), (int)scheme->cipher->key_size, key) == 1,
               ERR_CRYPTO);
        return RES_OK;
}

/* ---- writing ----------------------------------------------------------------------------------- */

static res encrypt(const struct scheme *scheme, struct str password, struct bytes plain, struct buf *out)
{
        CLEAN(free_context) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
        uint8_t key[KEY_SIZE];
        int first = 0, last = 0;
        size_t start = out->n;
        uint8_t *room = buf_grow(out, plain.n + BLOCK_MAX);
        bool good;

        TRY(buf_check(out));
        TRY(derive(scheme, password, key));
        good = context && EVP_EncryptInit_ex(context, scheme->cipher->cipher(), NULL, key, scheme->iv.p) == 1 &&
               EVP_EncryptUpdate(context, room, &first, plain.p, (int)plain.n) == 1 &&
               EVP_EncryptFinal_ex(context, room + first, &last) == 1;
        secret_wipe(key, sizeof(key));
        ENSURE(good, ERR_CRYPTO);
        out->n = start + (size_t)first + (size_t)last;
        return RES_OK;
}

static void write_scheme(const struct scheme *scheme, struct buf *out)
{
        struct der_mark algorithm = der_open(out, DER_SEQUENCE), parameters, derivation, pbkdf2, prf, cipher;

        der_add_oid(out, bytes_of(pbes2_oid, sizeof(pbes2_oid)));
        parameters = der_open(out, DER_SEQUENCE);
        derivation = der_open(out, DER_SEQUENCE);
        der_add_oid(out, bytes_of(pbkdf2_oid, sizeof(pbkdf2_oid)));
        pbkdf2 = der_open(out, DER_SEQUENCE);
        der_add(out, DER_OCTET_STRING, scheme->salt);
        der_add_small(out, scheme->rounds);
        prf = der_open(out, DER_SEQUENCE);
        der_add_oid(out, bytes_of(hmac_sha256_oid, sizeof(hmac_sha256_oid)));
        der_add_null(out);
        der_close(out, prf);
        der_close(out, pbkdf2);
        der_close(out, derivation);
        cipher = der_open(out, DER_SEQUENCE);
        der_add_oid(out, bytes_of(aes256_oid, sizeof(aes256_oid)));
        der_add(out, DER_OCTET_STRING, scheme->iv);
        der_close(out, cipher);
        der_close(out, parameters);
        der_close(out, algorithm);
}

res pki_key_to_encrypted(const struct pki_key *key, struct str password, struct buf *out)
{
        CLEAN(secret_done) struct secret plain = {0};
        CLEAN(buf_done) struct buf data = {0};
        uint8_t salt[SALT_SIZE], iv[BLOCK_MAX];
        struct scheme scheme = {&cipher_rows[0],  EVP_sha256, {salt, sizeof(salt)},
                                {iv, sizeof(iv)}, {NULL, 0},  PKI_KEY_PBKDF2_ROUNDS};
        struct der_mark whole;

        buf_init(&data, PLAIN_MAX);
        random_bytes(salt, sizeof(salt));
        random_bytes(iv, sizeof(iv));
        TRY(pki_key_to_pkcs8(key, &plain));
        TRY(encrypt(&scheme, password, secret_bytes(&plain), &data));
        whole = der_open(out, DER_SEQUENCE);
        write_scheme(&scheme, out);
        der_add(out, DER_OCTET_STRING, buf_bytes(&data));
        der_close(out, whole);
        return buf_check(out);
}

res pki_key_to_encrypted_pem(const struct pki_key *key, struct str password, struct buf *out)
{
        CLEAN(buf_done) struct buf der = {0};

        buf_init(&der, PLAIN_MAX);
        TRY(pki_key_to_encrypted(key, password, &der));
        pki_pem_write(PKI_PEM_ENCRYPTED_KEY, buf_bytes(&der), out);
        return buf_check(out);
}

/* ---- reading ----------------------------------------------------------------------------------- */

static res read_prf(struct der *in, struct scheme *scheme)
{
        struct der inner;
        struct bytes oid;

        scheme->prf = EVP_sha1; /* DEFAULT algid-hmacWithSHA1 */
        if (der_is_end(in))
                return RES_OK;
        TRY(der_enter(in, DER_SEQUENCE, &inner));
        TRY(der_read_oid(&inner, &oid));
        TRY(der_read_null(&inner));
        ENSURE(oid.n == sizeof(hmac_sha256_oid) && memcmp(oid.p, hmac_sha256_oid, oid.n - 1) == 0, ERR_KEY_TYPE);
        TRY(der_end(&inner));
        for (size_t i = 0; i < sizeof(prf_rows) / sizeof(*prf_rows); i++) {
                if (oid.p[oid.n - 1] != prf_rows[i].last)
                        continue;
                scheme->prf = prf_rows[i].digest;
                return RES_OK;
        }
        return FAIL(ERR_KEY_TYPE);
}

static res read_pbkdf2(struct der *in, struct scheme *scheme, uint64_t *ret_key_size)
{
        struct der derivation, pbkdf2;
        struct bytes oid;
        struct der_value salt;

        TRY(der_enter(in, DER_SEQUENCE, &derivation));
        TRY(der_read_oid(&derivation, &oid));
        ENSURE(der_oid_equal(oid, bytes_of(pbkdf2_oid, sizeof(pbkdf2_oid))), ERR_KEY_TYPE);
        TRY(der_enter(&derivation, DER_SEQUENCE, &pbkdf2));
        TRY(der_end(&derivation));
        TRY(der_read_tag(&pbkdf2, DER_OCTET_STRING, &salt));
        TRY(der_read_small(&pbkdf2, &scheme->rounds));
        ENSURE(salt.content.n <= SALT_MAX && scheme->rounds >= 1 && scheme->rounds <= PKI_KEY_PBKDF2_MAX,
               ERR_TOO_LARGE);
        scheme->salt = salt.content;
        *ret_key_size = 0;
        if (der_next_is(&pbkdf2, DER_INTEGER))
                TRY(der_read_small(&pbkdf2, ret_key_size));
        TRY(read_prf(&pbkdf2, scheme));
        return der_end(&pbkdf2);
}

static res read_cipher(struct der *in, struct scheme *scheme)
{
        struct der inner;
        struct bytes oid;
        struct der_value iv;

        TRY(der_enter(in, DER_SEQUENCE, &inner));
        TRY(der_read_oid(&inner, &oid));
        for (size_t i = 0; i < sizeof(cipher_rows) / sizeof(*cipher_rows); i++)
                if (der_oid_equal(oid, bytes_of(cipher_rows[i].oid, cipher_rows[i].oid_size)))
                        scheme->cipher = &cipher_rows[i];
        ENSURE(scheme->cipher, ERR_KEY_TYPE);
        TRY(der_read_tag(&inner, DER_OCTET_STRING, &iv));
        ENSURE(iv.content.n == scheme->cipher->block, ERR_FORMAT);
        scheme->iv = iv.content;
        return der_end(&inner);
}

static res read_scheme(struct bytes der, struct scheme *scheme)
{
        struct der in, algorithm, parameters;
        struct bytes oid;
        struct der_value data;
        uint64_t key_size = 0;

        TRY(der_enter_all(der, DER_SEQUENCE, &in));
        TRY(der_enter(&in, DER_SEQUENCE, &algorithm));
        TRY(der_read_tag(&in, DER_OCTET_STRING, &data));
        TRY(der_end(&in));
        TRY(der_read_oid(&algorithm, &oid));
        ENSURE(der_oid_equal(oid, bytes_of(pbes2_oid, sizeof(pbes2_oid))), ERR_KEY_TYPE);
        TRY(der_enter(&algorithm, DER_SEQUENCE, &parameters));
        TRY(der_end(&algorithm));
        TRY(read_pbkdf2(&parameters, scheme, &key_size));
        TRY(read_cipher(&parameters, scheme));
        TRY(der_end(&parameters));
        ENSURE(key_size == 0 || key_size == scheme->cipher->key_size, ERR_FORMAT);
        ENSURE(data.content.n <= PLAIN_MAX, ERR_TOO_LARGE);
        scheme->data = data.content;
        return RES_OK;
}

res pki_key_decrypt(const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t *iv, struct bytes data, struct buf *plain)
{
        CLEAN(free_context) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
        uint8_t *room = buf_grow(plain, data.n + BLOCK_MAX);
        int first = 0, last = 0;

        TRY(buf_check(plain));
        bool good = context && EVP_DecryptInit_ex(context, cipher, NULL, key, iv) == 1 &&
                    EVP_DecryptUpdate(context, room, &first, data.p, (int)data.n) == 1 &&
                    EVP_DecryptFinal_ex(context, room + first, &last) == 1;

        ERR_clear_error();
        ENSURE(good, ERR_KEY_PASSWORD);
        plain->n = (size_t)first + (size_t)last;
        return RES_OK;
}

static res decrypt(const struct scheme *scheme, struct str password, struct buf *plain)
{
        uint8_t key[KEY_SIZE];

        TRY(derive(scheme, password, key));
        res opened = pki_key_decrypt(scheme->cipher->cipher(), key, scheme->iv.p, scheme->data, plain);

        secret_wipe(key, sizeof(key));
        return opened;
}

static res read_plain(struct bytes plain, struct pki_key **ret_key)
{
        CLEAN(pki_key_free_ptr) struct pki_key *key = NULL;

        TRY(pki_key_from_pkcs8(plain, &key));
        TRY(pki_key_check_pair(key));
        *ret_key = key;
        key = NULL;
        return RES_OK;
}

res pki_key_from_encrypted(struct bytes der, struct str password, struct pki_key **ret_key)
{
        CLEAN(buf_wipe) struct buf plain = {0};
        struct scheme scheme = {0};
        res result;

        buf_init(&plain, PLAIN_MAX + BLOCK_MAX);
        TRY(read_scheme(der, &scheme));
        TRY(decrypt(&scheme, password, &plain));
        result = read_plain(buf_bytes(&plain), ret_key);
        /* Wrong passwords pass the padding once in 256 times and end here. */
        return result.err == ERR_FORMAT ? FAIL(ERR_KEY_PASSWORD) : result;
}
