/*
 * The Java KeyStore, version 2, by hand, because no library in C writes it.  Big-endian: a magic number, entries, and
 * at the end a SHA-1 over the password and all of it.  The key is XORed with a stream of SHA-1 values chained from the
 * password and a salt, with a digest of the plain key behind it.  The password goes in as UTF-16, big-endian.
 */
#include <openssl/evp.h>

#include "base/limits.h"
#include "base/random.h"
#include "pki/der.h"
#include "pki/keystore_inner.h"

#define MAGIC 0xfeedfeedu
#define VERSION 2
#define TAG_PRIVATE_KEY 1
#define HASH 20
#define STORE_WORD "Mighty Aphrodite" /* part of the format */
#define KEY_MAX (16 * 1024)

/* 1.3.6.1.4.1.42.2.17.1.1: Sun's key protector. */
static const uint8_t oid_protector[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x2a, 0x02, 0x11, 0x01, 0x01};

/* ---- password ---------------------------------------------------------------------------------- */

/* The next character of checked UTF-8. */
static uint32_t next_char(struct str *text)
{
        uint32_t c = (uint8_t)*text->p++;
        int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;

        text->n--;
        if (more > 0)
                c &= 0x3fu >> more;
        for (; more > 0; more--, text->n--)
                c = c << 6 | ((uint8_t)*text->p++ & 0x3f);
        return c;
}

static void utf16(struct str text, struct buf *out)
{
        while (text.n > 0) {
                uint32_t c = next_char(&text);

                if (c >= 0x10000) {
                        c -= 0x10000;
                        buf_add_u16(out, (uint16_t)(0xd800 | c >> 10));
                        c = 0xdc00 | (c & 0x3ff);
                }
                buf_add_u16(out, (uint16_t)c);
        }
}

static res hash(struct bytes first, struct bytes second, struct bytes third, uint8_t out[HASH])
{
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        bool good = context && EVP_DigestInit_ex(context, EVP_sha1(), NULL) == 1 &&
                    EVP_DigestUpdate(context, first.p, first.n) == 1 &&
                    EVP_DigestUpdate(context, second.p, second.n) == 1 &&
                    EVP_DigestUpdate(context, third.p, third.n) == 1 && EVP_DigestFinal_ex(context, out, NULL) == 1;

        EVP_MD_CTX_free(context);
        ENSURE(good, ERR_CRYPTO);
        return RES_OK;
}

/* ---- key --------------------------------------------------------------------------------------- */

static res protect(struct bytes plain, struct bytes password, struct buf *out)
{
        uint8_t salt[HASH], stream[HASH], digest[HASH];
        const struct bytes none = {(const uint8_t *)"", 0};

        random_bytes(salt, sizeof(salt));
        TRY(hash(password, plain, none, digest));
        memcpy(stream, salt, sizeof(stream));
        buf_add(out, salt, sizeof(salt));
        for (size_t i = 0; i < plain.n; i++) {
                if (i % HASH == 0)
                        TRY(hash(password, bytes_of(stream, HASH), none, stream));
                buf_add_byte(out, plain.p[i] ^ stream[i % HASH]);
        }
        buf_add(out, digest, sizeof(digest));
        return buf_check(out);
}

/* EncryptedPrivateKeyInfo around the protected bytes. */
static res write_key(const struct pki_key *key, struct bytes password, struct buf *out)
{
        CLEAN(secret_done) struct secret plain = {0};
        CLEAN(buf_done) struct buf protected = {0};
        struct der_mark whole, algorithm;

        buf_init(&protected, KEY_MAX);
        TRY(pki_key_to_pkcs8(key, &plain));
        TRY(protect(secret_bytes(&plain), password, &protected));
        whole = der_open(out, DER_SEQUENCE);
        algorithm = der_open(out, DER_SEQUENCE);
        der_add_oid(out, bytes_of(oid_protector, sizeof(oid_protector)));
        der_add_null(out);
        der_close(out, algorithm);
        der_add(out, DER_OCTET_STRING, buf_bytes(&protected));
        der_close(out, whole);
        return buf_check(out);
}

/* ---- store ------------------------------------------------------------------------------------- */

static void add_block(struct buf *out, struct bytes content)
{
        buf_add_u32(out, (uint32_t)content.n);
        buf_add(out, content.p, content.n);
}

static void add_utf(struct buf *out, const char *text, size_t n)
{
        buf_add_u16(out, (uint16_t)n);
        buf_add(out, text, n);
}

static res write_entry(const struct pki_keystore *store, struct bytes password, struct buf *out)
{
        CLEAN(buf_done) struct buf key = {0};
        char alias[256];

        buf_init(&key, KEY_MAX);
        TRY(write_key(store->key, password, &key));
        memcpy(alias, store->alias.p, store->alias.n);
        str_lower_ascii(alias, store->alias.n); /* Java looks aliases up in lower case */
        buf_add_u32(out, TAG_PRIVATE_KEY);
        add_utf(out, alias, store->alias.n);
        buf_add_u64(out, (uint64_t)store->created_at * 1000);
        add_block(out, buf_bytes(&key));
        buf_add_u32(out, (uint32_t)store->chain_count);
        for (size_t i = 0; i < store->chain_count; i++) {
                add_utf(out, "X.509", 5);
                add_block(out, store->chain[i]);
        }
        return buf_check(out);
}

res pki_keystore_jks(const struct pki_keystore *store, struct buf *out)
{
        CLEAN(buf_wipe) struct buf password = {0};
        uint8_t digest[HASH];
        size_t start = out->n;

        TRY(pki_keystore_check(store));
        buf_init(&password, (size_t)4 * LIMIT_PASSWORD_BYTES);
        utf16(store->password, &password);
        TRY(buf_check(&password));
        buf_add_u32(out, MAGIC);
        buf_add_u32(out, VERSION);
        buf_add_u32(out, 1);
        TRY(write_entry(store, buf_bytes(&password), out));
        TRY(hash(buf_bytes(&password), bytes_of(STORE_WORD, sizeof(STORE_WORD) - 1),
                 bytes_of(out->p + start, out->n - start), digest));
        buf_add(out, digest, sizeof(digest));
        return buf_check(out);
}
