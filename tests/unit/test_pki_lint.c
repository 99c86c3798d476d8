/*
 * The lint: a good certificate passes, and for each finding there is at least one certificate, broken in that one way,
 * that it names.  The bytes come from a builder of this test, so that anything can be written.  BR 7.1, RFC 5280 §4, DOM-21.
 */
#include "pki_spec.h"

static struct help *help;
static struct pki_key *key_p256, *key_rsa;
static struct buf weak_spki, other_name;
static struct pki_profile no_ip, ec_only;

static const char *lint(const struct spec *spec)
{
        struct pki_lint_context context = {.profile = spec->profile,
                                           .kit = help->kit,
                                           .now = spec->now,
                                           .issuer_name = help->intermediate.issuer.name,
                                           .issuer_key_id = help->intermediate.issuer.key_id,
                                           .issuer_alg = pki_alg_der(help->intermediate.issuer.alg)};
        struct pki_finding finding;
        struct buf tbs;
        res result;

        buf_init(&tbs, 65536);
        build(spec, &tbs);
        OK(buf_check(&tbs));
        result = pki_lint_tbs(buf_bytes(&tbs), &context, &finding);
        assert_int_equal(result.err, finding.name ? ERR_LINT : ERR_NONE);
        buf_done(&tbs);
        return finding.name;
}

/* ---- one broken certificate a row -------------------------------------------------------------- */

static uint8_t found[128]; /* which findings have been proved */

static void mark(const char *name)
{
        for (size_t i = 0; pki_lint_at(i); i++)
                if (strcmp(pki_lint_at(i)->name, name) == 0)
                        found[i] = 1;
}

static void expect(const struct spec *spec, const char *name, const char *what)
{
        const char *got = lint(spec);

        if (!got || strcmp(got, name) != 0)
                fail_msg("%s: found %s instead of %s", what, got ? got : "nothing", name);
        mark(name);
}

#define E(which) s->extensions[EXT_##which]
#define CASES \
        CASE("extension_missing", "something before the extensions", SET(s->after_spki, 5, 0)) \
        CASE("der_not_canonical", "critical FALSE written out", E(EKU).critical = 2) \
        CASE("der_not_canonical", "serial with a needless zero", \
             SET(s->serial, 2, 16, 0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)) \
        CASE("der_not_canonical", "key usage with zero bits at its end", SET(E(KU).value, 3, 2, 0, 0x80)) \
        CASE("der_not_canonical", "two attributes in one RDN", \
             SET(s->subject, 0x30, 22, 0x31, 20, 0x30, 8, 6, 3, 85, 4, 3, 12, 1, 'a', 0x30, 8, 6, 3, 85, 4, 3, 12, 1, \
                 'a')) \
        CASE("version_not_3", "version 2", SET(s->version, 0xa0, 3, 2, 1, 1)) \
        CASE("version_not_3", "no version", s->version_size = 0) \
        CASE("unique_id_present", "subject unique id", SET(s->after_spki, 0x82, 2, 0, 1)) \
        CASE("unique_id_present", "issuer unique id", SET(s->after_spki, 0x81, 2, 0, 1)) \
        CASE("signature_algorithm", "SHA-1", SET(s->alg, 0x30, 9, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1)) \
        CASE("signature_algorithm", "not the issuer's", \
             SET(s->alg, 0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3)) \
        CASE("serial_not_positive", "negative", \
             SET(s->serial, 2, 16, 0x80, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)) \
        CASE("serial_not_positive", "zero", SET(s->serial, 2, 1, 0)) \
        CASE("serial_too_short", "63 bits", SET(s->serial, 2, 8, 0x7f, 1, 2, 3, 4, 5, 6, 7)) \
        CASE("serial_too_long", "21 octets", \
             SET(s->serial, 2, 21, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21)) \
        CASE("issuer_differs", "another issuer", s->issuer = buf_bytes(&other_name)) \
        CASE("time_form", "GeneralizedTime before 2050", \
             SET(s->validity, 0x30, 32, 0x18, 15, '2', '0', '2', '6', '1', '1', '1', '8', '1', '1', '0', '6', '4', \
                 '0', 'Z', 0x17, 13, '2', '7', '0', '2', '1', '6', '1', '1', '0', '6', '3', '9', 'Z')) \
        CASE("time_form", "no seconds", \
             SET(s->validity, 0x30, 28, 0x17, 11, '2', '6', '1', '1', '1', '8', '1', '1', '0', '6', 'Z', 0x17, 13, \
                 '2', '7', '0', '2', '1', '6', '1', '1', '0', '6', '3', '9', 'Z')) \
        CASE("validity_order", "ends before it begins", set_validity(s, HELP_NOW, HELP_NOW - 1)) \
        CASE("validity_too_long", "one second over", set_validity(s, HELP_NOW, HELP_NOW + 398 * HELP_DAY)) \
        CASE("not_before_not_now", "three days old", set_validity(s, HELP_NOW - 3 * HELP_DAY, HELP_NOW + HELP_DAY)) \
        CASE("not_before_not_now", "in three days", set_validity(s, HELP_NOW + 3 * HELP_DAY, HELP_NOW + 9 * HELP_DAY)) \
        CASE("subject_organizational_unit", "OU", \
             SET(s->subject, 0x30, 12, 0x31, 10, 0x30, 8, 6, 3, 85, 4, 11, 12, 1, 'x')) \
        CASE("subject_attribute", "O in a DV certificate", \
             SET(s->subject, 0x30, 12, 0x31, 10, 0x30, 8, 6, 3, 85, 4, 10, 12, 1, 'x')) \
        CASE("subject_attribute", "C in a DV certificate", \
             SET(s->subject, 0x30, 13, 0x31, 11, 0x30, 9, 6, 3, 85, 4, 6, 19, 2, 'C', 'N')) \
        CASE("subject_attribute", "an attribute nobody knows", \
             SET(s->subject, 0x30, 12, 0x31, 10, 0x30, 8, 6, 3, 85, 4, 99, 12, 1, 'x')) \
        CASE("subject_attribute_twice", "two common names", \
             SET(s->subject, 0x30, 24, 0x31, 10, 0x30, 8, 6, 3, 85, 4, 3, 12, 1, 'x', 0x31, 10, 0x30, 8, 6, 3, 85, 4, \
                 3, 12, 1, 'x')) \
        CASE("subject_string", "BMPString", \
             SET(s->subject, 0x30, 13, 0x31, 11, 0x30, 9, 6, 3, 85, 4, 3, 0x1e, 2, 0, 'x')) \
        CASE("subject_string", "a zero byte", \
             SET(s->subject, 0x30, 14, 0x31, 12, 0x30, 10, 6, 3, 85, 4, 3, 12, 3, 'x', 0, 'y')) \
        CASE("subject_string", "empty", SET(s->subject, 0x30, 11, 0x31, 9, 0x30, 7, 6, 3, 85, 4, 3, 12, 0)) \
        CASE("subject_too_long", "65 characters", \
             set_subject(s, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")) \
        CASE("common_name_not_in_san", "another name", set_subject(s, "example.org")) \
        CASE("common_name_not_in_san", "upper case", set_subject(s, "Example.com")) \
        CASE("common_name_not_in_san", "a final dot", set_subject(s, "example.com.")) \
        CASE("key_type", "RSA where only EC is allowed", s->spki = pki_key_spki(key_rsa); s->profile = &ec_only) \
        CASE("key_weak", "two close primes", s->spki = buf_bytes(&weak_spki); SET(E(KU).value, 3, 2, 5, 0xa0)) \
        CASE("extension_duplicate", "two key usages", E(KU).times = 2) \
        CASE("extension_duplicate", "two subjectAltNames", E(SAN).times = 2) \
        CASE("extension_not_in_profile", "subject key id in a leaf", E(EXTRA) = extension_of(14); \
             SET(E(EXTRA).value, 4, 1, 1)) \
        CASE("extension_not_in_profile", "basic constraints in a leaf", E(EXTRA) = extension_of(19); \
             SET(E(EXTRA).value, 0x30, 0)) \
        CASE("extension_not_in_profile", "name constraints", E(EXTRA) = extension_of(30); \
             SET(E(EXTRA).value, 0x30, 0)) \
        CASE("extension_missing", "no extensions", s->no_extensions = true) \
        CASE("extension_missing", "no policy", E(CP).times = 0) \
        CASE("extension_missing", "no authority key id", E(AKI).times = 0) \
        CASE("extension_missing", "no names", E(SAN).times = 0) \
        CASE("extension_missing", "no purpose", E(EKU).times = 0) \
        CASE("extension_missing", "no addresses", E(AIA).times = 0) \
        CASE("extension_missing", "no CRL", E(CRL).times = 0) \
        CASE("extension_criticality", "key usage not critical", E(KU).critical = 0) \
        CASE("extension_criticality", "names critical beside a subject", E(SAN).critical = 1) \
        CASE("extension_criticality", "names not critical without a subject", SET(s->subject, 0x30, 0)) \
        CASE("extension_criticality", "critical policy", E(CP).critical = 1) \
        CASE("authority_key_id", "another key", E(AKI).value[8] ^= 1) \
        CASE("authority_key_id", "with issuer and serial", SET(E(AKI).value, 0x30, 3, 0x82, 1, 1)) \
        CASE("key_usage", "keyEncipherment on an EC key", SET(E(KU).value, 3, 2, 5, 0xa0)) \
        CASE("key_usage", "keyCertSign", SET(E(KU).value, 3, 2, 2, 0x84)) \
        CASE("extended_key_usage", "clientAuth", SET(E(EKU).value, 0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2)) \
        CASE("extended_key_usage", "anyExtendedKeyUsage too", \
             SET(E(EKU).value, 0x30, 16, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1, 6, 4, 0x55, 0x1d, 37, 0)) \
        CASE("policy", "organisation validated", SET(E(CP).value, 0x30, 10, 0x30, 8, 6, 6, 0x67, 0x81, 0x0c, 1, 2, 2)) \
        CASE("policy", "a second policy", \
             SET(E(CP).value, 0x30, 17, 0x30, 8, 6, 6, 0x67, 0x81, 0x0c, 1, 2, 1, 0x30, 5, 6, 3, 0x2a, 3, 4)) \
        CASE("policy", "a qualifier", SET(E(CP).value, 0x30, 12, 0x30, 10, 6, 6, 0x67, 0x81, 0x0c, 1, 2, 1, 0x30, 0)) \
        CASE("authority_information_access", "https", \
             SET(E(AIA).value, 0x30, 24, 0x30, 22, 6, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 1, 0x86, 10, 'h', 't', 't', 'p', \
                 's', ':', '/', '/', 'a', 'b')) \
        CASE("authority_information_access", "OCSP alone", \
             SET(E(AIA).value, 0x30, 23, 0x30, 21, 6, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 1, 0x86, 9, 'h', 't', 't', 'p', \
                 ':', '/', '/', 'a', 'b')) \
        CASE("authority_information_access", "an unknown method", \
             SET(E(AIA).value, 0x30, 23, 0x30, 21, 6, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 9, 0x86, 9, 'h', 't', 't', 'p', \
                 ':', '/', '/', 'a', 'b')) \
        CASE("crl_distribution_points", "ldap", E(CRL).value[10] = 'l') \
        CASE("crl_distribution_points", "an issuer instead of a name", SET(E(CRL).value, 0x30, 4, 0x30, 2, 0xa2, 0)) \
        CASE("san_empty", "no name", SET(E(SAN).value, 0x30, 0)) \
        CASE("san_kind", "an email address", \
             set_names(s, (const uint8_t[]){0x82, 0x81}, (const struct str[]){STR("example.com"), STR("a@b.c")}, 2)) \
        CASE("san_kind", "a URI", \
             set_names(s, (const uint8_t[]){0x82, 0x86}, (const struct str[]){STR("example.com"), STR("http://a")}, \
                       2)) \
        CASE("san_duplicate", "twice", \
             set_names(s, NULL, (const struct str[]){STR("example.com"), STR("a.example.com"), STR("example.com")}, \
                       3)) \
        CASE("san_duplicate", "address twice", \
             set_names(s, (const uint8_t[]){0x82, 0x87, 0x87}, \
                       (const struct str[]){STR("example.com"), STR("\x08\x08\x08\x08"), STR("\x08\x08\x08\x08")}, 3)) \
        CASE("ip_length", "5 bytes", \
             set_names(s, (const uint8_t[]){0x82, 0x87}, \
                       (const struct str[]){STR("example.com"), STR("\x08\x08\x08\x08\x08")}, 2)) \
        CASE("ip_not_allowed", "profile without addresses", s->profile = &no_ip; \
             set_names(s, (const uint8_t[]){0x82, 0x87}, \
                       (const struct str[]){STR("example.com"), STR("\x08\x08\x08\x08")}, 2))

static void test_each(void **state)
{
        (void)state;
#define CASE(name, what, ...) \
        { \
                struct spec *s = spec_new(help, key_p256); \
                __VA_ARGS__; \
                expect(s, (name), (what)); \
                free(s); \
        }
        CASES
#undef CASE
}

/* ---- names ------------------------------------------------------------------------------------- */

static void test_names(void **state)
{
        static const struct {
                const char *finding, *name; /* finding NULL = good */
        } cases[] = {
                {NULL, "a.example.com"},
                {NULL, "*.example.com"},
                {NULL, "xn--fiqs8s.example.com"},
                {NULL, "xn--bcher-kva.example"},
                {NULL, "1.example.com"},
                {NULL, "a-b.example.com"},
                {NULL, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.com"},
                {"dns_too_long", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.com"},
                {"dns_too_long",
                 "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a."
                 "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.com"},
                {"dns_empty_label", ""},
                {"dns_empty_label", ".example.com"},
                {"dns_empty_label", "a..example.com"},
                {"dns_final_dot", "a.example.com."},
                {"dns_underscore", "_dnsauth.example.com"},
                {"dns_character", "a b.example.com"},
                {"dns_character", "b\xc3\xbc"
                                  "cher.example.com"},
                {"dns_character", "a/b.example.com"},
                {"dns_upper_case", "A.example.com"},
                {"dns_hyphen", "-a.example.com"},
                {"dns_hyphen", "a-.example.com"},
                {"dns_hyphen", "ab--c.example.com"},
                {"dns_hyphen", "xn--.example.com"},
                {"dns_punycode", "xn--0.example.com"},
                {"dns_punycode", "xn--zzzzzzzzzzz.example.com"},
                {"dns_wildcard", "a.*.example.com"},
                {"dns_wildcard", "a*.example.com"},
                {"dns_wildcard", "*"},
                {"dns_wildcard", "*.com"},
                {"dns_wildcard", "*.*.example.com"},
                {"dns_internal", "localhost"},
                {"dns_looks_like_address", "10.0.0.1"},
                {"dns_reverse_zone", "1.0.0.10.in-addr.arpa"},
                {"dns_reverse_zone", "ip6.arpa"},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                struct spec *spec = spec_new(help, key_p256);
                const struct str names[] = {STR("example.com"), str_of(cases[i].name)};

                set_names(spec, NULL, names, 2);
                if (cases[i].finding)
                        expect(spec, cases[i].finding, cases[i].name);
                else if (lint(spec))
                        fail_msg("%s: found %s", cases[i].name, lint(spec));
                free(spec);
        }
}

/* Incident 13 (2025: certificates for 1.1.1.1 as a test): what nobody owns is certified for nobody. */
static void test_addresses(void **state)
{
        static const struct {
                uint8_t address[16];
                size_t size;
                bool is_good;
        } cases[] = {
                {{8, 8, 8, 8}, 4, true},
                {{93, 184, 216, 34}, 4, true},
                {{10, 1, 2, 3}, 4, false},
                {{127, 0, 0, 1}, 4, false},
                {{172, 31, 255, 255}, 4, false},
                {{172, 32, 0, 0}, 4, true},
                {{192, 168, 0, 1}, 4, false},
                {{100, 64, 0, 1}, 4, false},
                {{100, 128, 0, 1}, 4, true},
                {{169, 254, 169, 254}, 4, false},
                {{224, 0, 0, 1}, 4, false},
                {{255, 255, 255, 255}, 4, false},
                {{198, 19, 0, 1}, 4, false},
                {{0}, 4, false},
                {{0x26, 0x06, 0x28, 0x00}, 16, true},
                {{0}, 16, false},
                {{[15] = 1}, 16, false},
                {{[10] = 0xff, 0xff, 8, 8, 8, 8}, 16, false},
                {{0xfe, 0x80}, 16, false},
                {{0xfd, 1}, 16, false},
                {{0xff, 2}, 16, false},
                {{0x20, 0x01, 0x0d, 0xb8}, 16, false},
                {{0x20, 0x01, 0x48, 0x60}, 16, true},
                {{0x20, 0x02}, 16, false},
                {{0x00, 0x64, 0xff, 0x9b}, 16, false},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                struct spec *spec = spec_new(help, key_p256);
                const struct str names[] = {STR("example.com"), {(const char *)cases[i].address, cases[i].size}};

                set_names(spec, (const uint8_t[]){0x82, 0x87}, names, 2);
                if (!cases[i].is_good)
                        expect(spec, "ip_reserved", "address");
                else
                        assert_null(lint(spec));
                spec->profile = help_profile(help, "listener"); /* its own listener may have any address */
                spec->extensions[EXT_CP].times = 0;
                SET(spec->extensions[EXT_AIA].value, 0x30, 23, 0x30, 21, 6, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 2, 0x86, 9,
                    'h', 't', 't', 'p', ':', '/', '/', 'a', 'c');
                assert_null(lint(spec));
                free(spec);
        }
}

/* ---- other kinds ------------------------------------------------------------------------------- */

/* CA and responder certificates, each broken in one way: what a leaf cannot show. */
static void test_authorities(void **state)
{
        struct pki_cert_request request = {.profile = help_profile(help, "intermediate"),
                                           .issuer = &help->intermediate.issuer,
                                           .not_before = HELP_NOW,
                                           .not_after = HELP_NOW + 100 * HELP_DAY,
                                           .spki = pki_key_spki(help->intermediate.key),
                                           .key_id = help->intermediate.issuer.key_id,
                                           .subject = help->intermediate.issuer.name,
                                           .issuer_url = STR("http://a/b"),
                                           .crl_url = STR("http://a/c")};
        struct pki_lint_context context = {.profile = request.profile};
        struct pki_profile changed = *request.profile;
        struct pki_finding finding;
        struct buf tbs;

        (void)state;
        help_serial(request.serial);
        buf_init(&tbs, 32768);
        OK(pki_cert_build(&request, &tbs));
        OK(pki_lint_tbs(buf_bytes(&tbs), &context, &finding));
        changed.path_len = 1;
        context.profile = &changed;
        FAILS(ERR_LINT, pki_lint_tbs(buf_bytes(&tbs), &context, &finding));
        assert_string_equal(finding.name, "basic_constraints");
        mark(finding.name);
        context.profile = request.profile;
        buf_clear(&tbs);
        request.key_id = help->root.issuer.key_id;
        OK(pki_cert_build(&request, &tbs));
        FAILS(ERR_LINT, pki_lint_tbs(buf_bytes(&tbs), &context, &finding));
        assert_string_equal(finding.name, "subject_key_id");
        mark(finding.name);
        buf_clear(&tbs);
        request.subject = STR_BYTES("\x30\x00");
        OK(pki_cert_build(&request, &tbs));
        FAILS(ERR_LINT, pki_lint_tbs(buf_bytes(&tbs), &context, &finding));
        assert_string_equal(finding.name, "subject_empty");
        mark(finding.name);
        buf_clear(&tbs);
        request.subject = help->intermediate.issuer.name;
        request.profile = context.profile = help_profile(help, "ocsp");
        request.not_after = HELP_NOW + 10 * HELP_DAY;
        OK(pki_cert_build(&request, &tbs));
        OK(pki_lint_tbs(buf_bytes(&tbs), &context, &finding));
        tbs.p[tbs.n - 2] = 4; /* the NULL of ocsp-nocheck stands last */
        FAILS(ERR_LINT, pki_lint_tbs(buf_bytes(&tbs), &context, &finding));
        assert_string_equal(finding.name, "ocsp_nocheck");
        mark(finding.name);
        buf_done(&tbs);
}

static void test_whole_certificate(void **state)
{
        const struct str name = STR("example.com");
        struct pki_cert_request request = help_leaf(help, key_p256, &name, 1);
        struct pki_lint_context context = {.profile = request.profile, .kit = help->kit};
        struct pki_finding finding;
        struct buf tbs, cert;

        (void)state;
        buf_init(&tbs, 32768);
        buf_init(&cert, 32768);
        OK(pki_cert_build(&request, &tbs));
        OK(pki_cert_sign(help->intermediate.key, request.issuer->alg, buf_bytes(&tbs), &cert));
        OK(pki_lint_cert(buf_bytes(&cert), &context, &finding));
        assert_null(finding.name);
        buf_clear(&cert);
        OK(pki_cert_sign(help->root.key, pki_key_alg(help->root.key), buf_bytes(&tbs), &cert)); /* P-384, SHA-384 */
        FAILS(ERR_LINT, pki_lint_cert(buf_bytes(&cert), &context, &finding));
        assert_string_equal(finding.name, "signature_algorithms_differ");
        mark(finding.name);
        for (size_t i = 0; i < tbs.n; i++) { /* cut anywhere: always a finding, never a crash */
                FAILS(ERR_LINT, pki_lint_tbs(bytes_of(tbs.p, i), &context, &finding));
                assert_non_null(finding.name);
        }
        buf_done(&tbs);
        buf_done(&cert);
}

static void test_good(void **state)
{
        struct spec *spec = spec_new(help, key_p256);

        (void)state;
        assert_null(lint(spec));
        spec->extensions[EXT_SAN].critical = 1;
        SET(spec->subject, 0x30, 0);
        assert_null(lint(spec));
        set_validity(spec, HELP_NOW, HELP_NOW + 398 * HELP_DAY - 1);
        assert_null(lint(spec));
        set_validity(spec, HELP_NOW - 300 * HELP_DAY, HELP_NOW - 30 * HELP_DAY);
        spec->now = 0; /* an audit of an old certificate */
        assert_null(lint(spec));
        free(spec);
}

/* Runs last: no finding without a certificate that shows it. */
static void test_all_proved(void **state)
{
        (void)state;
        for (size_t i = 0; pki_lint_at(i); i++)
                if (!found[i])
                        fail_msg("no test breaks %s", pki_lint_at(i)->name);
}

static int set_up(void **state)
{
        (void)state;
        help = help_new(PKI_KEY_EC_P384, PKI_KEY_EC_P256);
        OK(pki_key_generate(PKI_KEY_EC_P256, &key_p256));
        OK(pki_key_generate(PKI_KEY_RSA_2048, &key_rsa));
        buf_init(&weak_spki, 1024);
        weak_spki_write(WEAK_CLOSE_PRIMES, &weak_spki);
        buf_init(&other_name, 1024);
        pki_name_write_cn(STR("Other"), &other_name);
        no_ip = ec_only = *help_profile(help, "dv");
        no_ip.ip_names = false;
        ec_only.key_types = 1u << PKI_KEY_EC_P256;
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        pki_key_free(key_p256);
        pki_key_free(key_rsa);
        buf_done(&weak_spki);
        buf_done(&other_name);
        help_free(help);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_good),        cmocka_unit_test(test_each),
                cmocka_unit_test(test_names),       cmocka_unit_test(test_addresses),
                cmocka_unit_test(test_authorities), cmocka_unit_test(test_whole_certificate),
                cmocka_unit_test(test_all_proved),
        };

        return cmocka_run_group_tests_name("pki_lint", tests, set_up, tear_down);
}
