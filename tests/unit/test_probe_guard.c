/* Which addresses the prober may reach, in every spelling (standards: SSRF list). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probe/guard.h"

static const char *const refused[] = {
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.1",
        "100.100.100.200",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::10.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:7f00:1",
        "::FFFF:10.1.2.3",
        "::ffff:169.254.169.254",
        "::ffff:0:10.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "2002:c0a8:101::",
        "2001::1",
        "2001:0:4136:e378::",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "3fff::1",
        "3fff:fff::1",
        "5f00::1",
        "100::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "4000::1",
};

static const char *const permitted[] = {
        "1.1.1.1",         "9.255.255.255",   "11.0.0.0",         "100.63.255.255",  "100.128.0.0",
        "126.255.255.255", "128.0.0.1",       "169.253.255.255",  "172.15.255.255",  "172.32.0.0",
        "192.0.1.1",       "192.167.255.255", "198.17.255.255",   "198.20.0.0",      "223.255.255.255",
        "168.63.129.17",   "2000::1",         "2606:4700::1",     "2001:200::1",     "2001:4860:4860::8888",
        "3ffe::1",         "::ffff:8.8.8.8",  "64:ff9b::8.8.8.8", "2002:808:808::1",
};

static struct guard_address parsed(const char *text)
{
        struct guard_address address = {0};
        if (!res_is_ok(guard_address_parse(str_of(text), &address)))
                fail_msg("%s is an address", text);
        return address;
}

static void check(const struct guard *guard, const char *text, enum guard_class expected)
{
        struct guard_address address = parsed(text);
        if (guard_judge(guard, &address) != expected)
                fail_msg("%s: %d, expected %d", text, (int)guard_judge(guard, &address), (int)expected);
}

static void test_refused(void **state)
{
        struct guard guard = {0};
        (void)state;
        for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
                check(&guard, refused[i], GUARD_REFUSED);
}

static void test_permitted(void **state)
{
        struct guard guard = {0};
        (void)state;
        for (size_t i = 0; i < sizeof(permitted) / sizeof(permitted[0]); i++)
                check(&guard, permitted[i], GUARD_PUBLIC);
}

static void test_allowed(void **state)
{
        char *cidrs[] = {(char[]){"127.0.0.0/8"}, (char[]){"10.1.2.3"}, (char[]){"fd00::/8"}, (char[]){"::1/128"}};
        struct guard guard;
        (void)state;
        assert_true(res_is_ok(guard_init(&guard, cidrs, 4)));
        check(&guard, "127.0.0.1", GUARD_ALLOWED);
        check(&guard, "::ffff:127.9.9.9", GUARD_ALLOWED);
        check(&guard, "10.1.2.3", GUARD_ALLOWED);
        check(&guard, "64:ff9b::10.1.2.3", GUARD_ALLOWED);
        check(&guard, "10.1.2.4", GUARD_REFUSED);
        check(&guard, "fd12::1", GUARD_ALLOWED);
        check(&guard, "fc12::1", GUARD_REFUSED);
        check(&guard, "::1", GUARD_ALLOWED);
        check(&guard, "::2", GUARD_REFUSED);
        check(&guard, "8.8.8.8", GUARD_PUBLIC);
        guard_done(&guard);
}

static void test_all(void **state)
{
        char *cidrs[] = {(char[]){"0.0.0.0/0"}};
        struct guard guard;
        (void)state;
        assert_true(res_is_ok(guard_init(&guard, cidrs, 1)));
        check(&guard, "10.0.0.1", GUARD_ALLOWED);
        check(&guard, "::1", GUARD_REFUSED);
        guard_done(&guard);
}

static void test_odd_prefix_lengths(void **state)
{
        char *cidrs[] = {(char[]){"10.0.0.0/9"}, (char[]){"fd00:8000::/17"}};
        struct guard guard;
        (void)state;
        assert_true(res_is_ok(guard_init(&guard, cidrs, 2)));
        check(&guard, "10.127.255.255", GUARD_ALLOWED);
        check(&guard, "10.128.0.0", GUARD_REFUSED);
        check(&guard, "fd00:8000::1", GUARD_ALLOWED);
        check(&guard, "fd00:7fff::1", GUARD_REFUSED);
        guard_done(&guard);
}

static void test_bad_texts(void **state)
{
        static const char *const bad[] = {
                "",
                "1",
                "127.1",
                "0177.0.0.1",
                "0x7f.0.0.1",
                "127.0.0.1 ",
                " 127.0.0.1",
                "127.0.0.1.",
                "256.0.0.1",
                "1.2.3",
                "::1%lo",
                "[::1]",
                ":::",
                "1:2:3:4:5:6:7:8:9",
                "localhost",
                "0x7f000001",
                "017700000001",
                "127.0.0.01",
                "127.0.0.1..",
                "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1",
                "127\xe3\x80\x82" "0\xe3\x80\x82" "0\xe3\x80\x82" "1",
                "fe80::1%1",
                "::ffff:127.1",
                "::ffff:0x7f.0.0.1",
                "2130706433",
                "127.0.0.1/8",
                "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb",
        };
        static const char *const bad_ranges[] = {"10.0.0.0/33", "10.0.0.0/-1",  "10.0.0.0/", "10.0.0.0/a",
                                                 "::/129",      "10.0.0.0/8/8", "/8",        ""};
        struct guard_address address;
        struct guard_range range;
        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                if (res_is_ok(guard_address_parse(str_of(bad[i]), &address)))
                        fail_msg("\"%s\" is no address", bad[i]);
        for (size_t i = 0; i < sizeof(bad_ranges) / sizeof(bad_ranges[0]); i++)
                if (res_is_ok(guard_range_parse(str_of(bad_ranges[i]), &range)))
                        fail_msg("\"%s\" is no range", bad_ranges[i]);
        assert_false(res_is_ok(guard_address_parse((struct str){"1.1.1.1\0.2", 10}, &address)));
}

static void test_refused_ranges(void **state)
{
        struct guard guard = {0};
        struct guard_range range, ten, sixteen;
        char text[GUARD_TEXT_SIZE];
        size_t count = 0;
        (void)state;
        for (; guard_refused_at(count, &range); count++) {
                guard_address_text(&range.network, text);
                check(&guard, text, GUARD_REFUSED);
        }
        assert_int_equal(count, 21);
        assert_true(res_is_ok(guard_range_parse(STR("10.0.0.0/8"), &ten)));
        assert_true(res_is_ok(guard_range_parse(STR("10.77.0.0/16"), &sixteen)));
        assert_true(guard_ranges_overlap(&ten, &sixteen) && guard_ranges_overlap(&sixteen, &ten));
        assert_true(res_is_ok(guard_range_parse(STR("11.0.0.0/16"), &sixteen)));
        assert_false(guard_ranges_overlap(&ten, &sixteen) || guard_ranges_overlap(&sixteen, &ten));
}

static void test_text_goes_round(void **state)
{
        char text[GUARD_TEXT_SIZE];
        (void)state;
        struct guard_address v4 = parsed("192.0.2.33"), v6 = parsed("2001:4860:4860::8888");
        guard_address_text(&v4, text);
        assert_string_equal(text, "192.0.2.33");
        guard_address_text(&v6, text);
        assert_string_equal(text, "2001:4860:4860::8888");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_bad_texts),
                cmocka_unit_test(test_refused),
                cmocka_unit_test(test_permitted),
                cmocka_unit_test(test_allowed),
                cmocka_unit_test(test_all),
                cmocka_unit_test(test_odd_prefix_lengths),
                cmocka_unit_test(test_refused_ranges),
                cmocka_unit_test(test_text_goes_round),
        };
        return cmocka_run_group_tests_name("probe/guard", tests, NULL, NULL);
}
