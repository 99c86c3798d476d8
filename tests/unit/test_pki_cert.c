/* Certificates: built by hand, read by OpenSSL, GnuTLS and our own reader.  Rules FREE-*, LIFE-*, DOM-21; BR 6.3.2, 7.1. */
#include "pki_help.h"

#include <time.h>

#include <openssl/x509v3.h>

#include "base/hex.h"
#include "pki/pem.h"

static X509 *parse(const struct buf *cert)
{
        const unsigned char *p = cert->p;
        X509 *x509 = d2i_X509(NULL, &p, (long)cert->n);

        assert_non_null(x509);
        assert_ptr_equal(p, cert->p + cert->n);
        return x509;
}

/* ---- what other programs say ------------------------------------------------------------------- */

static void write_pem(const struct help_dir *dir, const char *name, const struct buf *der)
{
        struct buf pem;

        buf_init(&pem, 65536);
        pki_pem_write(PKI_PEM_CERTIFICATE, buf_bytes(der), &pem);
        help_write(dir, name, buf_bytes(&pem));
        buf_done(&pem);
}

static void judged_by_others(enum pki_key_type root, enum pki_key_type intermediate, enum pki_key_type leaf)
{
        struct help *help = help_new_at(time(NULL) - 60, root, intermediate); /* certtool looks at the real clock */
        const struct str names[] = {STR("example.com"), STR("*.example.com"), STR("xn--fiqs8s.example.com"),
                                    STR("93.184.216.34"), STR("2606:2800:220:1::1")};
        struct pki_key *key = NULL;
        struct pki_cert_request request;
        struct help_dir dir;
        struct buf cert;
        char output[8192];

        OK(pki_key_generate(leaf, &key));
        buf_init(&cert, 32768);
        request = help_leaf(help, key, names, 5);
        help_issue(help, &request, help->intermediate.key, &cert);
        help_dir_new(&dir);
        write_pem(&dir, "root.pem", &help->root.cert);
        write_pem(&dir, "intermediate.pem", &help->intermediate.cert);
        write_pem(&dir, "leaf.pem", &cert);
        if (help_run(&dir,
                     "openssl verify -x509_strict -purpose sslserver -verify_hostname www.example.com -CAfile root.pem "
                     "-untrusted intermediate.pem leaf.pem",
                     output, sizeof(output)) != 0)
                fail_msg("openssl: %s", output);
        if (help_run(
                    &dir,
                    "openssl verify -x509_strict -verify_ip 93.184.216.34 -policy_check -policy 2.23.140.1.2.1 -explicit_policy "
                    "-CAfile root.pem -untrusted intermediate.pem leaf.pem",
                    output, sizeof(output)) != 0)
                fail_msg("openssl: %s", output);
        if (help_run(&dir,
                     "cat leaf.pem intermediate.pem >chain.pem; certtool --verify --verify-hostname example.com "
                     "--verify-purpose 1.3.6.1.5.5.7.3.1 --load-ca-certificate root.pem --infile chain.pem",
                     output, sizeof(output)) != 0)
                fail_msg("certtool: %s", output);
        assert_non_null(strstr(output, "Chain verification output: Verified."));
        help_dir_free(&dir);
        buf_done(&cert);
        pki_key_free(key);
        help_free(help);
}

static void test_judged_ecc(void **state)
{
        (void)state;
        judged_by_others(PKI_KEY_EC_P384, PKI_KEY_EC_P256, PKI_KEY_EC_P256);
}

static void test_judged_rsa(void **state)
{
        (void)state;
        judged_by_others(PKI_KEY_RSA_4096, PKI_KEY_RSA_2048, PKI_KEY_RSA_2048);
}

/* ---- fields ------------------------------------------------------------------------------------ */

struct fixture {
        struct help *help;
        struct pki_key *key;
};

static int set_up(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));

        f->help = help_new(PKI_KEY_EC_P384, PKI_KEY_EC_P256);
        OK(pki_key_generate(PKI_KEY_EC_P256, &f->key));
        *state = f;
        return 0;
}

static int tear_down(void **state)
{
        struct fixture *f = *state;

        pki_key_free(f->key);
        help_free(f->help);
        free(f);
        return 0;
}

/* BR 6.3.2, incident 4 (2021: one second too long): both ends count, so N days end one second early; the 2049/2050 change of form; leap years. */
static void test_validity(void **state)
{
        static const struct {
                const char *what;
                int64_t not_before, days;
                const char *end;
                int type;
        } cases[] = {
                {"90 days", 1795000000, 90, "Feb 16 11:06:39 2027 GMT", V_ASN1_UTCTIME},
                {"before a leap day", 1834876800, 1, "Feb 23 23:59:59 2028 GMT", V_ASN1_UTCTIME},
                {"28 February", 1835308800, 1, "Feb 28 23:59:59 2028 GMT", V_ASN1_UTCTIME},
                {"29 February", 1835308800 + 86400, 1, "Feb 29 23:59:59 2028 GMT", V_ASN1_UTCTIME},
                {"last second of 2049", 2524608000 - 86400, 1, "Dec 31 23:59:59 2049 GMT", V_ASN1_UTCTIME},
                {"first second of 2050", 2524608000 - 86399, 1, "Jan  1 00:00:00 2050 GMT", V_ASN1_GENERALIZEDTIME},
                {"over a leap day", 1835308800, 2, "Feb 29 23:59:59 2028 GMT", V_ASN1_UTCTIME},
                {"2100 is no leap year", 4107456000, 2, "Mar  1 23:59:59 2100 GMT", V_ASN1_GENERALIZEDTIME},
        };
        struct fixture *f = *state;
        const struct str name = STR("example.com");

        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                struct pki_cert_request request = help_leaf(f->help, f->key, &name, 1);
                struct pki_cert cert;
                struct buf tbs, der;
                BIO *bio = BIO_new(BIO_s_mem());
                char text[64] = "";
                X509 *x509;

                buf_init(&tbs, 32768);
                buf_init(&der, 32768);
                request.not_before = cases[i].not_before;
                request.not_after = cases[i].not_before + cases[i].days * HELP_DAY - 1;
                OK(pki_cert_build(&request, &tbs));
                OK(pki_cert_sign(f->help->intermediate.key, request.issuer->alg, buf_bytes(&tbs), &der));
                x509 = parse(&der);
                ASN1_TIME_print(bio, X509_get0_notAfter(x509));
                BIO_read(bio, text, sizeof(text) - 1);
                assert_string_equal(text, cases[i].end);
                assert_int_equal(ASN1_STRING_type(X509_get0_notAfter(x509)), cases[i].type);
                OK(pki_cert_parse(buf_bytes(&der), &cert));
                assert_int_equal(cert.not_before, request.not_before);
                assert_int_equal(cert.not_after, request.not_after);
                X509_free(x509);
                BIO_free(bio);
                buf_done(&tbs);
                buf_done(&der);
        }
}

static void issue(struct fixture *f, const struct str *names, size_t count, struct buf *der)
{
        struct pki_cert_request request = help_leaf(f->help, f->key, names, count);

        buf_init(der, 32768);
        help_issue(f->help, &request, f->help->intermediate.key, der);
}

/* DOM-21, CON-10: the common name is one of the names; over 64 bytes it is left out and the names become critical. */
static void test_common_name(void **state)
{
        const struct str long_name = STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bb");
        const struct str fitting = STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bb");
        struct fixture *f = *state;
        struct buf der;
        X509 *x509;

        assert_int_equal(fitting.n, 64);
        issue(f, &long_name, 1, &der);
        x509 = parse(&der);
        assert_int_equal(X509_NAME_entry_count(X509_get_subject_name(x509)), 0);
        assert_int_equal(
                X509_EXTENSION_get_critical(X509_get_ext(x509, X509_get_ext_by_NID(x509, NID_subject_alt_name, -1))),
                1);
        X509_free(x509);
        buf_done(&der);
        issue(f, &fitting, 1, &der);
        x509 = parse(&der);
        assert_int_equal(X509_NAME_entry_count(X509_get_subject_name(x509)), 1);
        assert_int_equal(
                X509_EXTENSION_get_critical(X509_get_ext(x509, X509_get_ext_by_NID(x509, NID_subject_alt_name, -1))),
                0);
        X509_free(x509);
        buf_done(&der);
}

/* What OpenSSL reads of a leaf, as text. */
static void test_extensions(void **state)
{
        static const struct {
                int nid;
                const char *text;
                int critical;
        } cases[] = {
                {NID_key_usage, "Digital Signature", 1},
                {NID_ext_key_usage, "TLS Web Server Authentication", 0},
                {NID_certificate_policies, "Policy: 2.23.140.1.2.1", 0},
                {NID_subject_alt_name,
                 "DNS:example.com, DNS:www.example.com, IP Address:93.184.216.34, IP Address:2606:2800:220:1:0:0:0:1",
                 0},
                {NID_info_access, "OCSP - URI:http://ca.example/ocsp\nCA Issuers - URI:http://ca.example/ca/dv-ecc.cer",
                 0},
                {NID_crl_distribution_points, "Full Name:\n  URI:http://ca.example/crl/dv-ecc/0.crl", 0},
        };
        struct fixture *f = *state;
        const struct str names[] = {STR("example.com"), STR("www.example.com"), STR("93.184.216.34"),
                                    STR("2606:2800:220:1::1")};
        struct buf der;
        X509 *x509;

        issue(f, names, 4, &der);
        x509 = parse(&der);
        assert_int_equal(X509_get_version(x509), 2);
        assert_int_equal(X509_get_ext_count(x509), 7); /* these and the authority key identifier */
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                X509_EXTENSION *extension = X509_get_ext(x509, X509_get_ext_by_NID(x509, cases[i].nid, -1));
                BIO *bio = BIO_new(BIO_s_mem());
                char text[512] = "";

                assert_non_null(extension);
                assert_int_equal(X509_EXTENSION_get_critical(extension), cases[i].critical);
                X509V3_EXT_print(bio, extension, 0, 0);
                BIO_read(bio, text, sizeof(text) - 1);
                if (strcmp(text, cases[i].text) != 0)
                        fail_msg("<%s> is not <%s>", text, cases[i].text);
                BIO_free(bio);
        }
        assert_memory_equal(ASN1_STRING_get0_data(X509_get0_authority_key_id(x509)), f->help->intermediate.key_id, 20);
        X509_free(x509);
        buf_done(&der);
}

/* Our reader sees what OpenSSL sees. */
static void test_read(void **state)
{
        struct fixture *f = *state;
        const struct str names[] = {STR("example.com"), STR("*.example.com"), STR("10.11.12.13"), STR("2001:db8::7")};
        struct pki_cert_request request = help_leaf(f->help, f->key, names, 4);
        struct arena *arena = arena_new(65536);
        struct pki_cert cert;
        struct pki_spki issuer;
        struct strs read = {0};
        struct buf der, tbs, text;
        char fingerprint[65], expected[65];
        uint8_t digest[32];
        unsigned size = 0;
        X509 *x509;

        buf_init(&der, 32768);
        buf_init(&tbs, 32768);
        buf_init(&text, 4096);
        OK(pki_cert_build(&request, &tbs));
        OK(pki_cert_sign(f->help->intermediate.key, request.issuer->alg, buf_bytes(&tbs), &der));
        OK(pki_cert_parse(buf_bytes(&der), &cert));
        x509 = parse(&der);
        assert_int_equal(cert.serial.n, 16);
        assert_memory_equal(cert.serial.p, request.serial, 16);
        assert_true(der.n == cert.der.n && cert.tbs.n == tbs.n && memcmp(cert.tbs.p, tbs.p, tbs.n) == 0);
        OK(pki_cert_names(&cert, arena, &read));
        assert_int_equal(read.n, 4);
        for (size_t i = 0; i < 4; i++)
                assert_true(str_equal(read.v[i], names[i]));
        OK(pki_name_text(cert.issuer, &text));
        assert_string_equal(buf_c(&text), "C=CN, O=Test \xe5\x8a\x9e, CN=Test DV");
        assert_int_equal(X509_digest(x509, EVP_sha256(), digest, &size), 1);
        hex_upper(bytes_of(digest, 32), expected);
        OK(pki_cert_fingerprint(f->help->kit, &cert, PKI_SHA256, fingerprint));
        assert_string_equal(fingerprint, expected);
        assert_true(pki_cert_has_key(&cert, f->key));
        assert_false(pki_cert_has_key(&cert, f->help->root.key));
        assert_false(cert.is_ca);
        assert_int_equal(cert.key_usage, PKI_KU_DIGITAL_SIGNATURE);
        assert_int_equal(cert.eku, PKI_EKU_SERVER_AUTH);
        OK(pki_spki_parse(pki_key_spki(f->help->intermediate.key), &issuer));
        OK(pki_cert_verify(f->help->kit, &cert, &issuer));
        OK(pki_spki_parse(pki_key_spki(f->help->root.key), &issuer));
        FAILS(ERR_SIGNATURE, pki_cert_verify(f->help->kit, &cert, &issuer));
        OK(pki_cert_parse(buf_bytes(&f->help->intermediate.cert), &cert));
        assert_true(cert.is_ca && cert.path_len == 0);
        OK(pki_cert_verify(f->help->kit, &cert, &issuer));
        X509_free(x509);
        arena_free(arena);
        buf_done(&der);
        buf_done(&tbs);
        buf_done(&text);
}

/* Every byte changed in turn: never a crash, and whatever is still read does not verify. */
static void test_damage(void **state)
{
        struct fixture *f = *state;
        const struct str names[] = {STR("example.com")};
        struct pki_spki issuer;
        struct pki_cert cert;
        struct buf der;
        size_t read = 0;

        issue(f, names, 1, &der);
        OK(pki_spki_parse(pki_key_spki(f->help->intermediate.key), &issuer));
        for (size_t i = 0; i < der.n; i++) {
                der.p[i] ^= 0x01;
                if (res_is_ok(pki_cert_parse(buf_bytes(&der), &cert)) && i % 7 == 0) {
                        FAILS(ERR_SIGNATURE, pki_cert_verify(f->help->kit, &cert, &issuer));
                        read++;
                }
                der.p[i] ^= 0x01;
                FAILS(ERR_FORMAT, pki_cert_parse(bytes_of(der.p, i), &cert)); /* cut off */
        }
        assert_true(read > 10);
        buf_done(&der);
}

/* BR 7.1: at least 64 bits from a generator, positive, below 2^159.  Incident 3: 63 bits at several CAs in 2019. */
static void test_serials(void **state)
{
        enum { COUNT = 100000 };
        static uint8_t serials[COUNT][PKI_SERIAL_SIZE];
        size_t ones[128] = {0};

        (void)state;
        for (size_t i = 0; i < COUNT; i++) {
                help_serial(serials[i]);
                assert_true(serials[i][0] >= 0x40 && serials[i][0] < 0x80);
                for (size_t bit = 0; bit < 128; bit++)
                        ones[bit] += serials[i][bit / 8] >> (7 - bit % 8) & 1;
        }
        assert_int_equal(ones[0], 0);
        assert_int_equal(ones[1], COUNT);
        for (size_t bit = 2; bit < 128; bit++) /* 6 standard deviations */
                assert_in_range(ones[bit], COUNT / 2 - 950, COUNT / 2 + 950);
        qsort(serials, COUNT, PKI_SERIAL_SIZE, (int (*)(const void *, const void *))(void (*)(void))memcmp);
        for (size_t i = 1; i < COUNT; i++)
                assert_memory_not_equal(serials[i - 1], serials[i], PKI_SERIAL_SIZE);
}

/* What cannot be written is refused, and nothing is signed. */
static void test_refused(void **state)
{
        struct fixture *f = *state;
        const struct str name = STR("example.com");
        struct pki_cert_request good = help_leaf(f->help, f->key, &name, 1), bad;
        struct buf out;

        buf_init(&out, 32768);
        bad = good;
        bad.ocsp_url = (struct str){NULL, 0};
        FAILS(ERR_FORMAT, pki_cert_build(&bad, &out));
        bad = good;
        bad.name_count = 0;
        FAILS(ERR_FORMAT, pki_cert_build(&bad, &out));
        bad = good;
        bad.spki.n--;
        FAILS(ERR_FORMAT, pki_cert_build(&bad, &out));
        bad = good;
        bad.not_after = INT64_MAX;
        assert_false(res_is_ok(pki_cert_build(&bad, &out)));
        buf_clear(&out);
        FAILS(ERR_CRYPTO, pki_cert_sign(f->key, pki_alg_of(PKI_KEY_RSA_2048), STR_BYTES("x"), &out));
        assert_int_equal(out.n, 0);
        buf_done(&out);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_judged_ecc),
                cmocka_unit_test(test_judged_rsa),
                cmocka_unit_test_setup_teardown(test_validity, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_common_name, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_extensions, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_read, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_damage, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
                cmocka_unit_test(test_serials),
        };

        return cmocka_run_group_tests_name("pki_cert", tests, NULL, NULL);
}
