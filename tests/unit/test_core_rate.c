/* How often is too often: each kind of limit by itself, each owner by itself, and what is said to who comes too soon. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/conf.h"
#include "core/core.h"
#include "core/rate.h"

#define MANY 100000 /* a bucket fills while it is emptied: by at most this much, however slow the machine */

static struct conf conf = {.limits_rate = true};
static struct core core = {.conf = &conf};
static struct act act = {.core = &core};

static const struct {
        enum rate_kind kind;
        size_t burst;
        int64_t seconds; /* until there is one more, at most */
        const char *says;
} kinds[] = {
        {RATE_ACME_ACCOUNT, 50, 73, "new ACME accounts from this address"},
        {RATE_ACME_ORDER, 300, 2, "new orders of this account"},
        {RATE_ACME_NAME, 300, 2, "new certificates for this registered domain"},
        {RATE_ACME_FAILURE, 5, 721, "failed challenges of this account for this name"},
        {RATE_ACME_REQUEST, 1000, 1, "requests from this address"},
};
#define KINDS (sizeof kinds / sizeof *kinds)

/* How many there were. */
static size_t empty(enum rate_kind kind, struct str who)
{
        size_t n = 0;

        while (n < MANY && res_is_ok(rate_take(&act, kind, who)))
                n++;
        return n;
}

static int set_up(void **state)
{
        (void)state;
        act.arena = arena_new(64 * 1024 * 1024);
        return res_is_ok(rate_new(&core.rate)) ? 0 : -1;
}

static int tear_down(void **state)
{
        (void)state;
        rate_free(core.rate);
        arena_free(act.arena);
        return 0;
}

static void test_each_kind(void **state)
{
        (void)state;
        assert_int_equal(KINDS, RATE_KIND_COUNT);
        for (size_t i = 0; i < KINDS; i++) {
                const size_t n = empty(kinds[i].kind, STR("one"));

                if (n < kinds[i].burst || n == MANY)
                        fail_msg("%s: %zu", kinds[i].says, n);
                act.retry_after_sec = 0;
                if (!res_is_ok(rate_take(&act, kinds[i].kind, STR("one")))) { /* the bucket may have filled by one just now */
                        assert_in_range(act.retry_after_sec, 1, kinds[i].seconds);
                        assert_non_null(strstr(act.detail, kinds[i].says));
                }
        }
}

/* An hour's supply of the slow kinds: nothing fills them while we look. */
static void test_owners_and_kinds_are_apart(void **state)
{
        (void)state;
        assert_int_equal(empty(RATE_ACME_FAILURE, STR("7 a.example")), 5);
        assert_int_equal(rate_take(&act, RATE_ACME_FAILURE, STR("7 a.example")).err, ERR_RATE);
        assert_int_equal(rate_look(&act, RATE_ACME_FAILURE, STR("7 a.example")).err, ERR_RATE);
        assert_in_range(act.retry_after_sec, 600, 721);
        for (int i = 0; i < 100; i++)
                assert_true(res_is_ok(rate_look(&act, RATE_ACME_FAILURE, STR("7 b.example")))); /* looking takes nothing */
        assert_true(res_is_ok(rate_take(&act, RATE_ACME_FAILURE, STR("8 a.example"))));
        assert_true(res_is_ok(rate_take(&act, RATE_ACME_ACCOUNT, STR("7 a.example"))));
        assert_int_equal(empty(RATE_ACME_FAILURE, STR("7 b.example")), 5);
}

/* A host of version 6 has a whole /64 to come from; version 4, and the kinds that go by other texts, know no such neighbours. */
static void test_networks(void **state)
{
        (void)state;
        assert_true(empty(RATE_ACME_ACCOUNT, STR("2001:db8:1:2::1")) >= 50);
        assert_int_equal(rate_take(&act, RATE_ACME_ACCOUNT, STR("2001:db8:1:2:ffff::1")).err, ERR_RATE);
        assert_true(res_is_ok(rate_take(&act, RATE_ACME_ACCOUNT, STR("2001:db8:1:3::1"))));
        assert_true(empty(RATE_ACME_ACCOUNT, STR("203.0.113.1")) >= 50);
        assert_true(res_is_ok(rate_take(&act, RATE_ACME_ACCOUNT, STR("203.0.113.2"))));
        assert_int_equal(empty(RATE_ACME_FAILURE, STR("2001:db8:1:4::1")), 5);
        assert_true(res_is_ok(rate_take(&act, RATE_ACME_FAILURE, STR("2001:db8:1:4::2"))));
}

/* More owners than the table holds: whoever was away longest starts full again, and nobody who just came is forgotten. */
static void test_a_crowd(void **state)
{
        char who[32];
        (void)state;

        for (int i = 0; i < 20000; i++) {
                (void)snprintf(who, sizeof who, "crowd %d", i);
                assert_true(res_is_ok(rate_take(&act, RATE_ACME_FAILURE, str_of(who))));
        }
        assert_int_equal(empty(RATE_ACME_FAILURE, str_of(who)), 4);
}

static void test_switched_off(void **state)
{
        (void)state;
        conf.limits_rate = false;
        assert_int_equal(empty(RATE_ACME_FAILURE, STR("7 a.example")), MANY);
        conf.limits_rate = true;
        assert_int_equal(rate_take(&act, RATE_ACME_FAILURE, STR("7 a.example")).err, ERR_RATE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_owners_and_kinds_are_apart),
                cmocka_unit_test(test_switched_off),
                cmocka_unit_test(test_each_kind),
                cmocka_unit_test(test_networks),
                cmocka_unit_test(test_a_crowd),
        };

        return cmocka_run_group_tests_name("core/rate", tests, set_up, tear_down);
}
