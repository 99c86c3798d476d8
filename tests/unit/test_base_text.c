/* str, hex and base64: what is refused, then what comes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/b64.h"
#include "base/hex.h"

static void numbers_that_are_none(void **state)
{
        static const char *const bad[] = {
                "", "-1", "+1", " 1", "1 ", "0x10", "9223372036854775808", "1e3", "99999999999999999999"};
        int64_t v = 77;

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_int_equal(str_to_int64(str_of(bad[i]), &v).err, ERR_FORMAT);
        assert_int_equal(v, 77);
        assert_int_equal(str_to_int64(STR("9223372036854775807"), &v).err, ERR_NONE);
        assert_true(v == INT64_MAX);
        assert_int_equal(str_to_int64(STR("007"), &v).err, ERR_NONE);
        assert_int_equal(v, 7);
}

static void utf8(void **state)
{
        static const struct {
                const char *text;
                bool good;
        } cases[] = {
                {"\xC0\x80", false},         /* overlong NUL */
                {"\xE0\x80\xAF", false},     /* overlong */
                {"\xED\xA0\x80", false},     /* surrogate */
                {"\xF4\x90\x80\x80", false}, /* over U+10FFFF */
                {"\xF8\x88\x80\x80\x80", false},
                {"\x80", false},
                {"a\xE4\xBE", false}, /* cut */
                {"\xFF", false},
                {"", true},
                {"plain", true},
                {"\xE4\xBE\x8B.example", true},
                {"\xF4\x8F\xBF\xBF", true},
                {"\xC2\x80\xDF\xBF", true},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                assert_int_equal(str_is_utf8(str_of(cases[i].text)), cases[i].good);
}

static void cutting_and_comparing(void **state)
{
        struct arena *arena = arena_new(10000);
        struct str rest = STR("a,,b,");
        char upper[] = "MiXed-9";

        (void)state;
        assert_true(str_equals(str_cut(&rest, ','), "a"));
        assert_true(str_equals(str_cut(&rest, ','), ""));
        assert_true(str_equals(str_cut(&rest, ','), "b"));
        assert_non_null(rest.p);
        assert_true(str_equals(str_cut(&rest, ','), ""));
        assert_null(rest.p);
        assert_true(str_equals(str_trim(STR(" \t a b \t")), "a b"));
        assert_true(str_is_empty(str_trim(STR(" \t "))));
        assert_true(str_equal_nocase(STR("X-Tc-ACTION"), STR("x-tc-action")));
        assert_false(str_equal_nocase(STR("x@"), STR("x`")));
        assert_true(str_starts_with(STR("www.a"), STR("www.")));
        assert_false(str_starts_with(STR("ww"), STR("www")));
        assert_true(str_ends_with(STR("a.com"), STR(".com")));
        assert_true(str_ends_with(STR(""), STR("")));
        assert_false(str_ends_with(STR("com"), STR(".com")));
        assert_null(str_copy(arena, (struct str){0}));
        assert_string_equal(str_copy(arena, STR("abc")), "abc");
        str_lower_ascii(upper, 7);
        assert_string_equal(upper, "mixed-9");
        arena_free(arena);
}

static void hex_both_ways(void **state)
{
        static const char *const bad[] = {"0", "0g00", "00 0", "0000000", "", "000000"};
        uint8_t out[2] = {9, 9};
        char text[5];

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_int_equal(hex_decode(str_of(bad[i]), out, 2).err, ERR_FORMAT);
        assert_int_equal(out[0], 9);
        assert_int_equal(hex_decode(STR("aF09"), out, 2).err, ERR_NONE);
        hex_lower(bytes_of(out, 2), text);
        assert_string_equal(text, "af09");
        hex_upper(bytes_of(out, 2), text);
        assert_string_equal(text, "AF09");
}

static void b64_refuses(void **state)
{
        static const char *const bad[] = {"Zg",        "Zg=",  "Zg===", "Z===",     "====", "Zm9v\n", " Zm9v",
                                          "Zm9v Zm9v", "Zh==", "Zm9=",  "Zg==Zg==", "Zm-v", "="};
        static const char *const bad_url[] = {"Zg==", "Z", "Zh", "Zm+v", "Zm/v", "Zm9vZ", "Zm9v "};

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                CLEAN(buf_done) struct buf out = {.ceiling = 100};

                assert_int_equal(b64_decode(str_of(bad[i]), &out).err, ERR_FORMAT);
        }
        for (size_t i = 0; i < sizeof(bad_url) / sizeof(bad_url[0]); i++) {
                CLEAN(buf_done) struct buf out = {.ceiling = 100};

                assert_int_equal(b64url_decode(str_of(bad_url[i]), &out).err, ERR_FORMAT);
        }
}

static void b64_both_ways(void **state)
{
        /* RFC 4648 §10, and bytes that use the two letters in which the alphabets differ. */
        static const struct {
                const char *plain, *b64, *url;
        } cases[] = {
                {"", "", ""},
                {"f", "Zg==", "Zg"},
                {"fo", "Zm8=", "Zm8"},
                {"foo", "Zm9v", "Zm9v"},
                {"foob", "Zm9vYg==", "Zm9vYg"},
                {"fooba", "Zm9vYmE=", "Zm9vYmE"},
                {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
                {"\xfb\xef\xff", "++//", "--__"},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                CLEAN(buf_done) struct buf text = {.ceiling = 100}, back = {.ceiling = 100};
                CLEAN(buf_done) struct buf url = {.ceiling = 100}, url_back = {.ceiling = 100};

                b64_encode(bytes_of(cases[i].plain, strlen(cases[i].plain)), &text);
                assert_string_equal(buf_c(&text), cases[i].b64);
                assert_int_equal(b64_decode(buf_str(&text), &back).err, ERR_NONE);
                assert_string_equal(buf_c(&back), cases[i].plain);
                b64url_encode(bytes_of(cases[i].plain, strlen(cases[i].plain)), &url);
                assert_string_equal(buf_c(&url), cases[i].url);
                assert_int_equal(b64url_decode(buf_str(&url), &url_back).err, ERR_NONE);
                assert_string_equal(buf_c(&url_back), cases[i].plain);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(numbers_that_are_none), cmocka_unit_test(utf8),
                cmocka_unit_test(cutting_and_comparing), cmocka_unit_test(hex_both_ways),
                cmocka_unit_test(b64_refuses),           cmocka_unit_test(b64_both_ways),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
