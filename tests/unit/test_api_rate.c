/* Token buckets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/rate.h"

static int drain(struct api_rate *rate, int64_t account_id, enum api_rate_class class, int64_t now_ms)
{
        int n = 0;

        while (n < 100000 && api_rate_take(rate, account_id, class, now_ms))
                n++;
        return n;
}

static void test_a_burst_then_a_steady_rate(void **state)
{
        struct api_rate *rate = api_rate_new();
        int burst = 0, second = 0;

        (void)state;
        assert_non_null(rate);
        burst = drain(rate, 7, API_RATE_HEAVY, 1000);
        assert_in_range(burst, 2, 1000);
        assert_int_equal(drain(rate, 7, API_RATE_HEAVY, 1000), 0);
        second = drain(rate, 7, API_RATE_HEAVY, 2000);
        assert_in_range(second, 1, burst - 1);
        assert_int_equal(drain(rate, 7, API_RATE_HEAVY, 2500), second / 2);
        assert_int_equal(drain(rate, 7, API_RATE_HEAVY, 1000), 0); /* a clock that steps back gives nothing */
        assert_int_equal(drain(rate, 7, API_RATE_HEAVY, INT64_MAX), burst);
        api_rate_free(rate);
}

static void test_accounts_and_classes_are_apart(void **state)
{
        struct api_rate *rate = api_rate_new();

        (void)state;
        assert_true(drain(rate, 7, API_RATE_HEAVY, 1000) > 0);
        assert_true(api_rate_take(rate, 7, API_RATE_READ, 1000));
        assert_true(api_rate_take(rate, 8, API_RATE_HEAVY, 1000));
        api_rate_free(rate);
}

/* More accounts than buckets: never wrong, at worst generous. */
static void test_a_crowded_table_still_serves(void **state)
{
        struct api_rate *rate = api_rate_new();

        (void)state;
        for (int64_t i = 1; i <= 50000; i++)
                assert_true(api_rate_take(rate, i, API_RATE_WRITE, i));
        api_rate_free(rate);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_burst_then_a_steady_rate),
                cmocka_unit_test(test_accounts_and_classes_are_apart),
                cmocka_unit_test(test_a_crowded_table_still_serves),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
