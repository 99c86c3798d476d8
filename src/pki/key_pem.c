/*
 * Private keys as people have them in files.  The form is told by the PEM label or, in DER, by trying; everything then
 * goes through the readers of key_form.c and key_encrypted.c.  The older encrypted PEM derives its key by one round of
 * MD5: nothing to be proud of, but old servers' files are like that, and what is read is sealed afterwards.
 */
#include <openssl/evp.h>

#include "base/b64.h"
#include "base/hex.h"
#include "pki/der.h"
#include "pki/key_inner.h"
#include "pki/pem.h"

#define KEY_TEXT_MAX (32 * 1024)
#define DEK_SALT 8 /* the first bytes of the IV */
#define DEK_KEY_MAX 32
#define DEK_IV_MAX 16

struct dek_row {
        const char *name;
        const EVP_CIPHER *(*cipher)(void);
        size_t key_size, iv_size;
};

static const struct dek_row dek_rows[] = {
        {"AES-256-CBC", EVP_aes_256_cbc, 32, 16},
        {"AES-192-CBC", EVP_aes_192_cbc, 24, 16},
        {"AES-128-CBC", EVP_aes_128_cbc, 16, 16},
        {"DES-EDE3-CBC", EVP_des_ede3_cbc, 24, 8},
};

struct dek {
        const struct dek_row *row;
        uint8_t iv[DEK_IV_MAX];
};

static struct str header_value(struct str headers, struct str name)
{
        while (headers.p && headers.n > 0) {
                struct str value = str_cut(&headers, '\n'), found = str_cut(&value, ':');

                if (str_equal_nocase(str_trim(found), name) && value.p) {
                        value.n -= value.n > 0 && value.p[value.n - 1] == '\r';
                        return str_trim(value);
                }
        }
        return (struct str){NULL, 0};
}

/* "AES-256-CBC,00112233445566778899AABBCCDDEEFF" */
static res read_dek(struct str headers, struct dek *dek)
{
        struct str iv = header_value(headers, STR("DEK-Info"));

        ENSURE(iv.p, ERR_FORMAT);
        struct str name = str_trim(str_cut(&iv, ','));

        for (size_t i = 0; i < sizeof(dek_rows) / sizeof(*dek_rows); i++)
                if (str_equal_nocase(name, str_of(dek_rows[i].name)))
                        dek->row = &dek_rows[i];
        ENSURE(dek->row, ERR_KEY_TYPE);
        ENSURE(iv.p, ERR_FORMAT);
        return hex_decode(str_trim(iv), dek->iv, dek->row->iv_size);
}

static res dek_decrypt(const struct dek *dek, struct str password, struct bytes data, struct buf *plain)
{
        const EVP_CIPHER *cipher = dek->row->cipher();
        uint8_t key[DEK_KEY_MAX];
        bool is_made = EVP_BytesToKey(cipher, EVP_md5(), dek->iv, (const uint8_t *)password.p, (int)password.n, 1, key, NULL) ==
                       (int)dek->row->key_size;
        res opened = is_made ? pki_key_decrypt(cipher, key, dek->iv, data, plain) : FAIL(ERR_CRYPTO);

        secret_wipe(key, sizeof(key));
        return opened;
}

static res from_open(struct str label, struct bytes der, struct pki_key **ret_key)
{
        if (str_equal(label, PKI_PEM_KEY))
                return pki_key_from_pkcs8(der, ret_key);
        if (str_equal(label, PKI_PEM_RSA_KEY))
                return pki_key_from_pkcs1(der, ret_key);
        if (str_equal(label, PKI_PEM_EC_KEY))
                return pki_key_from_sec1(der, ret_key);
        return FAIL(ERR_KEY_TYPE);
}

static res from_dek(struct str label, struct str headers, struct bytes data, struct str password,
                    struct pki_key **ret_key)
{
        CLEAN(buf_wipe) struct buf plain = {0};
        struct dek dek = {0};

        buf_init(&plain, KEY_TEXT_MAX + DEK_IV_MAX);
        TRY(read_dek(headers, &dek));
        ENSURE(password.n > 0, ERR_KEY_PASSWORD);
        TRY(dek_decrypt(&dek, password, data, &plain));
        res result = from_open(label, buf_bytes(&plain), ret_key);

        /* Wrong passwords pass the padding once in 256 times and end here. */
        return result.err == ERR_FORMAT ? FAIL(ERR_KEY_PASSWORD) : result;
}

/* Encrypted keys are checked as a pair on the way. */
static res from_block(struct str label, struct str headers, struct bytes der, struct str password, bool *ret_encrypted,
                      struct pki_key **ret_key)
{
        *ret_encrypted = headers.n > 0 || str_equal(label, PKI_PEM_ENCRYPTED_KEY);
        if (headers.n > 0)
                return from_dek(label, headers, der, password, ret_key);
        if (!*ret_encrypted)
                return from_open(label, der, ret_key);
        ENSURE(password.n > 0, ERR_KEY_PASSWORD);
        return pki_key_from_encrypted(der, password, ret_key);
}

/* `openssl ecparam -genkey` writes the curve in a block of its own before the key, where it says nothing new. */
static res read_key_block(struct str *rest, struct str *ret_label, struct str *ret_headers, struct buf *der)
{
        TRY(pki_pem_read_headed(rest, ret_label, ret_headers, der));
        if (!str_equal(*ret_label, STR("EC PARAMETERS")))
                return RES_OK;
        buf_clear(der);
        return pki_pem_read_headed(rest, ret_label, ret_headers, der);
}

static res import_pem(struct str pem, struct str password, bool *ret_encrypted, struct pki_key **ret_key)
{
        CLEAN(buf_wipe) struct buf der = {0};
        struct str rest = pem, label, headers;

        buf_init(&der, KEY_TEXT_MAX);
        TRY(read_key_block(&rest, &label, &headers, &der));
        TRY(pki_pem_end(rest));
        return from_block(label, headers, buf_bytes(&der), password, ret_encrypted, ret_key);
}

/* The forms do not look alike: after the version PKCS#8 has a SEQUENCE, PKCS#1 an INTEGER, SEC1 an OCTET STRING; the encrypted one has no version. */
static res import_der(struct bytes der, struct str password, bool *ret_encrypted, struct pki_key **ret_key)
{
        struct der in;
        uint64_t version = 0;

        *ret_encrypted = false;
        TRY(der_enter_all(der, DER_SEQUENCE, &in));
        if (der_next_is(&in, DER_SEQUENCE))
                return from_block(PKI_PEM_ENCRYPTED_KEY, (struct str){NULL, 0}, der, password, ret_encrypted, ret_key);
        TRY(der_read_small(&in, &version));
        if (der_next_is(&in, DER_INTEGER))
                return pki_key_from_pkcs1(der, ret_key);
        return der_next_is(&in, DER_OCTET_STRING) ? pki_key_from_sec1(der, ret_key) : pki_key_from_pkcs8(der, ret_key);
}

static bool is_pem(struct bytes in)
{
        struct str text = {(const char *)in.p, in.n};

        while (text.n > 0 && (text.p[0] == '\n' || text.p[0] == '\r' || text.p[0] == ' ' || text.p[0] == '\t'))
                text = (struct str){text.p + 1, text.n - 1};
        return str_starts_with(text, STR("-----"));
}

/* Nothing that begins with a SEQUENCE is base64. */
static res import_any(struct bytes in, struct str password, bool *ret_encrypted, struct pki_key **ret_key)
{
        CLEAN(buf_wipe) struct buf der = {0};

        if (is_pem(in))
                return import_pem((struct str){(const char *)in.p, in.n}, password, ret_encrypted, ret_key);
        if (in.n > 0 && in.p[0] == DER_SEQUENCE)
                return import_der(in, password, ret_encrypted, ret_key);
        buf_init(&der, KEY_TEXT_MAX);
        TRY(pki_pem_read_bare((struct str){(const char *)in.p, in.n}, &der));
        return import_der(buf_bytes(&der), password, ret_encrypted, ret_key);
}

res pki_key_import(struct bytes in, struct str password, bool *ret_encrypted, struct pki_key **ret_key)
{
        CLEAN(pki_key_free_ptr) struct pki_key *key = NULL;
        bool encrypted = false;

        ENSURE(in.n <= KEY_TEXT_MAX, ERR_TOO_LARGE);
        TRY(import_any(in, password, &encrypted, &key));
        TRY(pki_key_check_pair(key));
        *ret_encrypted = encrypted;
        *ret_key = key;
        key = NULL;
        return RES_OK;
}

res pki_key_from_pem(struct str pem, struct str password, struct pki_key **ret_key)
{
        CLEAN(pki_key_free_ptr) struct pki_key *key = NULL;
        bool encrypted = false;

        ENSURE(pem.n <= KEY_TEXT_MAX, ERR_TOO_LARGE);
        TRY(import_pem(pem, password, &encrypted, &key));
        TRY(pki_key_check_pair(key));
        *ret_key = key;
        key = NULL;
        return RES_OK;
}
