/*
 * The audit's comparison: a small CA with the shipped profiles, records as the signer's log has them, rows as the
 * database has them, and for each kind of disagreement the one finding that names it.
 */
#include "pki_help.h"

#include "base/digest.h"
#include "core/audit_inner.h"

#define NAME STR("shop.maple.com")

struct fixture {
        struct help *help;
        struct pki_key *key;
        struct arena *arena;
        struct act act;
        struct audit_report report;
        struct audit audit;
        uint8_t chain[MSG_HASH_SIZE]; /* of the log that the test writes */
};

/* A signed certificate, its record, and the row that belongs to it. */
struct signed_one {
        struct msg_log_item item;
        struct issued_row row;
        struct bytes der;
};

static int set_up(void **state)
{
        struct fixture *f = calloc(1, sizeof *f);

        f->help = help_new(PKI_KEY_EC_P256, PKI_KEY_EC_P256);
        OK(pki_key_generate(PKI_KEY_EC_P256, &f->key));
        f->arena = arena_new(16 * 1024 * 1024);
        f->act.arena = f->arena;
        f->audit = (struct audit){.act = &f->act, .report = &f->report, .profiles = &f->help->profiles, .issuer_count = 2, .every_signature = true};
        f->audit.issuer[0].name = "root-ecc";
        OK(pki_cert_parse(buf_bytes(&f->help->root.cert), &f->audit.issuer[0].cert));
        f->audit.issuer[1].name = "dv-ecc";
        OK(pki_cert_parse(buf_bytes(&f->help->intermediate.cert), &f->audit.issuer[1].cert));
        *state = f;
        return 0;
}

static int tear_down(void **state)
{
        struct fixture *f = *state;

        audit_done(&f->audit);
        arena_free(f->arena);
        pki_key_free(f->key);
        help_free(f->help);
        free(f);
        return 0;
}

static void chain_on(struct fixture *f, struct signed_one *one)
{
        struct buf text;

        buf_init(&text, 65536);
        buf_add(&text, f->chain, sizeof f->chain);
        buf_add(&text, &one->item.entry, sizeof one->item.entry);
        buf_add(&text, one->der.p, one->der.n);
        digest_sha256(buf_bytes(&text), f->chain);
        memcpy(one->item.chain, f->chain, sizeof f->chain);
        buf_done(&text);
}

static struct signed_one make(struct fixture *f)
{
        const struct str names[] = {NAME};
        struct pki_cert_request request = help_leaf(f->help, f->key, names, 1);
        struct signed_one one = {.item = {.entry = {.signed_at = f->help->now, .issuer = "dv-ecc", .profile = "dv"}}};
        struct buf cert;

        buf_init(&cert, 16384);
        help_issue(f->help, &request, f->help->intermediate.key, &cert);
        one.der = bytes_of(arena_copy(f->arena, cert.p, cert.n), cert.n);
        buf_done(&cert);
        memcpy(one.item.entry.serial, request.serial, MSG_SERIAL_SIZE);
        one.item.entry.cert_len = (uint32_t)one.der.n;
        one.row = (struct issued_row){.issued_id = 1, .certificate_id = STR("Abcd1234"), .state = STR("issued"), .issuer = STR("dv-ecc"),
                                      .profile = STR("dv"), .der = one.der,
                                      .serial = bytes_of(arena_copy(f->arena, request.serial, MSG_SERIAL_SIZE), MSG_SERIAL_SIZE)};
        return one;
}

/* One record and its row through the whole audit. */
static void take(struct fixture *f, struct signed_one *one, bool known)
{
        chain_on(f, one);
        OK(audit_take_chain(&f->audit, &one->item, one->der));
        OK(audit_take_record(&f->audit, &one->item, one->der, known ? &one->row : NULL));
        if (known)
                audit_take_row(&f->audit, &one->row);
}

static void expect(const struct fixture *f, const char *kind)
{
        if (f->report.finding_count != 1 || strcmp(f->report.findings[0].kind, kind) != 0)
                fail_msg("%s: %lld findings, first %s: %s", kind, (long long)f->report.finding_count,
                         f->report.shown ? f->report.findings[0].kind : "none", f->report.shown ? f->report.findings[0].text : "");
        assert_true(f->report.findings[0].subject[0] && f->report.findings[0].text[0]);
}

/* ---- one disagreement a row ------------------------------------------------------------------------------ */

static void other_der(struct fixture *f, struct signed_one *one)
{
        uint8_t *der = arena_copy(f->arena, one->der.p, one->der.n);

        der[one->der.n - 1] ^= 1;
        one->row.der = bytes_of(der, one->der.n);
}

static void no_der(struct fixture *f, struct signed_one *one)
{
        (void)f;
        one->row.der = (struct bytes){NULL, 0};
}

static void other_issuer(struct fixture *f, struct signed_one *one)
{
        (void)f;
        one->row.issuer = STR("dv-rsa");
}

static void other_profile(struct fixture *f, struct signed_one *one)
{
        (void)f;
        one->row.profile = STR("ov");
}

static void dead(struct fixture *f, struct signed_one *one)
{
        (void)f;
        one->row.state = STR("dead");
        one->row.der = (struct bytes){NULL, 0};
}

static void unknown_issuer(struct fixture *f, struct signed_one *one)
{
        (void)f;
        snprintf(one->item.entry.issuer, sizeof one->item.entry.issuer, "gone");
        one->row.issuer = STR("gone");
}

static void wrong_issuer(struct fixture *f, struct signed_one *one)
{
        struct buf cert, tbs;
        struct pki_cert parsed;

        buf_init(&cert, 16384);
        buf_init(&tbs, 16384);
        OK(pki_cert_parse(one->der, &parsed));
        buf_add(&tbs, parsed.tbs.p, parsed.tbs.n);
        OK(pki_cert_sign(f->key, f->help->intermediate.issuer.alg, buf_bytes(&tbs), &cert)); /* a key that is no issuer's */
        one->der = bytes_of(arena_copy(f->arena, cert.p, cert.n), cert.n);
        one->row.der = one->der;
        one->item.entry.cert_len = (uint32_t)one->der.n;
        buf_done(&cert);
        buf_done(&tbs);
}

static void other_serial(struct fixture *f, struct signed_one *one)
{
        uint8_t *serial = arena_copy(f->arena, one->item.entry.serial, MSG_SERIAL_SIZE);

        serial[7] ^= 1;
        memcpy(one->item.entry.serial, serial, MSG_SERIAL_SIZE);
        one->row.serial = bytes_of(serial, MSG_SERIAL_SIZE);
}

static void unknown_profile(struct fixture *f, struct signed_one *one)
{
        (void)f;
        snprintf(one->item.entry.profile, sizeof one->item.entry.profile, "gone");
        one->row.profile = STR("gone");
}

static void garbage(struct fixture *f, struct signed_one *one)
{
        (void)f;
        one->der = STR_BYTES("no certificate at all");
        one->row.der = one->der;
        one->item.entry.cert_len = (uint32_t)one->der.n;
}

static void name_without_end(struct fixture *f, struct signed_one *one)
{
        (void)f;
        memset(one->item.entry.issuer, 'x', sizeof one->item.entry.issuer);
        one->row.state = STR("signing"); /* its serial is not believed */
}

static void test_each_disagreement_is_named(void **state)
{
        static const struct {
                const char *kind;
                void (*change)(struct fixture *f, struct signed_one *one);
        } cases[] = {
                {"bytes_differ", other_der}, {"bytes_differ", no_der}, {"issuer_differs", other_issuer}, {"issuer_differs", other_profile},
                {"given_up_but_signed", dead}, {"issuer_unknown", unknown_issuer}, {"signature_bad", wrong_issuer},
                {"serial_differs", other_serial}, {"profile_unknown", unknown_profile}, {"unreadable", garbage},
                {"unreadable", name_without_end},
        };

        (void)*state;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                void *own = NULL;

                assert_int_equal(set_up(&own), 0);
                struct fixture *f = own;
                struct signed_one one = make(f);

                cases[i].change(f, &one);
                take(f, &one, true);
                audit_take_missing(&f->audit);
                expect(f, cases[i].kind);
                tear_down(&own);
        }
}

static void test_agreement(void **state)
{
        struct fixture *f = *state;
        struct signed_one one = make(f), two = make(f), waiting = make(f), given_up = make(f), revoked = make(f);

        take(f, &one, true);
        take(f, &two, true);
        waiting.row.state = STR("signing");
        waiting.row.der = (struct bytes){NULL, 0};
        take(f, &waiting, true); /* signed, not stored yet */
        dead(f, &given_up);
        audit_take_row(&f->audit, &given_up.row); /* never signed */
        dead(f, &revoked);
        revoked.row.revoked_at = f->help->now;
        take(f, &revoked, true);
        audit_take_missing(&f->audit);
        assert_int_equal(f->report.finding_count, 0);
        assert_int_equal(f->report.signed_count, 4);
        assert_int_equal(f->report.issued_count, 2);
        assert_int_equal(f->report.signing_count, 1);
        assert_int_equal(f->report.dead_count, 2);
        assert_int_equal(f->report.own_count, 0);
}

static void test_signed_but_unknown(void **state)
{
        struct fixture *f = *state;
        struct signed_one one = make(f);

        take(f, &one, false);
        expect(f, "unknown_to_database");
}

/* The CA's own need no order; an ordinary certificate that calls itself the listener's breaks that profile or not. */
static void test_own(void **state)
{
        struct fixture *f = *state;
        struct signed_one root = {.der = buf_bytes(&f->help->root.cert),
                                  .item = {.entry = {.issuer = "root-ecc", .profile = "root", .cert_len = (uint32_t)f->help->root.cert.n}}};
        struct pki_cert cert;

        OK(pki_cert_parse(root.der, &cert));
        assert_int_equal(cert.serial.n, MSG_SERIAL_SIZE);
        memcpy(root.item.entry.serial, cert.serial.p, MSG_SERIAL_SIZE);
        take(f, &root, false);
        assert_int_equal(f->report.finding_count, 0);
        assert_int_equal(f->report.own_count, 1);
}

/* Issued in the database: in the log when that is read on, or never signed. */
static void test_issued_but_not_signed(void **state)
{
        struct fixture *f = *state;
        struct signed_one meanwhile = make(f), never = make(f);

        audit_take_row(&f->audit, &meanwhile.row);
        audit_take_row(&f->audit, &never.row);
        OK(audit_take_record(&f->audit, &meanwhile.item, meanwhile.der, &meanwhile.row));
        audit_take_missing(&f->audit);
        expect(f, "unknown_to_signer");
        assert_non_null(strstr(f->report.findings[0].text, "Abcd1234"));
}

static void test_twice(void **state)
{
        struct fixture *f = *state;
        struct signed_one one = make(f);

        take(f, &one, true);
        OK(audit_take_record(&f->audit, &one.item, one.der, &one.row));
        expect(f, "signed_twice");
}

/* A record taken out, or one byte changed, is one finding; what follows fits again. */
static void test_chain(void **state)
{
        struct fixture *f = *state;
        struct signed_one v[4];

        for (size_t i = 0; i < 4; i++) {
                v[i] = make(f);
                chain_on(f, &v[i]);
        }
        for (size_t i = 0; i < 4; i++)
                if (i != 1)
                        OK(audit_take_chain(&f->audit, &v[i].item, v[i].der));
        expect(f, "signer_log_changed");

        void *own = NULL;

        assert_int_equal(set_up(&own), 0);
        struct fixture *other = own;

        v[1].item.entry.signed_at++;
        for (size_t i = 0; i < 4; i++)
                OK(audit_take_chain(&other->audit, &v[i].item, v[i].der));
        expect(other, "signer_log_changed");
        tear_down(&own);
}

/* Without every_signature: one in AUDIT_SAMPLE of what the database has too, and all of what it has not. */
static void test_sample(void **state)
{
        struct fixture *f = *state;
        struct signed_one one = make(f);

        f->audit.every_signature = false;
        f->audit.salt = 4711;
        for (uint32_t i = 0; i < 64 * AUDIT_SAMPLE; i++) { /* serials that the certificate does not have: only counted here */
                memcpy(one.item.entry.serial + 2, &i, sizeof i);
                OK(audit_take_record(&f->audit, &one.item, one.der, &one.row));
        }
        assert_in_range(f->report.verified_count, 16, 256);
        f->report.verified_count = 0;
        other_der(f, &one);
        for (uint32_t i = 0; i < 64; i++) {
                memcpy(one.item.entry.serial + 2, &i, sizeof i);
                OK(audit_take_record(&f->audit, &one.item, one.der, i % 2 ? &one.row : NULL));
        }
        assert_int_equal(f->report.verified_count, 64);
}

/* A certificate that breaks a rule is named by the lint's own word. */
static void test_lint(void **state)
{
        struct fixture *f = *state;
        const struct str names[] = {NAME};
        struct pki_cert_request request = help_leaf(f->help, f->key, names, 1);
        struct signed_one one = make(f);
        struct buf tbs, cert;

        buf_init(&tbs, 16384);
        buf_init(&cert, 16384);
        memcpy(request.serial, one.item.entry.serial, MSG_SERIAL_SIZE);
        request.not_after = request.not_before + 3000 * HELP_DAY; /* nobody lints: a broken signer */
        OK(pki_cert_build(&request, &tbs));
        OK(pki_cert_sign(f->help->intermediate.key, f->help->intermediate.issuer.alg, buf_bytes(&tbs), &cert));
        one.der = bytes_of(arena_copy(f->arena, cert.p, cert.n), cert.n);
        one.row.der = one.der;
        one.item.entry.cert_len = (uint32_t)one.der.n;
        buf_done(&tbs);
        buf_done(&cert);
        take(f, &one, true);
        assert_int_equal(f->report.finding_count, 1);
        bool is_lint = false;

        for (size_t i = 0; pki_lint_at(i); i++)
                is_lint = is_lint || strcmp(pki_lint_at(i)->name, f->report.findings[0].kind) == 0;
        assert_true(is_lint);
}

/* Thousands of findings are counted, AUDIT_SHOWN are told. */
static void test_many_findings(void **state)
{
        struct fixture *f = *state;
        struct signed_one one = make(f);
        uint8_t serial[MSG_SERIAL_SIZE] = {1};

        one.row.serial = bytes_of(serial, sizeof serial);
        for (uint32_t i = 0; i < 3 * AUDIT_SHOWN; i++) {
                memcpy(serial + 8, &i, sizeof i);
                audit_take_row(&f->audit, &one.row);
        }
        audit_take_missing(&f->audit);
        assert_int_equal(f->report.finding_count, 3 * AUDIT_SHOWN);
        assert_int_equal(f->report.shown, AUDIT_SHOWN);
}

static void test_set(void **state)
{
        CLEAN(audit_set_done) struct audit_set set = {0};
        uint8_t serial[MSG_SERIAL_SIZE] = {1};
        bool is_new = false;

        (void)*state;
        assert_false(audit_set_has(&set, serial));
        for (uint32_t i = 0; i < 100000; i++) {
                memcpy(serial + 3, &i, sizeof i); /* most octets alike: these must not all want one place */
                memcpy(serial + 12, &i, sizeof i);
                assert_false(audit_set_has(&set, serial));
                OK(audit_set_add(&set, serial, &is_new));
                assert_true(is_new);
        }
        OK(audit_set_add(&set, serial, &is_new));
        assert_false(is_new);
        assert_int_equal(set.count, 100000);
        for (uint32_t i = 0; i < 100000; i++) {
                memcpy(serial + 3, &i, sizeof i);
                memcpy(serial + 12, &i, sizeof i);
                assert_true(audit_set_has(&set, serial));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_disagreement_is_named),
                cmocka_unit_test_setup_teardown(test_agreement, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_signed_but_unknown, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_own, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_issued_but_not_signed, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_twice, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_chain, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_lint, set_up, tear_down), cmocka_unit_test_setup_teardown(test_sample, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_many_findings, set_up, tear_down),
                cmocka_unit_test(test_set),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
