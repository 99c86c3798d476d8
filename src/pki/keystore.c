/*
 * PFX through OpenSSL, with the algorithms named one by one: its defaults are newer than many a Windows server.
 * The password is copied because OpenSSL wants it ended by a zero byte, and wiped with the copy.
 */
#include "pki/keystore.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include "base/limits.h"
#include "pki/cert.h"
#include "pki/key_inner.h"
#include "pki/keystore_inner.h"

#define ROUNDS 2048 /* what OpenSSL and Windows write; 3DES with SHA-1 is not what protects this file */
#define CHAIN_MAX 10
#define ALIAS_MAX 255

res pki_keystore_check(const struct pki_keystore *store)
{
        struct pki_cert leaf;

        ENSURE(store->chain_count >= 1 && store->chain_count <= CHAIN_MAX, ERR_FORMAT);
        TRY(pki_cert_parse(store->chain[0], &leaf));
        ENSURE(pki_cert_has_key(&leaf, store->key), ERR_FORMAT);
        ENSURE(store->password.n >= 1 && store->password.n <= LIMIT_PASSWORD_BYTES, ERR_FORMAT);
        ENSURE(str_is_utf8(store->password) && !memchr(store->password.p, 0, store->password.n), ERR_FORMAT);
        ENSURE(store->alias.n >= 1 && store->alias.n <= ALIAS_MAX, ERR_FORMAT);
        for (size_t i = 0; i < store->alias.n; i++)
                ENSURE(store->alias.p[i] > ' ' && store->alias.p[i] <= '~', ERR_FORMAT);
        return RES_OK;
}

static void free_x509(X509 **x509)
{
        X509_free(*x509);
}

static void free_stack(STACK_OF(X509) * *stack)
{
        sk_X509_pop_free(*stack, X509_free);
}

static void free_p12(PKCS12 **p12)
{
        PKCS12_free(*p12);
}

static X509 *read_x509(struct bytes der)
{
        const unsigned char *p = der.p;

        return d2i_X509(NULL, &p, (long)der.n);
}

static res read_rest(const struct pki_keystore *store, STACK_OF(X509) * rest)
{
        for (size_t i = 1; i < store->chain_count; i++) {
                X509 *x509 = read_x509(store->chain[i]);

                ENSURE(x509, ERR_FORMAT);
                if (sk_X509_push(rest, x509) <= 0) {
                        X509_free(x509);
                        return FAIL(ERR_MEMORY);
                }
        }
        return RES_OK;
}

static res write_p12(PKCS12 *p12, struct buf *out)
{
        unsigned char *der = NULL;
        int size = i2d_PKCS12(p12, &der);

        ENSURE(size > 0, ERR_CRYPTO);
        buf_add(out, der, (size_t)size);
        OPENSSL_free(der);
        return buf_check(out);
}

static res make_p12(const struct pki_keystore *store, const char *password, const char *alias, struct buf *out)
{
        CLEAN(free_x509) X509 *leaf = read_x509(store->chain[0]);
        CLEAN(free_stack) STACK_OF(X509) *rest = sk_X509_new_null();
        CLEAN(free_p12) PKCS12 *p12 = NULL;

        ENSURE(leaf && rest, ERR_FORMAT);
        TRY(read_rest(store, rest));
        p12 = PKCS12_create(password, alias, store->key->pkey, leaf, rest, NID_pbe_WithSHA1And3_Key_TripleDES_CBC,
                            NID_pbe_WithSHA1And3_Key_TripleDES_CBC, ROUNDS, /* mac_iter= */ -1, /* keytype= */ 0);
        ENSURE(p12, ERR_CRYPTO);
        ENSURE(PKCS12_set_mac(p12, password, -1, NULL, 0, ROUNDS, EVP_sha1()) == 1, ERR_CRYPTO);
        return write_p12(p12, out);
}

res pki_keystore_pfx(const struct pki_keystore *store, struct buf *out)
{
        char password[LIMIT_PASSWORD_BYTES + 1] = "", alias[ALIAS_MAX + 1] = "";
        res result;

        TRY(pki_keystore_check(store));
        memcpy(password, store->password.p, store->password.n);
        memcpy(alias, store->alias.p, store->alias.n);
        result = make_p12(store, password, alias, out);
        secret_wipe(password, sizeof(password));
        ERR_clear_error();
        return result;
}
