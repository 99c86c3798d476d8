/* Readers of DNS record data: wrong bytes first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probe/rdata.h"

#define BYTES(literal) bytes_of((literal), sizeof(literal) - 1)

static void test_txt_bad(void **state)
{
        struct buf out;
        (void)state;
        buf_init(&out, 1000);
        assert_false(res_is_ok(rdata_txt(bytes_of(NULL, 0), &out)));
        assert_false(res_is_ok(rdata_txt(BYTES("\x05"
                                               "abcd"),
                                         &out)));
        assert_false(res_is_ok(rdata_txt(BYTES("\x01"
                                               "a\x01"),
                                         &out)));
        assert_false(res_is_ok(rdata_txt(BYTES("\xff"), &out)));
        buf_done(&out);
}

static void test_txt_joins_strings(void **state)
{
        struct buf out;
        (void)state;
        buf_init(&out, 1000);
        assert_true(res_is_ok(rdata_txt(BYTES("\x02"
                                              "ab"
                                              "\x00"
                                              "\x01"
                                              "c"),
                                        &out)));
        assert_true(str_equals(buf_str(&out), "abc"));
        buf_clear(&out);
        assert_true(res_is_ok(rdata_txt(BYTES("\x00"), &out)));
        assert_int_equal(out.n, 0);
        buf_done(&out);
}

static void test_txt_ceiling(void **state)
{
        struct buf out;
        (void)state;
        buf_init(&out, 3);
        assert_false(res_is_ok(rdata_txt(BYTES("\x04"
                                               "abcd"),
                                         &out)));
        buf_done(&out);
}

static void test_caa_bad(void **state)
{
        static const struct bytes bad[] = {
                {(const uint8_t *)"", 0},
                {(const uint8_t *)"\x00", 1},
                {(const uint8_t *)"\x00\x00", 2},
                {(const uint8_t *)"\x00\x05issu", 6},
                {(const uint8_t *)"\x00\xff"
                                  "issue",
                 7},
                {(const uint8_t *)"\x00\x05is ue", 7},
                {(const uint8_t *)"\x00\x05is-ue", 7},
                {(const uint8_t *)"\x00\x03i\0e", 5},
        };
        struct rdata_caa caa;
        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                if (res_is_ok(rdata_caa(bad[i], &caa)))
                        fail_msg("case %zu was read", i);
}

static void test_caa_good(void **state)
{
        struct rdata_caa caa;
        (void)state;
        assert_true(res_is_ok(rdata_caa(BYTES("\x80\x05"
                                              "issue"
                                              "a.test"),
                                        &caa)));
        assert_true(caa.critical && str_equals(caa.tag, "issue") && str_equals(caa.value, "a.test"));
        assert_true(res_is_ok(rdata_caa(BYTES("\x7f\x01"
                                              "x"),
                                        &caa)));
        assert_true(!caa.critical && str_equals(caa.tag, "x") && caa.value.n == 0);
}

/* RFC 8659 §4.2: anything outside the grammar names nobody. */
static void test_issue_bad(void **state)
{
        static const char *const bad[] = {
                "a..test",
                ".a.test",
                "a.test.",
                "-a.test",
                "a-.test",
                "a_b.test",
                "a.test b",
                "a.test,b.test",
                "a.test a=b",
                "a.test; a",
                "a.test; =b",
                "a.test; a=b c=d",
                "a.test; a=b;",
                "a.test; a=b;; c=d",
                "a.test; -a=b",
                "a.test; a =b c",
                "a.test;;",
                "\"a.test\"",
                "a.test; a=\x7f",
                "a.test; accounturi=x; accounturi=x",
                "a.test; validationmethods=a; ValidationMethods=b",
                "a.test\n",
                "\xc3\xa4.test",
        };
        struct rdata_caa_issue issue;
        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                if (res_is_ok(rdata_caa_issue(str_of(bad[i]), &issue)))
                        fail_msg("\"%s\" was read", bad[i]);
        assert_false(res_is_ok(rdata_caa_issue((struct str){"a\0b", 3}, &issue)));
}

static void test_issue_good(void **state)
{
        static const struct {
                const char *text, *issuer, *uri, *methods;
        } good[] = {
                {"", "", NULL, NULL},
                {";", "", NULL, NULL},
                {" ; ", "", NULL, NULL},
                {"a.test", "a.test", NULL, NULL},
                {" \ta.test \t", "a.test", NULL, NULL},
                {"a--b.test;", "a--b.test", NULL, NULL},
                {"test", "test", NULL, NULL},
                {"a.test; x=y", "a.test", NULL, NULL},
                {"a.test;x=", "a.test", NULL, NULL},
                {"a.test ; a-1 = b ; c=d", "a.test", NULL, NULL},
                {"a.test; accounturi=https://x/1?a=b,c", "a.test", "https://x/1?a=b,c", NULL},
                {"a.test; ValidationMethods=dns-01,http-01; AccountURI=u", "a.test", "u", "dns-01,http-01"},
                {"a.test; validationmethods=", "a.test", NULL, ""},
                {"; accounturi=u", "", "u", NULL},
        };
        struct rdata_caa_issue issue;
        (void)state;
        for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
                if (!res_is_ok(rdata_caa_issue(str_of(good[i].text), &issue)))
                        fail_msg("\"%s\" was not read", good[i].text);
                assert_true(str_equals(issue.issuer, good[i].issuer));
                assert_int_equal(issue.account_uri.p != NULL, good[i].uri != NULL);
                assert_int_equal(issue.validation_methods.p != NULL, good[i].methods != NULL);
                if (good[i].uri)
                        assert_true(str_equals(issue.account_uri, good[i].uri));
                if (good[i].methods)
                        assert_true(str_equals(issue.validation_methods, good[i].methods));
        }
}

static void test_bitmap(void **state)
{
        /* A NS SOA in window 0; CAA (257) in window 1 */
        static const struct bytes map = {(const uint8_t *)"\x00\x01\x62\x01\x01\x40", 6};
        (void)state;
        assert_true(rdata_bitmap_has(map, 1) && rdata_bitmap_has(map, 2) && rdata_bitmap_has(map, 6) &&
                    rdata_bitmap_has(map, 257));
        assert_false(rdata_bitmap_has(map, 43) || rdata_bitmap_has(map, 256) || rdata_bitmap_has(map, 258) ||
                     rdata_bitmap_has(map, 65535));
        assert_false(rdata_bitmap_has(BYTES(""), 2));
        assert_false(rdata_bitmap_has(BYTES("\x00\x01"), 2));
        assert_false(rdata_bitmap_has(BYTES("\x00\x21\x62"), 2));
        assert_false(rdata_bitmap_has(BYTES("\x00\x00\x62\x62\x62"), 2));
        assert_false(rdata_bitmap_has(BYTES("\x00\x02\x62"), 2));
}

static void test_nsec(void **state)
{
        struct bytes map;
        (void)state;
        assert_false(res_is_ok(rdata_nsec_bitmap(BYTES(""), &map)));
        assert_false(res_is_ok(rdata_nsec_bitmap(BYTES("\x01"
                                                       "a"),
                                                 &map)));
        assert_false(res_is_ok(rdata_nsec_bitmap(BYTES("\x3f"
                                                       "a"),
                                                 &map)));
        assert_false(res_is_ok(rdata_nsec_bitmap(BYTES("\xc0\x0c\x00\x01\x62"), &map)));
        assert_true(res_is_ok(rdata_nsec_bitmap(BYTES("\x01"
                                                      "a\x04"
                                                      "test\x00\x00\x01\x20"),
                                                &map)));
        assert_true(rdata_bitmap_has(map, 2));
        assert_true(res_is_ok(rdata_nsec_bitmap(BYTES("\x00"), &map)));
        assert_int_equal(map.n, 0);
        assert_false(res_is_ok(rdata_nsec3_bitmap(BYTES("\x01\x00\x00"), &map)));
        assert_false(res_is_ok(rdata_nsec3_bitmap(BYTES("\x01\x00\x00\x01\x05salt"), &map)));
        assert_false(res_is_ok(rdata_nsec3_bitmap(BYTES("\x01\x00\x00\x01\x00\x14hash"), &map)));
        assert_true(res_is_ok(rdata_nsec3_bitmap(BYTES("\x01\x00\x00\x01\x00\x04hash\x00\x01\x20"), &map)));
        assert_true(rdata_bitmap_has(map, 2));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_txt_bad),     cmocka_unit_test(test_txt_joins_strings),
                cmocka_unit_test(test_txt_ceiling), cmocka_unit_test(test_caa_bad),
                cmocka_unit_test(test_caa_good),    cmocka_unit_test(test_issue_bad),
                cmocka_unit_test(test_issue_good),  cmocka_unit_test(test_bitmap),
                cmocka_unit_test(test_nsec),
        };
        return cmocka_run_group_tests_name("probe/rdata", tests, NULL, NULL);
}
