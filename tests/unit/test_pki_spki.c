/* Public keys: our reader beside OpenSSL's, and the key gate (BR 6.1.1.3, 6.1.5, 6.1.6; PKP, CON-15). */
#include "pki_spec.h"

#include <openssl/x509.h>

static struct pki_kit *kit;

static res check(struct bytes der, const char **why)
{
        struct pki_spki spki;

        TRY(pki_spki_parse(der, &spki));
        return pki_spki_check(kit, &spki, why);
}

/* RSA key of n and e. */
static void write_rsa(struct bytes n, struct bytes e, struct buf *out)
{
        static const uint8_t alg[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                      0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
        struct der_mark whole = der_open(out, DER_SEQUENCE), inner;
        struct buf key;

        buf_init(&key, 4096);
        inner = der_open(&key, DER_SEQUENCE);
        der_add_unsigned(&key, n);
        der_add_unsigned(&key, e);
        der_close(&key, inner);
        buf_add(out, alg, sizeof(alg));
        der_add_bits(out, buf_bytes(&key));
        der_close(out, whole);
        buf_done(&key);
}

/* Incident 10 (ROCA 2017, close primes 2022); Debian's keys of 2008: test_core_weak_list. */
static void test_weak_moduli(void **state)
{
        static const struct {
                const char *modulus, *word;
        } cases[] = {
                {WEAK_CLOSE_PRIMES, "close"},
                {WEAK_ROCA, "ROCA"},
                {WEAK_SMALL_FACTOR, "752"},
                {WEAK_SQUARE, "close"},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                const char *why = "";
                struct buf der;

                buf_init(&der, 1024);
                weak_spki_write(cases[i].modulus, &der);
                FAILS(ERR_KEY_WEAK, check(buf_bytes(&der), &why));
                if (!strstr(why, cases[i].word))
                        fail_msg("%s", why);
                FAILS(ERR_KEY_WEAK, check(buf_bytes(&der), NULL));
                buf_done(&der);
        }
}

static void test_sizes_and_exponents(void **state)
{
        struct pki_key *key = NULL;
        struct pki_spki spki;
        uint8_t large[33] = {1};
        const char *why = NULL;
        static const struct {
                uint8_t e[5];
                size_t n;
                enum err err;
        } cases[] = {{{1}, 1, ERR_KEY_WEAK},          {{3}, 1, ERR_KEY_WEAK},        {{17}, 1, ERR_KEY_WEAK},
                     {{0xff, 0xff}, 2, ERR_KEY_WEAK}, {{1, 0, 0}, 3, ERR_KEY_WEAK},  {{1, 0, 1}, 3, ERR_NONE},
                     {{1, 0, 3}, 3, ERR_NONE},        {{1, 0, 0, 0, 1}, 5, ERR_NONE}};
        struct buf der;

        (void)state;
        buf_init(&der, 4096);
        OK(pki_key_generate(PKI_KEY_RSA_2048, &key));
        OK(pki_spki_parse(pki_key_spki(key), &spki));
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                buf_clear(&der);
                write_rsa(spki.modulus, bytes_of(cases[i].e, cases[i].n), &der);
                FAILS(cases[i].err, check(buf_bytes(&der), &why));
        }
        large[32] = 1;
        buf_clear(&der);
        write_rsa(spki.modulus, bytes_of(large, sizeof(large)), &der);
        FAILS(ERR_KEY_WEAK, check(buf_bytes(&der), &why));
        for (size_t size = 1; size < spki.modulus.n; size += 30) { /* too small */
                buf_clear(&der);
                write_rsa(bytes_of(spki.modulus.p, size), spki.exponent, &der);
                FAILS(ERR_KEY_WEAK, check(buf_bytes(&der), &why));
        }
        buf_clear(&der);
        write_rsa(bytes_of("\0", 1), spki.exponent, &der);
        FAILS(ERR_FORMAT, check(buf_bytes(&der), &why));
        buf_done(&der);
        pki_key_free(key);
}

static void test_curves(void **state)
{
        struct pki_key *key = NULL;
        const char *why = NULL;
        uint8_t der[256];
        size_t n;

        (void)state;
        for (unsigned type = PKI_KEY_EC_P256; type <= PKI_KEY_SM2; type++) {
                struct pki_spki spki;

                OK(pki_key_generate((enum pki_key_type)type, &key));
                n = pki_key_spki(key).n;
                memcpy(der, pki_key_spki(key).p, n);
                OK(pki_spki_parse(bytes_of(der, n), &spki));
                assert_int_equal(spki.key_type, type);
                OK(check(bytes_of(der, n), &why));
                der[n - 1] ^= 1; /* off the curve */
                FAILS(ERR_KEY_WEAK, check(bytes_of(der, n), &why));
                memset(der + n - spki.point.n + 1, 0, spki.point.n - 1);
                FAILS(ERR_KEY_WEAK, check(bytes_of(der, n), &why));
                memset(der + n - spki.point.n + 1, 0xff, spki.point.n - 1);
                FAILS(ERR_KEY_WEAK, check(bytes_of(der, n), &why));
                der[n - spki.point.n] = 2; /* compressed */
                FAILS(ERR_KEY_TYPE, pki_spki_parse(bytes_of(der, n), &spki));
                pki_key_free(key);
        }
}

static EVP_PKEY *other_key(const char *type, const char *group, const char *format, const char *encoding)
{
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
        EVP_PKEY *key = NULL;

        assert_true(EVP_PKEY_keygen_init(context) > 0);
        if (group)
                assert_true(EVP_PKEY_CTX_set_group_name(context, group) > 0);
        assert_true(EVP_PKEY_generate(context, &key) > 0);
        if (format)
                assert_true(EVP_PKEY_set_utf8_string_param(key, "point-format", format));
        if (encoding)
                assert_true(EVP_PKEY_set_utf8_string_param(key, "encoding", encoding));
        EVP_PKEY_CTX_free(context);
        return key;
}

/* CVE-2022-0778: explicit curve parameters never reach OpenSSL; other algorithms have their own error. */
static void test_other_kinds(void **state)
{
        static const struct {
                const char *type, *group, *format, *encoding;
        } cases[] = {{"ED25519", NULL, NULL, NULL},     {"EC", "P-521", NULL, NULL},
                     {"EC", "secp256k1", NULL, NULL},   {"EC", "P-256", "compressed", NULL},
                     {"EC", "P-256", NULL, "explicit"}, {"RSA-PSS", NULL, NULL, NULL}};

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                EVP_PKEY *key = other_key(cases[i].type, cases[i].group, cases[i].format, cases[i].encoding);
                unsigned char *der = NULL;
                int n = i2d_PUBKEY(key, &der);
                struct pki_spki spki;

                assert_true(n > 0);
                FAILS(ERR_KEY_TYPE, pki_spki_parse(bytes_of(der, (size_t)n), &spki));
                OPENSSL_free(der);
                EVP_PKEY_free(key);
        }
}

/* Sign by us, verify by us and by OpenSSL; every kind, every digest. */
static void test_signatures(void **state)
{
        (void)state;
        for (unsigned type = PKI_KEY_RSA_2048; type < PKI_KEY_TYPE_COUNT; type++) {
                struct pki_key *key = NULL;
                struct pki_spki spki;
                struct pki_alg alg;
                struct buf signature;

                if (type == PKI_KEY_RSA_4096)
                        continue; /* as 2048, and slow to make */
                OK(pki_key_generate((enum pki_key_type)type, &key));
                OK(pki_spki_parse(pki_key_spki(key), &spki));
                alg = pki_key_alg(key);
                buf_init(&signature, 1024);
                for (int round = 0; round < 3; round++) {
                        buf_clear(&signature);
                        if (alg.family != PKI_FAMILY_SM2)
                                alg.digest = (enum pki_digest)(PKI_SHA256 + round);
                        OK(pki_key_sign(key, alg, STR_BYTES("message"), &signature));
                        OK(pki_spki_verify(kit, &spki, alg, STR_BYTES("message"), buf_bytes(&signature)));
                        FAILS(ERR_SIGNATURE,
                              pki_spki_verify(kit, &spki, alg, STR_BYTES("messagE"), buf_bytes(&signature)));
                        signature.p[signature.n - 1] ^= 1;
                        FAILS(ERR_SIGNATURE,
                              pki_spki_verify(kit, &spki, alg, STR_BYTES("message"), buf_bytes(&signature)));
                        FAILS(ERR_SIGNATURE, pki_spki_verify(kit, &spki, alg, STR_BYTES("message"), bytes_of(NULL, 0)));
                }
                alg.family = alg.family == PKI_FAMILY_RSA ? PKI_FAMILY_ECC : PKI_FAMILY_RSA;
                FAILS(ERR_CRYPTO, pki_key_sign(key, alg, STR_BYTES("message"), &signature));
                FAILS(ERR_SIGNATURE, pki_spki_verify(kit, &spki, alg, STR_BYTES("message"), buf_bytes(&signature)));
                buf_done(&signature);
                pki_key_free(key);
        }
}

/* Whatever we take, OpenSSL takes; good keys changed in one byte. */
static void test_against_openssl(void **state)
{
        static const enum pki_key_type types[] = {PKI_KEY_RSA_2048, PKI_KEY_EC_P256, PKI_KEY_EC_P384};

        (void)state;
        for (size_t i = 0; i < 3; i++) {
                struct pki_key *key = NULL;
                uint8_t der[512];
                size_t n;

                OK(pki_key_generate(types[i], &key));
                n = pki_key_spki(key).n;
                for (size_t at = 0; at < n; at++) {
                        const unsigned char *p = der;
                        struct pki_spki spki;
                        EVP_PKEY *read;

                        memcpy(der, pki_key_spki(key).p, n);
                        der[at] = (uint8_t)random_u64();
                        if (!res_is_ok(pki_spki_parse(bytes_of(der, n), &spki)) ||
                            !res_is_ok(pki_spki_check(kit, &spki, NULL)))
                                continue;
                        read = d2i_PUBKEY(NULL, &p, (long)n);
                        assert_non_null(read);
                        assert_int_equal(EVP_PKEY_get_bits(read), spki.bits);
                        EVP_PKEY_free(read);
                }
                pki_key_free(key);
        }
}

static int set_up(void **state)
{
        (void)state;
        OK(pki_kit_new(&kit));
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        pki_kit_free(kit);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_weak_moduli), cmocka_unit_test(test_sizes_and_exponents),
                cmocka_unit_test(test_curves),      cmocka_unit_test(test_other_kinds),
                cmocka_unit_test(test_signatures),  cmocka_unit_test(test_against_openssl),
        };

        return cmocka_run_group_tests_name("pki_spki", tests, set_up, tear_down);
}
