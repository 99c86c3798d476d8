/*
 * What submission is decided by, as tables: which names count and come free (SIL-16, DOM-04..DOM-13, CON-35), how they
 * may be proved (CON-04, SIL-40, CAT-11), which key a product takes (B7, CON-15), what an applicant has to tell (CON-34,
 * APP-15, APP-18, RVW-20, SIL-57), what a pasted request must be (RVW-21, CSR-26), and the words for each cause of a
 * time-out (RVW-11 .. RVW-19).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/bind.h"
#include "core/catalogue.h"
#include "core/core.h"
#include "core/csr_paste.h"
#include "core/failure_cause.h"
#include "core/key_kind.h"
#include "core/submit.h"
#include "pki/csr.h"
#include "pki/der.h"
#include "pki/pem.h"
#include "pki_spec.h"

struct fixture {
        struct conf conf;
        struct core core;
        struct act act;
};

static int set_up(void **state)
{
        struct fixture *f = calloc(1, sizeof *f);
        struct conf_list none = {NULL, 0};
        struct buf why;

        buf_init(&why, 4096);
        if (!res_is_ok(domain_rules_new(&none, &f->core.domains, &why)) ||
            !res_is_ok(catalogue_load(TEST_SOURCE_DIR "/catalogue", &f->core.catalogue, &why))) {
                print_error("%s\n", buf_c(&why));
                return -1;
        }
        buf_done(&why);
        f->conf.validation_file = true;
        f->core.conf = &f->conf;
        f->act.core = &f->core;
        f->act.arena = arena_new(64 * 1024 * 1024);
        *state = f;
        return 0;
}

static int tear_down(void **state)
{
        struct fixture *f = *state;

        arena_free(f->act.arena);
        catalogue_free(f->core.catalogue);
        domain_rules_free(f->core.domains);
        free(f);
        return 0;
}

static const struct product *product_of(struct fixture *f, const char *number)
{
        const struct product *product = catalogue_product(f->core.catalogue, str_of(number));

        assert_non_null(product);
        return product;
}

/* ---- names ---- */

static const struct names_case {
        const char *product, *typed; /* names with a comma between them, the common name first */
        int64_t most;
        enum err err;
        const char *bound; /* likewise */
        int64_t counted;
} names_cases[] = {
        {"104", "maple.com", 1, ERR_NONE, "maple.com,www.maple.com", 1},                          /* DOM-06 */
        {"104", "www.maple.com,maple.com", 1, ERR_NONE, "www.maple.com,maple.com", 1},            /* SIL-52, SIL-16 */
        {"104", "a.maple.com,b.maple.com", 1, ERR_DOMAIN, NULL, 0},                                /* CON-35 */
        {"104", "*.maple.com", 1, ERR_DOMAIN, NULL, 0},
        {"104", "8.8.8.8", 1, ERR_DOMAIN, NULL, 0},                                                /* CAT-13 */
        {"104", "a.ru", 1, ERR_DOMAIN, NULL, 0},                                                   /* DOM-02 */
        {"104", "bank.maple.com", 1, ERR_DOMAIN, NULL, 0},                                         /* RVW-25 */
        {"11", "a.maple.com,b.maple.com,A.maple.com.", 2, ERR_NONE, "a.maple.com,b.maple.com", 2}, /* a double */
        {"11", "a.maple.com,b.maple.com,c.maple.com", 2, ERR_DOMAIN, NULL, 0},
        {"11", "a.maple.com,*.maple.com", 2, ERR_DOMAIN, NULL, 0},
        {"12", "*.maple.com,maple.com", 1, ERR_NONE, "*.maple.com,maple.com", 1}, /* DOM-08, DOM-11, SIL-16 */
        {"12", "maple.com", 1, ERR_DOMAIN, NULL, 0},                              /* DOM-13 */
        {"12", "*.maple.com,*.birch.net", 1, ERR_DOMAIN, NULL, 0},
        {"42", "*.maple.com,birch.net,*.birch.net", 2, ERR_NONE, "*.maple.com,maple.com,*.birch.net,birch.net", 2},
        {"42", "*.maple.com,elm.org", 2, ERR_DOMAIN, NULL, 0},
};

static struct str joined(struct fixture *f, const struct strs *names)
{
        const char *text = "";

        for (size_t i = 0; i < names->n; i++)
                text = arena_printf(f->act.arena, "%s%s%.*s", text, i ? "," : "", (int)names->v[i].n, names->v[i].p);
        return str_of(text);
}

static void test_names(void **state)
{
        struct fixture *f = *state;

        for (size_t i = 0; i < sizeof names_cases / sizeof *names_cases; i++) {
                const struct names_case *c = &names_cases[i];
                struct str rest = str_of(c->typed), first = str_cut(&rest, ','), others[8];
                struct bind bind = {0};
                size_t n = 0;

                while (rest.p)
                        others[n++] = str_cut(&rest, ',');
                f->act.detail[0] = '\0';
                res r = bind_names(&f->act, product_of(f, c->product), first, (struct strs){others, n}, c->most, &bind);

                if (r.err != c->err)
                        fail_msg("%s on %s: %s %s", c->typed, c->product, err_name(r.err), f->act.detail);
                if (c->err != ERR_NONE) {
                        assert_string_not_equal(f->act.detail, ""); /* it says what to change */
                        continue;
                }
                assert_string_equal(joined(f, &bind.names).p, c->bound);
                assert_int_equal(bind.counted, c->counted);
        }
}

/* A public address alone: DOM-24, and only where the product binds addresses. */
static void test_addresses(void **state)
{
        struct fixture *f = *state;
        struct product product = *product_of(f, "104");
        const struct {
                const char *name;
                enum err err;
        } cases[] = {{"8.8.8.8", ERR_NONE}, {"2606:4700::1111", ERR_NONE}, {"10.0.0.1", ERR_DOMAIN}, {"127.0.0.1", ERR_DOMAIN},
                     {"192.168.1.1", ERR_DOMAIN}, {"fe80::1", ERR_DOMAIN}, {"224.0.0.1", ERR_DOMAIN}, {"192.0.2.1", ERR_DOMAIN}};

        product.allows_ip = true;
        product.sensitive_words = NULL;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct bind bind = {0};
                enum msg_method method = MSG_METHOD_NONE;
                res r = bind_names(&f->act, &product, str_of(cases[i].name), (struct strs){0}, 1, &bind);

                assert_int_equal(r.err, cases[i].err);
                if (cases[i].err != ERR_NONE)
                        continue;
                assert_true(bind.has_ip);
                assert_int_equal(bind_method(&f->act, &product, &bind, &(struct bind_method){"VerifyType", STR("DNS"), 12}, &method).err,
                                 ERR_PARAM_VALUE);
                assert_true(res_is_ok(bind_method(&f->act, &product, &bind, &(struct bind_method){"VerifyType", STR("FILE"), 12}, &method)));
                assert_int_equal(method, MSG_METHOD_FILE);
        }
}

/* ---- methods ---- */

static void test_methods(void **state)
{
        struct fixture *f = *state;
        const struct {
                const char *product, *name, *method;
                int64_t months;
                bool file_off;
                enum err err;
                enum msg_method is;
        } cases[] = {
                {"104", "a.maple.com", "DNS", 12, false, ERR_NONE, MSG_METHOD_DNS_CNAME},
                {"104", "a.maple.com", "FILE", 12, false, ERR_NONE, MSG_METHOD_FILE},
                {"104", "a.maple.com", "FILE", 12, true, ERR_PARAM_VALUE, 0}, /* SIL-40 */
                {"104", "a.maple.com", "DNS_AUTO", 12, false, ERR_PARAM_VALUE, 0},
                {"104", "a.maple.com", "DNS_PROXY", 12, false, ERR_PARAM_VALUE, 0}, /* no zone is set */
                {"104", "a.maple.com", "dns", 12, false, ERR_PARAM_VALUE, 0},
                {"12", "*.maple.com", "DNS", 12, false, ERR_NONE, MSG_METHOD_DNS_CNAME},
                {"12", "*.maple.com", "FILE", 12, false, ERR_PARAM_VALUE, 0}, /* CON-04 */
                {"12", "*.maple.com", "DNS", 24, false, ERR_PARAM_VALUE, 0},  /* CAT-11, SIL-61 */
        };

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                const struct product *product = product_of(f, cases[i].product);
                const struct bind_method in = {"VerifyType", str_of(cases[i].method), cases[i].months};
                struct bind bind = {0};
                enum msg_method method = MSG_METHOD_NONE;

                f->conf.validation_file = !cases[i].file_off;
                assert_true(res_is_ok(bind_names(&f->act, product, str_of(cases[i].name), (struct strs){0}, 1, &bind)));
                res r = bind_method(&f->act, product, &bind, &in, &method);

                if (r.err != cases[i].err || (res_is_ok(r) && method != cases[i].is))
                        fail_msg("%s %s: %s %s", cases[i].name, cases[i].method, err_name(r.err), f->act.detail);
        }
        f->conf.validation_file = true;
}

/* ---- keys ---- */

static void test_key_kinds(void **state)
{
        struct fixture *f = *state;
        const struct {
                const char *product, *algo, *parameter;
                enum msg_key_type type; /* NONE: refused */
        } cases[] = {
                {"2", "", "", MSG_KEY_RSA_2048},         {"2", "ecc", "", MSG_KEY_EC_P256},       {"2", "RSA", "4096", MSG_KEY_NONE},
                {"104", "RSA", "4096", MSG_KEY_RSA_4096}, {"104", "ECDSA", "", MSG_KEY_EC_P256},   {"104", "ECC", "secp384r1", MSG_KEY_NONE},
                {"104", "RSA", "1024", MSG_KEY_NONE},     {"104", "SM2", "", MSG_KEY_NONE},        {"104", "RSA", "prime256v1", MSG_KEY_NONE},
        };

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                const struct key_choice in = {"A", "P", str_of(cases[i].algo), str_of(cases[i].parameter)};
                const struct key_kind *kind = NULL;
                res r = key_kind_choose(&f->act, product_of(f, cases[i].product), &in, &kind);

                assert_int_equal(r.err, cases[i].type == MSG_KEY_NONE ? ERR_PARAM_VALUE : ERR_NONE);
                if (kind)
                        assert_int_equal(kind->type, cases[i].type);
        }
}

/* ---- pasted requests ---- */

static struct str csr_pem(struct fixture *f, enum pki_key_type type, const char *name, void (*spoil)(struct buf *der))
{
        CLEAN(pki_key_free_ptr) struct pki_key *key = NULL;
        CLEAN(buf_done) struct buf der = {0}, pem = {0};

        buf_init(&der, 16384);
        buf_init(&pem, 32768);
        assert_true(res_is_ok(pki_key_generate(type, &key)));
        assert_true(res_is_ok(pki_csr_make(key, str_of(name), NULL, 0, &der)));
        if (spoil)
                spoil(&der);
        pki_pem_write(PKI_PEM_CSR, buf_bytes(&der), &pem);
        return str_dup(f->act.arena, buf_str(&pem));
}

static void spoil_signature(struct buf *der)
{
        der->p[der->n - 3] ^= 1;
}

static void spoil_form(struct buf *der)
{
        der->p[0] = 0x31;
}

static void test_paste(void **state)
{
        struct fixture *f = *state;
        const struct str rsa[] = {STR("rsa-2048")}, both[] = {STR("rsa-2048"), STR("ec-p256")};
        const struct strs only_rsa = {rsa, 1}, all = {both, 2};
        struct csr_pasted pasted;
        struct str good = csr_pem(f, PKI_KEY_EC_P256, "a.maple.com", NULL);

        assert_int_equal(csr_paste(&f->act, STR(" \n"), &all, &pasted).err, ERR_CSR_PARSE);
        assert_int_equal(csr_paste(&f->act, STR("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"), &all, &pasted).err,
                         ERR_CSR_PARSE);
        assert_int_equal(csr_paste(&f->act, csr_pem(f, PKI_KEY_EC_P256, "a.maple.com", spoil_form), &all, &pasted).err, ERR_CSR_PARSE);
        assert_int_equal(csr_paste(&f->act, csr_pem(f, PKI_KEY_EC_P256, "a.maple.com", spoil_signature), &all, &pasted).err, ERR_SIGNATURE);
        assert_int_equal(csr_paste(&f->act, good, &only_rsa, &pasted).err, ERR_KEY_TYPE); /* CON-15 */
        assert_int_equal(csr_paste(&f->act, csr_pem(f, PKI_KEY_EC_P384, "a.maple.com", NULL), &all, &pasted).err, ERR_KEY_TYPE);
        assert_true(res_is_ok(csr_paste(&f->act, good, &all, &pasted)));
        assert_int_equal(pasted.kind->type, MSG_KEY_EC_P256);
        assert_true(str_equals(pasted.common_name, "a.maple.com") && pasted.names.n == 1);
        assert_int_equal(pasted.key.spki_hash.n, 32);
        assert_int_equal(pasted.key.sealed.n, 0);
}

/* A request whose key is weak, put together by hand: the gate stands before the signature. */
static struct str weak_pem(struct fixture *f, const char *modulus)
{
        CLEAN(buf_done) struct buf der = {0}, pem = {0};
        struct der_mark whole, info, empty;

        buf_init(&der, 16384);
        buf_init(&pem, 32768);
        whole = der_open(&der, DER_SEQUENCE);
        info = der_open(&der, DER_SEQUENCE);
        der_add_small(&der, 0);
        empty = der_open(&der, DER_SEQUENCE);
        der_close(&der, empty);
        weak_spki_write(modulus, &der);
        empty = der_open(&der, DER_CONTEXT_CONSTRUCTED(0));
        der_close(&der, empty);
        der_close(&der, info);
        struct bytes alg = pki_alg_der(pki_alg_of(PKI_KEY_RSA_2048));

        buf_add(&der, alg.p, alg.n);
        der_add_bits(&der, bytes_of("not a signature", 15));
        der_close(&der, whole);
        pki_pem_write(PKI_PEM_CSR, buf_bytes(&der), &pem);
        return str_dup(f->act.arena, buf_str(&pem));
}

static void test_weak_keys(void **state)
{
        struct fixture *f = *state;
        const struct str rsa[] = {STR("rsa-2048")};
        const struct {
                const char *modulus, *word;
        } cases[] = {{WEAK_CLOSE_PRIMES, "close"}, {WEAK_ROCA, "ROCA"}, {WEAK_SMALL_FACTOR, "factor"}, {WEAK_SQUARE, "close"}};

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct csr_pasted pasted;

                assert_int_equal(csr_paste(&f->act, weak_pem(f, cases[i].modulus), &(struct strs){rsa, 1}, &pasted).err, ERR_KEY_WEAK);
                assert_non_null(strstr(f->act.detail, cases[i].word));
                assert_non_null(strstr(f->act.detail, "new key"));
        }
}

/* ---- the applicant ---- */

#define ORGANIZATION \
        .org_name = STR("M"), .org_address = STR("A"), .org_city = STR("C"), .phone = STR("1"), .admin_first = STR("F"), \
        .admin_phone = STR("2"), .admin_email = STR("x@maple.com")

static void test_form(void **state)
{
        struct fixture *f = *state;
        struct submit_form cases[] = {
                {.contact_email = STR("a@maple.com")},
                {.org_name = {0}},
                {.contact_email = STR("nobody")},
                {ORGANIZATION},
                {ORGANIZATION, .contact_first = STR("\x01")},
        };
        const struct {
                int64_t type;
                const char *level;
                enum err err;
        } wants[] = {
                {1, "DV", ERR_NONE},        {1, "OV", ERR_PARAM_VALUE}, {3, "DV", ERR_PARAM_VALUE}, {2, "DV", ERR_PARAM_VALUE}, /* 0: the person */
                {1, "DV", ERR_CONTACT_EMAIL}, /* 1: nobody */
                {1, "DV", ERR_EMAIL},         /* 2 */
                {2, "OV", ERR_NONE},          /* 3: the organisation */
                {2, "DV", ERR_PARAM_VALUE},   /* 4 */
        };
        const size_t of_form[] = {0, 0, 0, 0, 1, 2, 3, 4};

        for (size_t i = 0; i < sizeof wants / sizeof *wants; i++) {
                struct submit_form form = cases[of_form[i]];

                assert_int_equal(submit_form_check(&f->act, wants[i].type, wants[i].level, &form).err, wants[i].err);
                if (of_form[i] == 3) { /* APP-18: the administrator is the contact */
                        assert_true(str_equals(form.contact_email, "x@maple.com"));
                        assert_true(str_equals(form.contact_first, "F"));
                }
        }
        for (size_t i = 0; i < 7; i++) { /* CON-34, APP-15: each of the seven is needed */
                struct submit_form form = {ORGANIZATION};
                struct str *const needed[] = {&form.org_name, &form.org_address, &form.org_city,   &form.phone,
                                              &form.admin_first, &form.admin_phone, &form.admin_email};

                *needed[i] = (struct str){0};
                assert_int_equal(submit_form_check(&f->act, 2, "DV", &form).err, ERR_PARAM_VALUE);
        }
        struct submit_form form = {ORGANIZATION}, again = {0};
        struct str text = submit_form_text(&f->act, &form);

        assert_true(res_is_ok(submit_form_read(f->act.arena, text, &again)));
        assert_true(str_equals(again.org_name, "M") && again.org_division.p == NULL);
}

/* ---- causes ---- */

static void test_remedies(void **state)
{
        const struct {
                const char *method;
                enum msg_verdict verdict;
                const char *word;
        } cases[] = {
                {"FILE", MSG_VERDICT_ABSENT, "HTTPS"},          /* RVW-11 */
                {"FILE", MSG_VERDICT_STATUS, "status 200"},     /* RVW-12 */
                {"FILE", MSG_VERDICT_UNREACHABLE, "CDN"},       /* RVW-13 */
                {"FILE", MSG_VERDICT_REDIRECT, "redirect"},     /* RVW-14 */
                {"FILE", MSG_VERDICT_DIFFERENT, "content"},
                {"TXT", MSG_VERDICT_DIFFERENT, "value"},        /* RVW-15 */
                {"CNAME", MSG_VERDICT_DIFFERENT, "host"},
                {"TXT", MSG_VERDICT_ABSENT, "ignore"},          /* RVW-16, RVW-17 */
                {"TXT", MSG_VERDICT_UNREACHABLE, "abroad"},     /* RVW-19 */
                {"CNAME", MSG_VERDICT_BOGUS, "DNSSEC"},
                {"TXT", MSG_VERDICT_COUNT, "Add the record"},   /* what is none */
        };

        (void)state;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
                if (!strstr(failure_remedy(str_of(cases[i].method), cases[i].verdict), cases[i].word))
                        fail_msg("%s %d: %s", cases[i].method, (int)cases[i].verdict, failure_remedy(str_of(cases[i].method), cases[i].verdict));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_names),      cmocka_unit_test(test_addresses), cmocka_unit_test(test_methods),
                cmocka_unit_test(test_key_kinds),  cmocka_unit_test(test_paste),     cmocka_unit_test(test_weak_keys),
                cmocka_unit_test(test_form),       cmocka_unit_test(test_remedies),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
