/* The API's clock texts, against the C library's calendar and at the edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include "base/timetext.h"

static void texts_that_are_no_time(void **state)
{
        static const char *const bad[] = {"",
                                          "2026-11-21",
                                          "2026-11-21T03:20:11",
                                          "2026-11-21 03:20:11Z",
                                          "2026-13-01 00:00:00",
                                          "2026-00-01 00:00:00",
                                          "2026-02-29 00:00:00",
                                          "2026-04-31 00:00:00",
                                          "2026-01-01 24:00:00",
                                          "2026-01-01 00:60:00",
                                          "2026-01-01 00:00:60",
                                          "2026-01-00 00:00:00",
                                          " 026-01-01 00:00:00",
                                          "2026-1-01 000:00:00"};
        int64_t sec = 5;

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_int_equal(timetext_parse_api(str_of(bad[i]), &sec).err, ERR_FORMAT);
        assert_int_equal(sec, 5);
}

static void api_texts_are_gmt_plus_8(void **state)
{
        char text[TIMETEXT_SIZE];
        int64_t sec;

        (void)state;
        timetext_api(0, text);
        assert_string_equal(text, "1970-01-01 08:00:00");
        timetext_api(1790000000, text);
        assert_string_equal(text, "2026-09-21 22:13:20");
        assert_int_equal(timetext_parse_api(STR("2026-09-21 22:13:20"), &sec).err, ERR_NONE);
        assert_int_equal(sec, 1790000000);
        assert_int_equal(timetext_parse_api(STR("2028-02-29 00:00:00"), &sec).err, ERR_NONE);
}

static void the_ends_of_time_are_bounded(void **state)
{
        char text[TIMETEXT_SIZE], stamp[18];

        (void)state;
        timetext_api(INT64_MAX, text);
        assert_string_equal(text, "9999-12-31 23:59:59");
        timetext_api(INT64_MIN, text);
        assert_string_equal(text, "0000-01-01 00:00:00");
        timetext_stamp17(INT64_MIN, stamp);
        assert_int_equal(strlen(stamp), 17);
        timetext_stamp17(INT64_MAX, stamp);
        assert_int_equal(strlen(stamp), 17);
}

static void three_centuries_agree_with_the_c_library(void **state)
{
        (void)state;
        for (int64_t sec = -4000000000; sec < 8000000000; sec += 1234567) {
                const time_t t = (time_t)sec;
                char expected[32], text[18];
                struct tm tm;

                gmtime_r(&t, &tm);
                strftime(expected, sizeof(expected), "%Y-%m-%d", &tm);
                timetext_utc_date(sec, text);
                assert_string_equal(text, expected);
                strftime(expected, sizeof(expected), "%Y%m%d%H%M%S042", &tm);
                timetext_stamp17(sec * 1000 + 42, text);
                assert_string_equal(text, expected);
        }
}

static void every_api_text_reads_back(void **state)
{
        (void)state;
        for (int64_t sec = 0; sec < 6000000000; sec += 777777) {
                char text[TIMETEXT_SIZE];
                int64_t back;

                timetext_api(sec, text);
                assert_int_equal(timetext_parse_api(str_of(text), &back).err, ERR_NONE);
                assert_true(back == sec);
        }
}

static void rfc3339_with_any_offset(void **state)
{
        static const char *const bad[] = {"", "2026-09-21", "2026-09-21T14:13:20", "2026-09-21 14:13:20Z", "2026-09-21T14:13:20.Z",
                                          "2026-09-21T14:13:20.5Z", "2026-09-21T14:13:20+8:00", "2026-09-21T14:13:20+24:00",
                                          "2026-09-21T14:13:20+08:60", "2026-09-21T14:13:20Zx", "2026-02-29T00:00:00Z", "2026-09-21T14:13:20.000"};
        static const char *const good[] = {"2026-09-21T14:13:20Z", "2026-09-21t14:13:20z", "2026-09-21T22:13:20+08:00", "2026-09-21T10:43:20-03:30",
                                           "2026-09-21T14:13:20.000000000Z", "2026-09-21T14:13:20-00:00"};
        int64_t sec = 5;

        (void)state;
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
                assert_int_equal(timetext_parse_rfc3339(str_of(bad[i]), &sec).err, ERR_FORMAT);
        assert_int_equal(sec, 5);
        for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
                sec = 0;
                assert_int_equal(timetext_parse_rfc3339(str_of(good[i]), &sec).err, ERR_NONE);
                assert_int_equal(sec, 1790000000);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(texts_that_are_no_time),
                cmocka_unit_test(api_texts_are_gmt_plus_8),
                cmocka_unit_test(the_ends_of_time_are_bounded),
                cmocka_unit_test(three_centuries_agree_with_the_c_library),
                cmocka_unit_test(every_api_text_reads_back),
                cmocka_unit_test(rfc3339_with_any_offset),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
