/* The shipped data says what rules.md says; a mistake in a file is told with file, line and mend. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/catalogue.h"

static struct catalogue *shipped(void)
{
        struct catalogue *catalogue = NULL;
        struct buf why;

        buf_init(&why, 4096);
        if (!res_is_ok(catalogue_load(TEST_SOURCE_DIR "/catalogue", &catalogue, &why)))
                fail_msg("%s", buf_c(&why));
        buf_done(&why);
        return catalogue;
}

static void test_free_products(void **state)
{
        static const struct {
                const char *type, *record;
                int64_t months, life;
        } cases[] = {{"2", "TXT", 12, 365}, {"83", "CNAME", 3, 90}}; /* FREE-04, CON-03 */
        struct catalogue *catalogue = shipped();

        (void)state;
        for (size_t i = 0; i < 2; i++) {
                const struct product *p = catalogue_product(catalogue, str_of(cases[i].type));
                assert_non_null(p);
                assert_string_equal(p->dns_record, cases[i].record);
                assert_int_equal(p->validity_months, cases[i].months);
                assert_int_equal(p->life_days, cases[i].life);
                assert_true(p->is_free);
                assert_string_equal(p->brand, "TrustAsia"); /* CAT-04 */
                assert_string_equal(p->source, "trustasia");
                assert_string_equal(p->level, "DV");
                assert_int_equal(p->domain_type, 1); /* FREE-05, FREE-06, CAT-14 */
                assert_int_equal(p->domain_max, 1);
                assert_false(p->allows_ip);            /* FREE-07 */
                assert_int_equal(p->deadline_days, 3); /* CON-01 */
                assert_true(p->allows_dns);            /* FREE-09 */
                assert_true(p->allows_file);
                assert_true(p->www_free);    /* DOM-06, FREE-15 */
                assert_true(p->parent_free); /* DOM-08 */
                assert_string_equal(p->issuer_rsa, "dv-rsa");
                assert_string_equal(p->issuer_ecc, "dv-ecc");
                assert_string_equal(p->profile, "dv");
                assert_int_equal(p->caa_identities.n, 1); /* SIL-50 */
                assert_true(str_equals(p->caa_identities.v[0], "sectigo.com"));
                assert_non_null(strstr(p->text, "life-days = "));
                assert_non_null(strstr(p->text, "www = yes"));
        }
        assert_ptr_equal(catalogue_free_product(catalogue, STR("3")), catalogue_product(catalogue, STR("83")));
        assert_ptr_equal(catalogue_free_product(catalogue, STR("12")), catalogue_product(catalogue, STR("2")));
        assert_ptr_equal(catalogue_free_product(catalogue, STR("")), catalogue_product(catalogue, STR("2")));
        assert_null(catalogue_free_product(catalogue, STR("6")));
        assert_null(catalogue_free_product(catalogue, STR("3 ")));
        assert_null(catalogue_product(catalogue, STR("1")));
        assert_null(catalogue_product(catalogue, STR("")));
        assert_null(catalogue_at(catalogue, catalogue_count(catalogue)));
        catalogue_free(catalogue);
}

/* Every number of api.md section 5, with the flags of section B. */
static void test_paid_products(void **state)
{
        static const struct {
                const char *rule, *type, *brand, *level;
                int64_t domains;
                bool ip, reminder, pro, orderable, buyable;
        } cases[] = {
                {"CAT-02 B1 B2", "6", "SecureSite", "OV", 1, false, true, false, true, false},
                {"CAT-35", "5", "SecureSite", "OV", 1, false, true, true, true, false},
                {"CAT-35", "96", "SecureSite", "EV", 1, false, true, true, true, false},
                {"CAT-12 B2", "9", "GeoTrust", "OV", 1, false, true, false, true, false},
                {"the number is not sold", "78", "GeoTrust", "OV", 1, false, true, false, false, false},
                {"CAT-13 CON-14", "14", "TrustAsia", "OV", 1, true, true, false, true, false},
                {"CAT-13", "16", "TrustAsia", "EV", 1, false, true, false, true, false},
                {"CAT-15 CAT-16", "104", "TrustAsia", "DV", 1, false, true, false, true, true},
                {"CAT-16 CAT-18", "11", "TrustAsia", "DV", 2, false, true, false, true, true},
                {"CAT-11 CAT-19", "12", "TrustAsia", "DV", 3, false, true, false, true, true},
                {"CAT-20 CON-13", "42", "TrustAsia", "DV", 4, false, true, false, true, true},
                {"CAT-12", "18", "GlobalSign", "OV", 1, false, true, false, true, false},
                {"CAT-10 B2", "25", "WoTrus", "DV", 1, false, false, false, true, true},
                {"CAT-10", "31", "WoTrus", "EV", 1, false, false, false, true, false},
                {"CAT-09", "51", "DNSPod", "OV", 1, true, false, false, true, false},
                {"CAT-09", "54", "DNSPod", "DV", 1, false, false, false, true, false},
                {"UPG-04", "48", "DNSPod", "DV", 1, false, false, false, true, true},
                {"CON-12", "101", "CFCA", "EV", 1, false, true, false, true, false},
        };
        static const char *const numbers[] = {
                "2",  "83", "6",  "75", "7",  "76", "58", "93", "5",  "97", "57", "92", "4",  "77", "60", "95",  "3",  "96",  "59",
                "94", "9",  "78", "10", "79", "8",  "80", "61", "91", "104", "11", "12", "42", "14", "15", "13", "21", "16",  "17",
                "18", "81", "22", "89", "19", "82", "23", "88", "20", "85", "24", "90", "25", "26", "27", "28", "29", "30",  "31",
                "32", "33", "34", "35", "37", "38", "39", "40", "41", "48", "49", "50", "43", "44", "45", "46", "47", "54",  "55",
                "56", "51", "52", "53", "98", "99", "100", "101", "102", "103", "105", "900",
        };
        struct catalogue *catalogue = shipped();
        const struct product *p;

        (void)state;
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
                if (!catalogue_product(catalogue, str_of(numbers[i])))
                        fail_msg("product %s is missing", numbers[i]);
        assert_int_equal(catalogue_count(catalogue), sizeof numbers / sizeof *numbers);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                p = catalogue_product(catalogue, str_of(cases[i].type));
                if (!p || strcmp(p->brand, cases[i].brand) != 0 || strcmp(p->level, cases[i].level) != 0 ||
                    p->domain_type != cases[i].domains || p->allows_ip != cases[i].ip || p->is_pro != cases[i].pro ||
                    p->is_orderable != cases[i].orderable || product_can_be_bought(p) != cases[i].buyable ||
                    (strcmp(cases[i].type, "101") != 0 && p->has_reminder != cases[i].reminder))
                        fail_msg("%s %s", cases[i].rule, cases[i].type);
        }
        p = catalogue_product(catalogue, STR("12")); /* CAT-11 SIL-61 */
        assert_true(p->needs_auto_multi_year && p->allows_auto && product_has_term(p, 36) && !product_has_term(p, 48));
        p = catalogue_product(catalogue, STR("11")); /* CAT-18 SIL-47 */
        assert_int_equal(p->domain_max, 100);
        p = catalogue_product(catalogue, STR("28")); /* B6 */
        assert_true(p->has_pre_review && strcmp(p->revoke, "R1") == 0 && strcmp(p->letter, "none") == 0);
        p = catalogue_product(catalogue, STR("51")); /* CON-07, DCV-34, CAT-07 */
        assert_true(strcmp(p->letter, "once") == 0 && p->retained_days == 397 && strcmp(p->standard, "sm2") == 0);
        p = catalogue_product(catalogue, STR("104")); /* CAT-27, CON-15 */
        assert_true(product_has(&p->keys, "ec-p256") && product_has(&p->csr_keys, "rsa-2048") &&
                    !product_has(&p->csr_keys, "ec-p256"));
        assert_ptr_equal(catalogue_product_of_pid(catalogue, 1018586), catalogue_product(catalogue, STR("12")));
        assert_ptr_equal(catalogue_product_of_pid(catalogue, 1018580), catalogue_product(catalogue, STR("6")));
        p = catalogue_choose(catalogue, &(struct catalogue_wish){.level = STR("DV"), .domain_type = 1}); /* PUR-07, UPG-04 */
        assert_string_equal(p->package_type, "48");
        p = catalogue_choose(catalogue, &(struct catalogue_wish){.level = STR("dv"), .brand = STR("TrustAsia"), .domain_type = 3});
        assert_string_equal(p->package_type, "12");
        assert_null(catalogue_choose(catalogue, &(struct catalogue_wish){.level = STR("DV"), .domain_type = 9}));
        assert_null(catalogue_choose(catalogue, &(struct catalogue_wish){.level = STR("OV")})); /* not issued here yet */
        assert_null(catalogue_product_of_pid(catalogue, 0));
        assert_null(catalogue_product_of_pid(catalogue, 7));
        catalogue_free(catalogue);
}

/* Brand and type together decide how a certificate is applied for, proved, looked at and ended: section B6 (CAT-32). */
static void test_flows(void **state)
{
        static const struct {
                const char *rule, *type;
                bool dns, file, ca; /* how names are proved */
                const char *letter, *review, *revoke, *reissue;
                bool pre_review, reminder, www, parent, words;
                int64_t retained;
        } cases[] = {
                {"FREE-09 CON-37", "2", true, true, false, "none", "none", "R3", "free-dv", false, false, true, true, true, 0},
                {"DOM-06 CON-37", "104", true, true, false, "none", "none", "R3", "paid-dv", false, true, true, true, true, 0},
                {"SIL-15 CON-37", "48", true, true, false, "none", "none", "R3", "paid-dv", false, false, true, true, true, 0},
                {"APP-45 SIL-15", "25", true, true, false, "none", "none", "R1", "paid-dv", false, false, true, true, true, 0},
                {"CAT-10 CON-41", "28", true, true, false, "none", "ov", "R1", "wotrus-dnspod", true, false, true, true, false, 0},
                {"CAT-10 CON-41", "31", true, true, false, "none", "ev", "R1", "wotrus-dnspod", true, false, true, true, false, 0},
                {"CAT-09 CON-33", "51", true, true, false, "once", "ov", "R2", "wotrus-dnspod", false, false, true, true, false, 397},
                {"CAT-09 DCV-34", "54", true, true, false, "none", "none", "R1", "paid-dv", false, false, true, true, true, 397},
                {"CON-07 CON-43", "6", false, false, true, "image", "ov", "R4", "other", false, true, true, true, false, 0},
                {"CON-07 CON-43", "4", false, false, true, "image", "ev", "R4", "other", false, true, true, true, false, 0},
                {"DOM-07 SIL-03", "9", false, false, true, "image", "ov", "R4", "other", false, true, true, true, false, 0},
                {"DOM-05", "14", false, false, true, "image", "ov", "R4", "other", false, true, true, true, false, 0},
                {"DOM-04 CON-28", "18", false, false, true, "image", "ov", "R4", "other", false, true, false, true, false, 0},
        };
        struct catalogue *catalogue = shipped();

        (void)state;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                const struct product *p = catalogue_product(catalogue, str_of(cases[i].type));

                assert_non_null(p);
                if (p->allows_dns != cases[i].dns || p->allows_file != cases[i].file || p->allows_ca != cases[i].ca ||
                    strcmp(p->letter, cases[i].letter) != 0 || strcmp(p->review, cases[i].review) != 0 ||
                    strcmp(p->revoke, cases[i].revoke) != 0 || strcmp(p->reissue, cases[i].reissue) != 0 ||
                    p->has_pre_review != cases[i].pre_review || p->has_reminder != cases[i].reminder || p->www_free != cases[i].www ||
                    p->parent_free != cases[i].parent || (p->sensitive_words->n > 0) != cases[i].words || p->retained_days != cases[i].retained)
                        fail_msg("%s: product %s", cases[i].rule, cases[i].type);
        }
        for (size_t i = 0; i < catalogue_count(catalogue); i++) { /* CON-11 CON-38: what is free is TrustAsia's, and nobody reminds of it */
                const struct product *p = catalogue_at(catalogue, i);

                if (p->is_free && (strcmp(p->brand, "TrustAsia") != 0 || p->has_reminder))
                        fail_msg("product %s", p->package_type);
        }
        catalogue_free(catalogue);
}

/* What an order keeps is read back to the same row, whatever the catalogue says now. */
static void test_row_as_bought(void **state)
{
        struct catalogue *catalogue = shipped();
        struct arena *arena = arena_new(4 * 1024 * 1024);

        (void)state;
        for (size_t i = 0; i < catalogue_count(catalogue); i++) {
                const struct product *p = catalogue_at(catalogue, i), *q = NULL;
                assert_int_equal(catalogue_product_of_text(catalogue, arena, str_of(p->package_type), str_of(p->text), &q).err,
                                 ERR_NONE);
                assert_true(q->domain_type == p->domain_type && q->price_year == p->price_year &&
                            q->www_free == p->www_free && q->allows_auto == p->allows_auto && q->terms.n == p->terms.n &&
                            q->keys.n == p->keys.n && q->life_days == p->life_days);
                assert_string_equal(q->source, p->source);
                assert_true((q->profile == NULL) == (p->profile == NULL));
                assert_ptr_equal(q->barred_suffixes, p->barred_suffixes);
        }
        const struct product *old = NULL;
        assert_int_equal(catalogue_product_of_text(catalogue, arena, STR("9999"),
                                                   STR("[product 9999]\nname = Gone\nmoon = full\nprice-year = 7\n"), &old)
                                 .err,
                         ERR_NONE);
        assert_int_equal(old->price_year, 7);
        assert_true(old->barred_suffixes->n > 0);
        assert_int_equal(catalogue_product_of_text(catalogue, arena, STR("9999"), STR("price-year = x\n"), &old).err, ERR_CONFIG);
        arena_free(arena);
        catalogue_free(catalogue);
}

static void test_quota_table(void **state) /* B8 */
{
        static const struct {
                const char *rule, *identity, *level;
                bool older;
                int64_t home, any;
        } cases[] = {
                {"QTA-08 QTA-09 QTA-14", "individual", "standard", false, 30, 20},
                {"QTA-08 QTA-09", "individual", "v1", false, 30, 20},
                {"QTA-10", "individual", "v2", false, 0, 50},
                {"QTA-11 QTA-12", "enterprise", "standard", false, 0, 10},
                {"QTA-11", "enterprise", "v1", false, 0, 10},
                {"QTA-11", "enterprise", "v2", false, 0, 10},
                {"QTA-13", "enterprise", "standard", true, 0, 20},
                {"QTA-13", "enterprise", "v2", true, 0, 20},
                {"QTA-13 not for people", "individual", "standard", true, 30, 20},
        };
        struct catalogue *catalogue = shipped();

        (void)state;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                const struct quota_rule *rule =
                        catalogue_quota(catalogue, str_of(cases[i].identity), str_of(cases[i].level), cases[i].older);
                if (!rule || rule->home != cases[i].home || rule->any != cases[i].any)
                        fail_msg("%s", cases[i].rule);
        }
        assert_null(catalogue_quota(catalogue, STR("robot"), STR("standard"), false));
        assert_null(catalogue_quota(catalogue, STR("individual"), STR("v9"), false));
        assert_int_equal(catalogue_domain_quota(catalogue), 20); /* QTA-02 */
        catalogue_free(catalogue);
}

/* ---- mistakes ---- */

struct files {
        char dir[64];
};

static void put(const struct files *f, const char *name, const char *text)
{
        char path[128];
        FILE *file;

        (void)snprintf(path, sizeof path, "%s/%s", f->dir, name);
        file = fopen(path, "w");
        assert_non_null(file);
        (void)fputs(text, file);
        (void)fclose(file);
}

static const char brands[] = "[brand B]\nsource = b\nwww = yes\nparent = no\n";
static const char quota[] =
        "[individual standard]\nhome=1\nany=1\n[individual v1]\nhome=1\nany=1\n[individual v2]\nhome=1\nany=1\n"
        "[enterprise standard]\nhome=1\nany=1\n[enterprise v1]\nhome=1\nany=1\n[enterprise v2]\nhome=1\nany=1\n"
        "[enterprise older]\nhome=1\nany=1\n[domain]\nlimit=3\n";
#define PRODUCT_HEAD "[product 7]\nname = N\nbrand = B\nlevel = DV\n"
#define PRODUCT_REST \
        "domains = single\nmax-domains = 1\nvalidity-months = 3\nlife-days = 90\ndeadline-days = 3\n" \
        "dns-record = TXT\nip = no\nissuer-rsa = i\nissuer-ecc = i\nprofile = p\n"
#define PRODUCT_GOOD \
        PRODUCT_HEAD \
        "free = yes\ndefault = yes\nmethods = DNS  FILE\nwords = w\nsuffixes = s\nwww = no\n" PRODUCT_REST

static int files_set_up(void **state)
{
        struct files *f = calloc(1, sizeof *f);
        char path[128];

        (void)snprintf(f->dir, sizeof f->dir, "/tmp/catalogue-XXXXXX");
        assert_non_null(mkdtemp(f->dir));
        (void)snprintf(path, sizeof path, "%s/words", f->dir);
        assert_int_equal(mkdir(path, 0700), 0);
        (void)snprintf(path, sizeof path, "%s/suffixes", f->dir);
        assert_int_equal(mkdir(path, 0700), 0);
        *state = f;
        return 0;
}

static int files_tear_down(void **state)
{
        static const char *const names[] = {"brands.ini",  "quota.ini",      "products.ini",
                                            "words/w.txt", "suffixes/s.txt", "suffixes/everyone.txt",
                                            "words",       "suffixes"};
        struct files *f = *state;
        char path[128];

        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
                (void)snprintf(path, sizeof path, "%s/%s", f->dir, names[i]);
                (void)remove(path);
        }
        assert_int_equal(rmdir(f->dir), 0);
        free(f);
        return 0;
}

static void put_good(const struct files *f)
{
        put(f, "brands.ini", brands);
        put(f, "quota.ini", quota);
        put(f, "products.ini", PRODUCT_GOOD);
        put(f, "words/w.txt", "# head\nOne\n\n two # why\n");
        put(f, "suffixes/s.txt", ".x\nco.y\n");
        put(f, "suffixes/everyone.txt", "ru");
}

static void test_good_files(void **state)
{
        struct files *f = *state;
        struct catalogue *catalogue = NULL;
        const struct product *p;
        struct buf why;

        put_good(f);
        buf_init(&why, 4096);
        if (!res_is_ok(catalogue_load(f->dir, &catalogue, &why)))
                fail_msg("%s", buf_c(&why));
        p = catalogue_product(catalogue, STR("7"));
        assert_false(p->www_free); /* the product's own answer beats the brand's */
        assert_false(p->parent_free);
        assert_int_equal(p->sensitive_words->n, 2);
        assert_true(str_equals(p->sensitive_words->v[0], "one"));
        assert_int_equal(p->barred_suffixes->n, 3); /* everyone's first: DOM-02 */
        assert_true(str_equals(p->barred_suffixes->v[0], "ru"));
        assert_true(str_equals(p->barred_suffixes->v[1], "x"));
        assert_string_equal(
                p->text,
                "[product 7]\nname = N\nbrand = B\nsource = b\nlevel = DV\npro = no\nstandard = international\nfree = yes\nacme = no\nquota = no\n"
                "default = yes\nrecommended = no\norderable = no\ndomains = single\nmax-domains = 1\nvalidity-months = 3\nterms = \n"
                "life-days = 90\ndeadline-days = 3\ndns-record = TXT\nmethods = DNS FILE\nauto-multi-year = no\nip = no\n"
                "www = no\nparent = no\nissuer-rsa = i\nissuer-ecc = i\nissuer-sm2 = \nprofile = p\nkeys = rsa-2048 ec-p256\n"
                "csr-keys = rsa-2048 ec-p256\nhashes = SHA256\ncaa = \nwords = w\nsuffixes = s\nreview = none\npre-review = no\n"
                "letter = none\nreminder = no\nretained-days = 0\nrevoke = R3\nreissue = free-dv\nprice-year = 0\n"
                "price-name = 0\nnames-included = 1\ndiscount-2 = 0\ndiscount-3 = 0\npid = \npoints = \n");
        catalogue_free(catalogue);
        buf_done(&why);
}

static const struct {
        const char *file, *text; /* text NULL = file missing */
        const char *says[2];
} mistakes[] = {
        {"products.ini", NULL, {"products.ini", "catalogue.dir"}},
        {"brands.ini", NULL, {"brands.ini", NULL}},
        {"quota.ini", NULL, {"quota.ini", NULL}},
        {"suffixes/everyone.txt", NULL, {"everyone.txt", NULL}},
        {"words/w.txt", NULL, {"words/w.txt", NULL}},
        {"products.ini", "name = x\n", {"products.ini:1:", "[product N]"}},
        {"products.ini", "[product x]\nname = x\n", {"products.ini:2:", "[product N]"}},
        {"products.ini", "[product 07]\nname = x\n", {"products.ini:2:", "[product N]"}},
        {"products.ini", "\n\n[product 7]\nnoequals\n", {"products.ini:4:", "key = value"}},
        {"products.ini", "[product 7\n", {"products.ini:1:", "[section]"}},
        {"products.ini", "[product 7]\ncolour = red\n", {"products.ini:2:", "\"colour\""}},
        {"products.ini", "[product 7]\nname = a\nname = b\n", {"products.ini:3:", "twice"}},
        {"products.ini", "[product 7]\nfree = maybe\n", {"products.ini:2:", "yes or no"}},
        {"products.ini", "[product 7]\nlife-days = 0\n", {"products.ini:2:", "from 1 to"}},
        {"products.ini", "[product 7]\nlife-days = 99999999999999999999\n", {"products.ini:2:", "from 1 to"}},
        {"products.ini", "[product 7]\nlevel = XV\n", {"products.ini:2:", "DV, OV, EV"}},
        {"products.ini", "[product 7]\ndomains = some\n", {"products.ini:2:", "multi-wildcard"}},
        {"products.ini", "[product 7]\nmethods = DNS CARRIER\n", {"products.ini:2:", "CARRIER"}},
        {"products.ini", "[product 7]\nissuer-rsa = ../x\n", {"products.ini:2:", "small letters"}},
        {"products.ini", "[product 7]\nwords = ../../etc/passwd\n", {"products.ini:2:", "no name of a list"}},
        {"products.ini", PRODUCT_HEAD PRODUCT_REST, {"products.ini:2:", "\"free\""}},
        {"products.ini",
             PRODUCT_HEAD "free = yes\nmethods = DNS\n" PRODUCT_REST,
             {"products.ini:2:", "default = yes"}},
        {"products.ini",
             PRODUCT_HEAD "free = no\ndefault = yes\nmethods = DNS\n" PRODUCT_REST,
             {"products.ini:2:", "only a free"}},
        {"products.ini", PRODUCT_HEAD "free = no\nmethods =\n" PRODUCT_REST, {"products.ini:2:", "methods"}},
        {"products.ini",
             PRODUCT_HEAD "free = yes\ndefault = yes\nmethods = DNS\n" PRODUCT_REST
                          "[product 8]\nname = N\nbrand = B\nlevel = DV\nfree = yes\nmethods = DNS\n" PRODUCT_REST,
             {"products.ini:19:", "two free products"}},
        {"products.ini", "[product 7]\nlike = 8\n", {"products.ini:2:", "no [product 8] stands above"}},
        {"products.ini", PRODUCT_GOOD "[product 8]\nname = x\nlike = 7\n", {"products.ini:23:", "comes first"}},
        {"products.ini", PRODUCT_GOOD "[product 8]\nlike = 7\nfree = no\ndefault = no\n", {"products.ini:22:", "terms"}},
        {"products.ini",
             PRODUCT_GOOD "[product 8]\nlike = 7\nfree = no\ndefault = no\nterms = 24 12\n",
             {"products.ini:25:", "rising"}},
        {"products.ini",
             PRODUCT_GOOD "[product 8]\nlike = 7\nfree = no\ndefault = no\nterms = 13\nprice-year = 1\n",
             {"products.ini:22:", "whole years"}},
        {"products.ini",
             PRODUCT_GOOD "[product 8]\nlike = 7\nfree = no\ndefault = no\nterms = 12\nprice-year = 1\nkeys = sm2\n",
             {"products.ini:22:", "issuer-sm2"}},
        {"products.ini",
             PRODUCT_GOOD "[product 8]\nlike = 7\nfree = no\ndefault = no\nterms = 12\nprice-year = 1\nnames-included = 2\n",
             {"products.ini:22:", "names-included"}},
        {"products.ini",
             PRODUCT_GOOD "[product 8]\nlike = 7\nfree = no\ndefault = no\nterms = 12\nprice-year = 1\npid = 9\n"
                          "[product 9]\nlike = 8\npid = 9\n",
             {"products.ini:29:", "pid = 9 already"}},
        {"products.ini", "[product 7]\nprice-year = -1\n", {"products.ini:2:", "from 0"}},
        {"products.ini", PRODUCT_GOOD "orderable = yes\n", {"products.ini:2:", "orderable = no"}},
        {"products.ini", PRODUCT_GOOD "quota = yes\n", {"products.ini:2:", "ACME's product"}},
        {"products.ini",
             PRODUCT_GOOD "[product 8]\nlike = 7\nfree = no\ndefault = no\nterms = 12\nprice-year = 1\ndomains = multi\n",
             {"products.ini:22:", "2 or more"}},
        {"brands.ini", "[brand C]\nsource = b\nwww = yes\nparent = no\n", {"products.ini:2:", "no [brand B]"}},
        {"brands.ini", "[brand B]\nsource = b\nwww = yes\n", {"brands.ini", "lacks"}},
        {"brands.ini", "[brand B]\nhat = b\n", {"brands.ini:2:", "\"hat\""}},
        {"brands.ini", "[shop B]\nsource = b\n", {"brands.ini:2:", "[brand NAME]"}},
        {"quota.ini", "[individual standard]\nhome = 1\nany = 1\n", {"quota.ini", "[individual v1]"}},
        {"quota.ini", "[individual standard]\nhome = -1\n", {"quota.ini:2:", "from 0"}},
        {"quota.ini", "[robot standard]\nhome = 1\n", {"quota.ini:2:", "[enterprise older]"}},
        {"quota.ini", "[individual standard]\naway = 1\n", {"quota.ini:2:", "\"away\""}},
        {"words/w.txt",
             "good\nb\xC3\xA4"
             "d\n",
             {"words/w.txt:2:", "other bytes"}},
        {"words/w.txt", "a.b\n", {"words/w.txt:1:", "other bytes"}},
        {"suffixes/s.txt", "a b\n", {"suffixes/s.txt:1:", "other bytes"}},
};

static void test_mistakes(void **state)
{
        struct files *f = *state;
        char path[128], longest[400];

        for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
                struct catalogue *catalogue = NULL;
                struct buf why;
                put_good(f);
                if (mistakes[i].text)
                        put(f, mistakes[i].file, mistakes[i].text);
                (void)snprintf(path, sizeof path, "%s/%s", f->dir, mistakes[i].file);
                if (!mistakes[i].text)
                        assert_int_equal(remove(path), 0);
                buf_init(&why, 4096);
                res r = catalogue_load(f->dir, &catalogue, &why);
                for (size_t k = 0; k < 2; k++)
                        if (r.err != ERR_CONFIG || (mistakes[i].says[k] && !strstr(buf_c(&why), mistakes[i].says[k])))
                                fail_msg("%zu: %s %s \"%s\"", i, mistakes[i].file, err_name(r.err), buf_c(&why));
                assert_null(catalogue);
                buf_done(&why);
        }
        memset(longest, 'a', sizeof longest - 1);
        longest[sizeof longest - 1] = '\0';
        for (size_t i = 0; i < 2; i++) {
                struct catalogue *catalogue = NULL;
                struct buf why;
                put_good(f);
                put(f, i ? "products.ini" : "words/w.txt", longest);
                buf_init(&why, 4096);
                assert_int_equal(catalogue_load(f->dir, &catalogue, &why).err, ERR_CONFIG);
                assert_non_null(strstr(buf_c(&why), "longer than"));
                buf_done(&why);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_free_products),
                cmocka_unit_test(test_paid_products), cmocka_unit_test(test_flows),
                cmocka_unit_test(test_row_as_bought),
                cmocka_unit_test(test_quota_table),
                cmocka_unit_test_setup_teardown(test_good_files, files_set_up, files_tear_down),
                cmocka_unit_test_setup_teardown(test_mistakes, files_set_up, files_tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
