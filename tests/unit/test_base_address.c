/* Text and octets of IP addresses: what is none, then what comes out, and that it is the one text of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/address.h"

static void test_none(void **state)
{
        static const struct str bad[] = {
                STR(""), STR("1"), STR("1.2.3"), STR("1.2.3.4.5"), STR("1.2.3.256"), STR("01.2.3.4"), STR("0x1.2.3.4"), STR("16909060"), STR(" 1.2.3.4"),
                STR("1.2.3.4 "), STR("1.2.3.4/8"), STR("1.2.3.4\0"), STR("1.2\0.3.4"), STR("a"), STR("maple.com"), STR(":"), STR(":::"), STR("1::2::3"),
                STR("12345::"), STR("::g"), STR("[::1]"), STR("fe80::1%eth0"), STR("1:2:3:4:5:6:7"), STR("1:2:3:4:5:6:7:8:9"), STR("::1.2.3"), STR("::1\0"),
                STR("::ffff:1.2.3.04"), /* the longest is 45, one more is none, whatever it says */
                STR("0000:0000:0000:0000:0000:ffff:255.255.255.2550")};
        uint8_t octets[16];

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_int_equal(address_parse(bad[i], octets), 0);
}

static void test_one_text(void **state)
{
        static const struct {
                const char *text, *canonical;
                size_t size;
                uint8_t octets[16];
        } good[] = {
                {"0.0.0.0", "0.0.0.0", 4, {0}},
                {"255.1.2.3", "255.1.2.3", 4, {255, 1, 2, 3}},
                {"::", "::", 16, {0}},
                {"::1", "::1", 16, {[15] = 1}},
                {"2A0B:07C1:0:0::7", "2a0b:7c1::7", 16, {0x2a, 0x0b, 0x07, 0xc1, [15] = 7}},
                {"::ffff:1.2.3.4", "::ffff:1.2.3.4", 16, {[10] = 0xff, [11] = 0xff, [12] = 1, [13] = 2, [14] = 3, [15] = 4}},
                {"0000:0000:0000:0000:0000:ffff:255.255.255.255", "::ffff:255.255.255.255", 16,
                 {[10] = 0xff, [11] = 0xff, [12] = 0xff, [13] = 0xff, [14] = 0xff, [15] = 0xff}},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
                uint8_t octets[16] = {0};
                char text[ADDRESS_TEXT_SIZE];

                assert_int_equal(address_parse(str_of(good[i].text), octets), good[i].size);
                assert_memory_equal(octets, good[i].octets, good[i].size);
                address_text(octets, good[i].size, text);
                assert_string_equal(text, good[i].canonical);
        }
}

static void test_loopback(void **state)
{
        static const char *const others[] = {"126.255.255.255", "128.0.0.0", "0.0.0.0", "10.0.0.1", "::", "::2", "1::1", "::ffff:127.0.0.1", "7f00::"};
        static const char *const here[] = {"127.0.0.0", "127.0.0.1", "127.255.255.255", "::1"};
        uint8_t octets[16];

        (void)state;
        assert_false(address_is_loopback(octets, address_parse(STR("localhost"), octets)));
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
                assert_false(address_is_loopback(octets, address_parse(str_of(others[i]), octets)));
        for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++)
                assert_true(address_is_loopback(octets, address_parse(str_of(here[i]), octets)));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_none),
                cmocka_unit_test(test_one_text),
                cmocka_unit_test(test_loopback),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
