/* Names: rules DOM, FREE-05..08, FREE-15, RVW-22..29, CON-10, CON-20, SIL-04, SIL-15, SIL-16, SIL-36, SIL-52, SIL-65. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/catalogue.h"
#include "core/core.h"
#include "core/domain.h"

struct fixture {
        struct core core;
        struct act act;
        const struct product *free_product;
        struct product wildcard, multi, plain; /* kinds that the shipped catalogue does not sell yet */
};

static char suffix_lan[] = "lan.example", suffix_corp[] = ".Corp", suffix_local[] = "local", suffix_deep[] = "a.corp";
static char *suffixes[] = {suffix_lan, suffix_corp, suffix_local, suffix_deep};

static int set_up(void **state)
{
        struct fixture *f = calloc(1, sizeof *f);
        struct conf_list list = {suffixes, 4};
        struct buf why;

        buf_init(&why, 4096);
        if (!res_is_ok(domain_rules_new(&list, &f->core.domains, &why)) ||
            !res_is_ok(catalogue_load(TEST_SOURCE_DIR "/catalogue", &f->core.catalogue, &why))) {
                print_error("%s\n", buf_c(&why));
                return -1;
        }
        buf_done(&why);
        f->act.core = &f->core;
        f->act.arena = arena_new(64 * 1024 * 1024);
        f->free_product = catalogue_product(f->core.catalogue, STR("83"));
        f->plain = *f->free_product;
        f->plain.is_free = false;
        f->plain.name = "Paid";
        f->plain.sensitive_words = NULL;
        f->wildcard = f->plain;
        f->wildcard.domain_type = 3;
        f->multi = f->plain;
        f->multi.domain_type = 2;
        f->multi.domain_max = 100;
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

#define LABEL63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LEVELS50 "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a."

static void test_parse_refuses(void **state)
{
        struct fixture *f = *state;
        static const struct {
                const char *rule, *typed;
                enum err err;
                const char *says;
        } cases[] = {
                {"empty", "", ERR_DOMAIN, "give one"},
                {"blanks only", " \t ", ERR_DOMAIN, "give one"},
                {"DOM-14 two asterisks", "*.*.tencent.com", ERR_DOMAIN, "exactly one asterisk"},
                {"DOM-14 not leftmost", "a.*.tencent.com", ERR_DOMAIN, "exactly one asterisk"},
                {"DOM-14 part of a label", "f*.tencent.com", ERR_DOMAIN, "exactly one asterisk"},
                {"DOM-14 asterisk alone", "*", ERR_DOMAIN, "exactly one asterisk"},
                {"DOM-14 nothing under it", "*.", ERR_DOMAIN, "no host name"},
                {"DOM-16 underscore", "_dnsauth.tencent.com", ERR_DOMAIN, "underscore"},
                {"DOM-16 bang", "a!b.com", ERR_DOMAIN, "no host name"},
                {"DOM-16 bang among others", "\xC3\xBC!.com", ERR_DOMAIN, "no host name"},
                {"DOM-16 wide asterisk", "\xEF\xBC\x8A.tencent.com", ERR_DOMAIN, "no host name"},
                {"hyphen first", "-a.com", ERR_DOMAIN, "no host name"},
                {"hyphen last", "a-.com", ERR_DOMAIN, "no host name"},
                {"hyphens 3 and 4", "ab--c.com", ERR_DOMAIN, "no host name"},
                {"empty label", "a..com", ERR_DOMAIN, "no host name"},
                {"dot first", ".a.com", ERR_DOMAIN, "no host name"},
                {"two dots last", "a.com..", ERR_DOMAIN, "no host name"},
                {"dots only", "..", ERR_DOMAIN, "no host name"},
                {"one dot", ".", ERR_DOMAIN, "no host name"},
                {"label of 64", LABEL63 "a.com", ERR_DOMAIN, NULL},
                {"DOM-17 101 levels", LEVELS50 LEVELS50 "com", ERR_DOMAIN, "levels"},
                {"over 253", LABEL63 "." LABEL63 "." LABEL63 "." LABEL63 ".com", ERR_DOMAIN_LENGTH, "253"},
                {"address bar", "https://tencent.com/", ERR_DOMAIN, "https://"},
                {"path", "tencent.com/x", ERR_DOMAIN, "slash"},
                {"port", "tencent.com:443", ERR_DOMAIN, "port"},
                {"email", "me@tencent.com", ERR_DOMAIN, "email"},
                {"two names", "a.com b.com", ERR_DOMAIN, "blank"},
                {"list", "a.com,b.com", ERR_DOMAIN, "comma"},
                {"numbers at the end", "1.2.3", ERR_DOMAIN, "IP address"},
                {"numbers at the end", "1.2.3.4.5", ERR_DOMAIN, "IP address"},
                {"too large an address", "256.1.1.1", ERR_DOMAIN, "IP address"},
                {"hex at the end", "a.0x1f", ERR_DOMAIN, "IP address"},
                {"v6, half", "fe80:", ERR_DOMAIN, "port"},
                {"bad UTF-8", "\xC3\x28.com", ERR_DOMAIN, "UTF-8"},
                {"bad A-label", "xn--\x61.com", ERR_DOMAIN, NULL},
                {"A-label of a mapped letter", "xn--bcher-2pa.com", ERR_DOMAIN, NULL},
                {"IDNA2008 has no pictures", "\xF0\x9F\x98\x80.com", ERR_DOMAIN, "IDNA2008"},
                {"control byte", "a\x01.com", ERR_DOMAIN, "The name"},
        };

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct domain_name name = {0};
                f->act.detail[0] = '\0';
                res r = domain_parse(&f->act, str_of(cases[i].typed), &name);
                if (r.err != cases[i].err || f->act.detail[0] == '\0' ||
                    (cases[i].says && !strstr(f->act.detail, cases[i].says)))
                        fail_msg("%s: %s -> %s \"%s\"", cases[i].rule, cases[i].typed, err_name(r.err), f->act.detail);
                assert_null(name.ascii);
        }
        struct domain_name name = {0};
        assert_int_equal(domain_parse(&f->act, (struct str){"a\0b.com", 7}, &name).err, ERR_DOMAIN);
}

static void test_parse_normalises(void **state)
{
        struct fixture *f = *state;
        static const struct {
                const char *rule, *typed, *ascii, *registrable;
                enum domain_space space;
                bool is_wildcard;
        } cases[] = {
                {"DOM-28", "tencent.com", "tencent.com", "tencent.com", DOMAIN_PUBLIC, false},
                {"DOM-27 QTA-04", "ssl.ssl.tencent.com", "ssl.ssl.tencent.com", "tencent.com", DOMAIN_PUBLIC, false},
                {"capitals", "WWW.Tencent.COM", "www.tencent.com", "tencent.com", DOMAIN_PUBLIC, false},
                {"final dot", "tencent.com.", "tencent.com", "tencent.com", DOMAIN_PUBLIC, false},
                {"blanks around", "  tencent.com\t", "tencent.com", "tencent.com", DOMAIN_PUBLIC, false},
                {"DOM-14", "*.Tencent.com.", "*.tencent.com", "tencent.com", DOMAIN_PUBLIC, true},
                {"SIL-04 two-part suffix", "a.b.example.co.uk", "a.b.example.co.uk", "example.co.uk", DOMAIN_PUBLIC,
                 false},
                {"SIL-04 wildcard rule", "a.b.c.ck", "a.b.c.ck", "b.c.ck", DOMAIN_PUBLIC, false},
                {"SIL-04 exception", "a.www.ck", "a.www.ck", "www.ck", DOMAIN_PUBLIC, false},
                {"SIL-04 hosting company", "me.github.io", "me.github.io", "me.github.io", DOMAIN_PUBLIC, false},
                {"SIL-04 deeper there", "a.me.github.io", "a.me.github.io", "me.github.io", DOMAIN_PUBLIC, false},
                {"the company itself", "github.io", "github.io", "github.io", DOMAIN_PUBLIC, false},
                {"suffix itself", "co.uk", "co.uk", "co.uk", DOMAIN_SUFFIX, false},
                {"suffix itself", "com", "com", "com", DOMAIN_SUFFIX, false},
                {"wildcard on a suffix", "*.com.cn", "*.com.cn", "com.cn", DOMAIN_SUFFIX, true},
                {"IDN",
                 "b\xC3\xBC"
                 "cher.de",
                 "xn--bcher-kva.de", "xn--bcher-kva.de", DOMAIN_PUBLIC, false},
                {"IDN capital",
                 "B\xC3\x9C"
                 "CHER.de",
                 "xn--bcher-kva.de", "xn--bcher-kva.de", DOMAIN_PUBLIC, false},
                {"IDN nontransitional",
                 "stra\xC3\x9F"
                 "e.de",
                 "xn--strae-oqa.de", "xn--strae-oqa.de", DOMAIN_PUBLIC, false},
                {"IDN suffix and dots", "www\xE3\x80\x82\xE4\xBE\x8B\xE3\x80\x82\xE4\xB8\xAD\xE5\x9B\xBD",
                 "www.xn--fsq.xn--fiqs8s", "xn--fsq.xn--fiqs8s", DOMAIN_PUBLIC, false},
                {"A-label in", "XN--Bcher-KVA.de", "xn--bcher-kva.de", "xn--bcher-kva.de", DOMAIN_PUBLIC, false},
                {"digits", "12306.cn", "12306.cn", "12306.cn", DOMAIN_PUBLIC, false},
                {"label of 63", LABEL63 ".com", LABEL63 ".com", LABEL63 ".com", DOMAIN_PUBLIC, false},
                {"DOM-17 100 levels", &(LEVELS50 LEVELS50 "com")[2], &(LEVELS50 LEVELS50 "com")[2], "a.com",
                 DOMAIN_PUBLIC, false},
                {"unknown top level", "a.b.nosuchtld", "a.b.nosuchtld", "b.nosuchtld", DOMAIN_INTERNAL, false},
                {"host name", "intranet", "intranet", "intranet", DOMAIN_INTERNAL, false},
                {"private", "a.b.corp", "a.b.corp", "b.corp", DOMAIN_PRIVATE, false},
                {"private, longest wins", "x.y.a.corp", "x.y.a.corp", "y.a.corp", DOMAIN_PRIVATE, false},
                {"private suffix", "corp", "corp", "corp", DOMAIN_SUFFIX, false},
                {"private suffix with a dot is the operator's own", "lan.example", "lan.example", "lan.example",
                 DOMAIN_PRIVATE, false},
                {"private under it", "a.b.lan.example", "a.b.lan.example", "b.lan.example", DOMAIN_PRIVATE, false},
                {"beside it", "wlan.example", "wlan.example", "wlan.example", DOMAIN_INTERNAL, false},
                {"opened by the operator", "printer.local", "printer.local", "printer.local", DOMAIN_PRIVATE, false},
                {"reserved", "localhost", "localhost", "localhost", DOMAIN_RESERVED, false},
                {"reserved", "a.b.onion", "a.b.onion", "b.onion", DOMAIN_RESERVED, false},
                {"reserved", "1.0.0.127.in-addr.arpa", "1.0.0.127.in-addr.arpa", "in-addr.arpa", DOMAIN_RESERVED,
                 false},
        };

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct domain_name name = {0};
                f->act.detail[0] = '\0';
                res r = domain_parse(&f->act, str_of(cases[i].typed), &name);
                if (!res_is_ok(r) || strcmp(name.ascii, cases[i].ascii) != 0 ||
                    strcmp(name.registrable, cases[i].registrable) != 0 || name.space != cases[i].space ||
                    name.is_wildcard != cases[i].is_wildcard || name.is_ip)
                        fail_msg("%s: %s -> %s %s %s %d \"%s\"", cases[i].rule, cases[i].typed, err_name(r.err),
                                 name.ascii, name.registrable, (int)name.space, f->act.detail);
        }
}

static void test_parse_addresses(void **state)
{
        struct fixture *f = *state;
        static const struct {
                const char *typed, *canonical;
        } cases[] = {
                {"1.1.1.1", "1.1.1.1"},   {"10.0.0.1", "10.0.0.1"}, {"::1", "::1"}, {"[2001:DB8::0:1]", "2001:db8::1"},
                {" 8.8.8.8 ", "8.8.8.8"},
        };

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct domain_name name = {0};
                assert_true(res_is_ok(domain_parse(&f->act, str_of(cases[i].typed), &name)));
                assert_true(name.is_ip);
                assert_int_equal(name.space, DOMAIN_ADDRESS);
                assert_string_equal(name.ascii, cases[i].canonical);
        }
}

static res check(struct fixture *f, const char *typed, const struct product *product)
{
        struct domain_name name;

        f->act.detail[0] = '\0';
        TRY(domain_parse(&f->act, str_of(typed), &name));
        return domain_check(&f->act, &name, product);
}

/* CAA is asked of every name but addresses: a name whose last label ends in a digit is a name (RFC 8659 §3). */
static void test_stored_addresses(void **state)
{
        static const char *const addresses[] = {"192.0.2.7", "2001:db8::7", "::"};
        static const char *const names[] = {"", "example.com", "www.xn--abc1", "a.lan7", "*.example.xn--45q11", "192.0.2.7.example.com", "1.2.3.4.5", "192.0.2"};

        (void)state;
        for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
                assert_true(domain_is_address(str_of(addresses[i])));
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
                assert_false(domain_is_address(str_of(names[i])));
}

static void test_check_free(void **state)
{
        struct fixture *f = *state;
        static const struct {
                const char *rule, *typed;
                enum err err;
                const char *says;
        } cases[] = {
                {"FREE-05", "dnspod.cn", ERR_NONE, ""},
                {"FREE-05", "docs.dnspod.cn", ERR_NONE, ""},
                {"FREE-05 suffix itself", "com.cn", ERR_DOMAIN, "public suffix"},
                {"RVW-25 host name", "intranet", ERR_DOMAIN, "names.private-suffixes"},
                {"internal name", "a.nosuchtld", ERR_DOMAIN, "names.private-suffixes"},
                {"reserved name", "a.localhost", ERR_DOMAIN, "reserved"},
                {"private suffix", "git.corp", ERR_NONE, ""},
                {"private suffix alone", "corp", ERR_DOMAIN, "public suffix"},
                {"FREE-06", "*.dnspod.cn", ERR_DOMAIN, "wildcard product"},
                {"FREE-07 RVW-25", "1.1.1.1", ERR_DOMAIN, "IP address"},
                {"FREE-07 RVW-25", "192.168.0.1", ERR_DOMAIN, "IP address"},
                {"FREE-07", "2001:db8::1", ERR_DOMAIN, "IP address"},
                {"FREE-08", "school.edu", ERR_DOMAIN, ".edu"},
                {"FREE-08", "a.office.gov", ERR_DOMAIN, ".gov"},
                {"FREE-08", "club.org", ERR_DOMAIN, ".org"},
                {"FREE-08 DOM-02", "site.ru", ERR_DOMAIN, ".ru"},
                {"FREE-08", "shop.co.jp", ERR_DOMAIN, ".jp"},
                {"FREE-08", "shop.pay", ERR_DOMAIN, ".pay"},
                {"FREE-08", "first.bank", ERR_DOMAIN, ".bank"},
                {"FREE-08 CON-20", "tv.live", ERR_DOMAIN, ".live"},
                {"FREE-08", "a.nuclear", ERR_DOMAIN, ".nuclear"},
                {"FREE-08 DOM-02 at a dot only", "yoga.guru", ERR_NONE, ""},
                {"FREE-08 last label only", "edu.dnspod.cn", ERR_NONE, ""},
                {"RVW-27", "www.qq.pw", ERR_DOMAIN, ".pw"},
                {"RVW-27", "www.qcloud.pw", ERR_DOMAIN, ".pw"},
                {"RVW-25", "live.dnspod.cn", ERR_DOMAIN, "\"live\""},
                {"RVW-25", "bank.dnspod.cn", ERR_DOMAIN, "\"bank\""},
                {"RVW-25", "banc.cn", ERR_DOMAIN, "\"banc\""},
                {"RVW-25", "alpha.dnspod.cn", ERR_DOMAIN, "\"alpha\""},
                {"RVW-25", "test.dnspod.cn", ERR_DOMAIN, "\"test\""},
                {"RVW-25", "example.com", ERR_DOMAIN, "\"example\""},
                {"RVW-25", "credit.dnspod.cn", ERR_DOMAIN, "\"credit\""},
                {"RVW-25", "pw.dnspod.cn", ERR_DOMAIN, "\"pw\""},
                {"RVW-25", "apple.dnspod.cn", ERR_DOMAIN, "\"apple\""},
                {"RVW-25", "ebay.dnspod.cn", ERR_DOMAIN, "\"ebay\""},
                {"RVW-25", "trust.dnspod.cn", ERR_DOMAIN, "\"trust\""},
                {"RVW-25", "root.dnspod.cn", ERR_DOMAIN, "\"root\""},
                {"RVW-25", "amazon.dnspod.cn", ERR_DOMAIN, "\"amazon\""},
                {"RVW-25", "android.dnspod.cn", ERR_DOMAIN, "\"android\""},
                {"RVW-25", "visa.dnspod.cn", ERR_DOMAIN, "\"visa\""},
                {"RVW-25", "google.dnspod.cn", ERR_DOMAIN, "\"google\""},
                {"RVW-25", "discover.dnspod.cn", ERR_DOMAIN, "\"discover\""},
                {"RVW-25", "financial.dnspod.cn", ERR_DOMAIN, "\"financial\""},
                {"RVW-25", "wordpress.dnspod.cn", ERR_DOMAIN, "\"wordpress\""},
                {"RVW-25", "pal.dnspod.cn", ERR_DOMAIN, "\"pal\""},
                {"RVW-25", "hp.dnspod.cn", ERR_DOMAIN, "\"hp\""},
                {"RVW-25", "lv.dnspod.cn", ERR_DOMAIN, "\"lv\""},
                {"RVW-25", "free.dnspod.cn", ERR_DOMAIN, "\"free\""},
                {"RVW-25", "scp.dnspod.cn", ERR_DOMAIN, "\"scp\""},
                {"RVW-28", "pay.dnspod.cn", ERR_DOMAIN, "\"pay\""},
                {"RVW-29 SIL-65", "bank.dnspod.cn", ERR_DOMAIN, "choose a paid product"},
                {"SIL-36 part at a hyphen", "my-bank.dnspod.cn", ERR_DOMAIN, "\"bank\""},
                {"SIL-36 first part", "bank-of-x.dnspod.cn", ERR_DOMAIN, "\"bank\""},
                {"SIL-36 capitals", "My-BANK.dnspod.cn", ERR_DOMAIN, "\"bank\""},
                {"SIL-36 wide letters", "\xEF\xBD\x82\xEF\xBD\x81\xEF\xBD\x8E\xEF\xBD\x8B.dnspod.cn", ERR_DOMAIN,
                 "\"bank\""},
                {"SIL-36 part of an IDN label", "hp-\xC3\xBC.dnspod.cn", ERR_DOMAIN, "\"hp\""},
                {"SIL-36 no substring", "paypal.dnspod.cn", ERR_NONE, ""},
                {"SIL-36 no substring", "testing.dnspod.cn", ERR_NONE, ""},
                {"SIL-36 no substring", "bankside.dnspod.cn", ERR_NONE, ""},
                {"SIL-36 part of an A-label", "xn--hp--joa.dnspod.cn", ERR_DOMAIN, "\"hp\""},
                {"SIL-36 an A-label's own bytes say nothing", "free\xC3\xBC.dnspod.cn", ERR_NONE, ""},
                {"CON-20 RVW-26 top level is no word", "dnspod.lv", ERR_NONE, ""},
                {"RVW-26 deeper", "a.live.dnspod.cn", ERR_DOMAIN, "\"live\""},
                {"second-level suffix label", "a.bank.corp", ERR_DOMAIN, "\"bank\""},
                {"DOM-16 RVW-22 64 characters", "a23456789012345678901234567890123456789012345678901234.dnspod.cn",
                 ERR_NONE, ""},
                {"DOM-16 CON-10 65 characters", "a234567890123456789012345678901234567890123456789012345.dnspod.cn",
                 ERR_DOMAIN_LENGTH, "64"},
        };
        const char *products[] = {"2", "83"};

        for (size_t p = 0; p < 2; p++)
                for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                        const struct product *product = catalogue_product(f->core.catalogue, str_of(products[p]));
                        res r = check(f, cases[i].typed, product);
                        if (r.err != cases[i].err || !strstr(f->act.detail, cases[i].says))
                                fail_msg("%s: %s -> %s \"%s\"", cases[i].rule, cases[i].typed, err_name(r.err),
                                         f->act.detail);
                }
}

static void test_check_paid_kinds(void **state)
{
        struct fixture *f = *state;
        struct product ip = f->plain;
        struct strs everyone = {&STR("ru"), 1};

        ip.allows_ip = true;
        f->plain.barred_suffixes = f->wildcard.barred_suffixes = &everyone;
        assert_int_equal(check(f, "bank.dnspod.cn", &f->plain).err, ERR_NONE); /* SIL-35 */
        assert_int_equal(check(f, "club.org", &f->plain).err, ERR_NONE);       /* CON-21 */
        assert_int_equal(check(f, "a.site.ru", &f->plain).err, ERR_DOMAIN);    /* DOM-02 */
        assert_int_equal(check(f, "*.site.ru", &f->wildcard).err, ERR_DOMAIN); /* DOM-02 */
        assert_int_equal(check(f, "*.tencent.com", &f->wildcard).err, ERR_NONE);
        assert_int_equal(check(f, "tencent.com", &f->wildcard).err, ERR_DOMAIN); /* DOM-13 */
        assert_int_equal(check(f, "*.tencent.com", &f->multi).err, ERR_DOMAIN);
        assert_int_equal(check(f, "*.com.cn", &f->wildcard).err, ERR_DOMAIN); /* wildcard on a public suffix */
        assert_int_equal(check(f, "1.1.1.1", &f->plain).err, ERR_DOMAIN);
        assert_int_equal(check(f, "1.1.1.1", &ip).err, ERR_NONE); /* DOM-03 */
}

static void test_shipped_suffixes_bar_everyone(void **state) /* DOM-02 */
{
        struct fixture *f = *state;

        for (size_t i = 0; i < catalogue_count(f->core.catalogue); i++)
                assert_int_equal(check(f, "site.ru", catalogue_at(f->core.catalogue, i)).err, ERR_DOMAIN);
}

static void test_expand(void **state)
{
        struct fixture *f = *state;
        struct product no_www = f->plain, no_parent = f->wildcard;
        const struct {
                const char *rule;
                const char *typed[3];
                const struct product *product;
                const char *names[5];
        } cases[] = {
                {"FREE-15 DOM-06 DOM-09", {"tencent.com"}, f->free_product, {"tencent.com", "www.tencent.com"}},
                {"SIL-52", {"www.tencent.com"}, f->free_product, {"www.tencent.com", "tencent.com"}},
                {"DOM-05..07 deeper brings nothing", {"ssl.tencent.com"}, f->free_product, {"ssl.tencent.com"}},
                {"SIL-52 deeper www brings nothing", {"www.ssl.tencent.com"}, f->free_product, {"www.ssl.tencent.com"}},
                {"www is the primary's own name", {"www.com"}, f->free_product, {"www.com", "www.www.com"}},
                {"two-part suffix", {"dnspod.com.cn"}, f->free_product, {"dnspod.com.cn", "www.dnspod.com.cn"}},
                {"DOM-04 brand without www", {"tencent.com"}, &no_www, {"tencent.com"}},
                {"DOM-04 brand without www", {"www.tencent.com"}, &no_www, {"www.tencent.com"}},
                {"DOM-08 DOM-10 DOM-11", {"*.tencent.com"}, &f->wildcard, {"*.tencent.com", "tencent.com"}},
                {"DOM-08 deeper", {"*.ssl.tencent.com"}, &f->wildcard, {"*.ssl.tencent.com", "ssl.tencent.com"}},
                {"DOM-08 flag off", {"*.tencent.com"}, &no_parent, {"*.tencent.com"}},
                {"DOM-11 two levels", {"*.corp"}, &f->wildcard, {"*.corp"}},
                {"SIL-16 typed in too",
                 {"tencent.com", "www.tencent.com"},
                 &f->multi,
                 {"tencent.com", "www.tencent.com"}},
                {"SIL-16 other order",
                 {"www.tencent.com", "tencent.com", "a.tencent.com"},
                 &f->multi,
                 {"www.tencent.com", "tencent.com", "a.tencent.com"}},
                {"SIL-16 parent", {"*.tencent.com", "*.tencent.com"}, &f->wildcard, {"*.tencent.com", "tencent.com"}},
                {"address", {"1.1.1.1"}, &f->plain, {"1.1.1.1"}},
        };

        no_www.www_free = false;
        no_parent.parent_free = false;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct strs names = {0};
                size_t expected = 0;
                for (size_t k = 0; k < 3 && cases[i].typed[k]; k++) {
                        struct domain_name name;
                        assert_true(res_is_ok(domain_parse(&f->act, str_of(cases[i].typed[k]), &name)));
                        assert_true(res_is_ok(domain_expand(&f->act, &name, cases[i].product, &names)));
                }
                for (; expected < 5 && cases[i].names[expected]; expected++)
                        if (expected >= names.n || !str_equals(names.v[expected], cases[i].names[expected]))
                                fail_msg("%s: name %zu", cases[i].rule, expected);
                if (names.n != expected)
                        fail_msg("%s: %zu names", cases[i].rule, names.n);
        }
}

static void test_email(void **state)
{
        static const char *const good[] = {"a@b.cn", "first.last+x@mail.tencent.com", "A@B.CO", "o'neil@a-b.de",
                                           "x@xn--bcher-kva.de"};
        static const char *const bad[] = {"",
                                          "a",
                                          "@b.cn",
                                          "a@",
                                          "a@b",
                                          "a@@b.cn",
                                          "a b@c.cn",
                                          ".a@b.cn",
                                          "a.@b.cn",
                                          "a..b@c.cn",
                                          "a@b..cn",
                                          "a@.cn",
                                          "a@b.cn.",
                                          "a@-b.cn",
                                          "a@b_c.cn",
                                          "a@1.2.3.4",
                                          "a@b.cn\n",
                                          "\"a\"@b.cn",
                                          "a@[1.2.3.4]",
                                          "\xC3\xBC@b.cn",
                                          "a,b@c.cn",
                                          "a2345678901234567890123456789012345678901234567890123456789012345@b.cn"};

        (void)state;
        for (size_t i = 0; i < sizeof good / sizeof *good; i++)
                if (!domain_email_is_valid(str_of(good[i])))
                        fail_msg("%s is good", good[i]);
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
                if (domain_email_is_valid(str_of(bad[i])))
                        fail_msg("%s is bad", bad[i]);
        assert_false(domain_email_is_valid((struct str){"a\0b@c.cn", 8}));
        assert_false(domain_email_is_valid((struct str){NULL, 0}));
}

static void test_rules_refuse_bad_suffixes(void **state)
{
        static char bad[][24] = {"",      "..",        "a..b",    "a b",         "*.corp", "b\xC3\xBC.x",
                                 "corp.", "localhost", "a.onion", "in-addr.arpa"};

        (void)state;
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
                char *one[] = {bad[i]};
                struct conf_list list = {one, 1};
                struct domain_rules *rules = NULL;
                struct buf why;
                buf_init(&why, 1024);
                if (domain_rules_new(&list, &rules, &why).err != ERR_CONFIG ||
                    !strstr(buf_c(&why), "names.private-suffixes"))
                        fail_msg("\"%s\" was taken as a suffix", bad[i]);
                assert_null(rules);
                buf_done(&why);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parse_refuses),
                cmocka_unit_test(test_parse_normalises),
                cmocka_unit_test(test_parse_addresses),
                cmocka_unit_test(test_stored_addresses),
                cmocka_unit_test(test_check_free),
                cmocka_unit_test(test_check_paid_kinds),
                cmocka_unit_test(test_shipped_suffixes_bar_everyone),
                cmocka_unit_test(test_expand),
                cmocka_unit_test(test_email),
                cmocka_unit_test(test_rules_refuse_bad_suffixes),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
