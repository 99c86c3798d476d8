/* The sentence of a failure is kept, cut at a character, and never overflows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/act.h"

static void test_fail_keeps_the_sentence(void **state)
{
        struct act act = {0};

        (void)state;
        assert_int_equal(act_fail(&act, ERR_DOMAIN, "%s has %d parts", "a.b", 2).err, ERR_DOMAIN);
        assert_string_equal(act.detail, "a.b has 2 parts");
        assert_int_equal(act_fail(&act, ERR_QUOTA, "again").err, ERR_QUOTA);
        assert_string_equal(act.detail, "again");
}

static void test_fail_cuts_at_a_character(void **state)
{
        static const char *const characters[] = {"a", "\xC3\xA4", "\xE2\x80\xA6", "\xF0\x9F\x98\x80"};

        (void)state;
        for (size_t i = 0; i < sizeof characters / sizeof *characters; i++)
                for (int lead = 0; lead < 4; lead++) {
                        char text[2 * LIMIT_ERR_DETAIL] = "";
                        struct act act = {0};
                        size_t n = 0;
                        for (; n < (size_t)lead; n++)
                                text[n] = 'x';
                        for (; n + 5 < sizeof text; n += strlen(characters[i]))
                                memcpy(text + n, characters[i], strlen(characters[i]));
                        assert_int_equal(act_fail(&act, ERR_DOMAIN, "%s", text).err, ERR_DOMAIN);
                        assert_true(str_is_utf8(str_of(act.detail)));
                        assert_true(strlen(act.detail) < LIMIT_ERR_DETAIL);
                        assert_true(strlen(act.detail) > LIMIT_ERR_DETAIL - 9);
                }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_fail_keeps_the_sentence),
                cmocka_unit_test(test_fail_cuts_at_a_character),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
