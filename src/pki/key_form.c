/*
 * Private keys as bytes: PKCS#8 and the two older forms.  The outer form, the algorithm and the sizes are checked by
 * our own strict reader first, so that OpenSSL never sees explicit curve parameters (CVE-2022-0778) or a modulus of
 * any length a stranger likes.
 */
#include <openssl/err.h>
#include <openssl/x509.h>

#include "pki/der.h"
#include "pki/key_inner.h"
#include "pki/pem.h"

#define RSA_BYTES_MIN 128
#define RSA_BYTES_MAX 1024
#define DER_MAX (32 * 1024)

static const uint8_t rsa_algorithm[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
static const uint8_t ec_key_oid[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
static const uint8_t p256_oid[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t p384_oid[] = {0x2b, 0x81, 0x04, 0x00, 0x22};
static const uint8_t sm2_oid[] = {0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d};

static size_t curve_bytes(struct bytes oid)
{
        if (der_oid_equal(oid, bytes_of(p256_oid, sizeof(p256_oid))) ||
            der_oid_equal(oid, bytes_of(sm2_oid, sizeof(sm2_oid))))
                return 32;
        return der_oid_equal(oid, bytes_of(p384_oid, sizeof(p384_oid))) ? 48 : 0;
}

/* RSAPrivateKey (RFC 8017 §A.1.2), two primes. */
static res check_rsa(struct bytes der)
{
        struct der in;
        uint64_t version = 0;
        struct bytes modulus, part;

        TRY(der_enter_all(der, DER_SEQUENCE, &in));
        TRY(der_read_small(&in, &version));
        ENSURE(version == 0, ERR_KEY_TYPE);
        TRY(der_read_unsigned(&in, &modulus));
        ENSURE(modulus.n >= RSA_BYTES_MIN && modulus.n <= RSA_BYTES_MAX, ERR_KEY_TYPE);
        for (int i = 0; i < 7; i++) {
                TRY(der_read_unsigned(&in, &part));
                ENSURE(part.n <= modulus.n && part.p[0] != 0, ERR_FORMAT);
        }
        return der_end(&in);
}

/* ECPrivateKey (RFC 5915 §3).  `curve` is known from outside, or (n = 0) is to be read from the key. */
static res check_ec(struct bytes der, struct bytes *curve)
{
        struct der in, inner;
        uint64_t version = 0;
        struct der_value scalar;
        struct bytes named, point;

        TRY(der_enter_all(der, DER_SEQUENCE, &in));
        TRY(der_read_small(&in, &version));
        TRY(der_read_tag(&in, DER_OCTET_STRING, &scalar));
        ENSURE(version == 1, ERR_FORMAT);
        if (der_next_is(&in, DER_CONTEXT_CONSTRUCTED(0))) {
                TRY(der_enter(&in, DER_CONTEXT_CONSTRUCTED(0), &inner));
                ENSURE(der_next_is(&inner, DER_OID), ERR_KEY_TYPE);
                TRY(der_read_oid(&inner, &named));
                TRY(der_end(&inner));
                ENSURE(curve->n == 0 || der_oid_equal(*curve, named), ERR_FORMAT);
                *curve = named;
        }
        ENSURE(curve->n > 0 && curve_bytes(*curve) > 0, ERR_KEY_TYPE);
        ENSURE(scalar.content.n == curve_bytes(*curve), ERR_FORMAT);
        if (der_next_is(&in, DER_CONTEXT_CONSTRUCTED(1))) {
                TRY(der_enter(&in, DER_CONTEXT_CONSTRUCTED(1), &inner));
                TRY(der_read_bits(&inner, &point));
                TRY(der_end(&inner));
                ENSURE(point.n == 1 + 2 * curve_bytes(*curve) && point.p[0] == 0x04, ERR_KEY_TYPE);
        }
        return der_end(&in);
}

static res check_ec_algorithm(struct bytes algorithm, struct bytes key)
{
        struct der in = der_of(algorithm);
        struct bytes oid, curve;

        TRY(der_read_oid(&in, &oid));
        ENSURE(der_oid_equal(oid, bytes_of(ec_key_oid, sizeof(ec_key_oid))), ERR_KEY_TYPE);
        ENSURE(der_next_is(&in, DER_OID), ERR_KEY_TYPE);
        TRY(der_read_oid(&in, &curve));
        TRY(der_end(&in));
        return check_ec(key, &curve);
}

/* PrivateKeyInfo, version 0; attributes are allowed and not looked at. */
static res check_pkcs8(struct bytes der)
{
        struct der in;
        uint64_t version = 0;
        struct der_value algorithm, key, attributes;

        TRY(der_enter_all(der, DER_SEQUENCE, &in));
        TRY(der_read_small(&in, &version));
        ENSURE(version == 0, ERR_FORMAT);
        TRY(der_read_tag(&in, DER_SEQUENCE, &algorithm));
        TRY(der_read_tag(&in, DER_OCTET_STRING, &key));
        if (der_next_is(&in, DER_CONTEXT_CONSTRUCTED(0)))
                TRY(der_read(&in, &attributes));
        TRY(der_end(&in));
        if (der_oid_equal(algorithm.content, bytes_of(rsa_algorithm, sizeof(rsa_algorithm))))
                return check_rsa(key.content);
        return check_ec_algorithm(algorithm.content, key.content);
}

static void free_info(PKCS8_PRIV_KEY_INFO **info)
{
        PKCS8_PRIV_KEY_INFO_free(*info);
}

res pki_key_from_pkcs8(struct bytes der, struct pki_key **ret_key)
{
        CLEAN(free_info) PKCS8_PRIV_KEY_INFO *info = NULL;
        const unsigned char *p = der.p;
        EVP_PKEY *pkey;

        TRY(check_pkcs8(der));
        info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)der.n);
        pkey = info ? EVP_PKCS82PKEY(info) : NULL;
        ERR_clear_error();
        ENSURE(pkey, ERR_FORMAT);
        return pki_key_wrap(pkey, ret_key);
}

res pki_key_to_pkcs8(const struct pki_key *key, struct secret *ret_der)
{
        CLEAN(free_info) PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key->pkey);
        unsigned char *der = NULL;
        int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;
        res result;

        ENSURE(size > 0, ERR_CRYPTO);
        result = secret_init_copy(ret_der, der, (size_t)size);
        OPENSSL_clear_free(der, (size_t)size);
        return result;
}

res pki_key_to_pem(const struct pki_key *key, struct buf *out)
{
        CLEAN(secret_done) struct secret der = {0};

        TRY(pki_key_to_pkcs8(key, &der));
        pki_pem_write(PKI_PEM_KEY, secret_bytes(&der), out);
        return buf_check(out);
}

/* Dress an older form as PKCS#8 and read that. */
static res from_older(struct bytes algorithm, struct bytes key_der, struct pki_key **ret_key)
{
        CLEAN(buf_wipe) struct buf der = {0};
        struct der_mark whole, inner;

        buf_init(&der, DER_MAX);
        whole = der_open(&der, DER_SEQUENCE);
        der_add_small(&der, 0);
        inner = der_open(&der, DER_SEQUENCE);
        buf_add(&der, algorithm.p, algorithm.n);
        der_close(&der, inner);
        der_add(&der, DER_OCTET_STRING, key_der);
        der_close(&der, whole);
        TRY(buf_check(&der));
        return pki_key_from_pkcs8(buf_bytes(&der), ret_key);
}

res pki_key_from_pkcs1(struct bytes key_der, struct pki_key **ret_key)
{
        return from_older(bytes_of(rsa_algorithm, sizeof(rsa_algorithm)), key_der, ret_key);
}

res pki_key_from_sec1(struct bytes key_der, struct pki_key **ret_key)
{
        CLEAN(buf_done) struct buf algorithm = {0};
        struct bytes curve = {NULL, 0};

        buf_init(&algorithm, 64);
        TRY(check_ec(key_der, &curve));
        der_add_oid(&algorithm, bytes_of(ec_key_oid, sizeof(ec_key_oid)));
        der_add_oid(&algorithm, curve);
        TRY(buf_check(&algorithm));
        return from_older(buf_bytes(&algorithm), key_der, ret_key);
}
