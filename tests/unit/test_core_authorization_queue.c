/* Whose challenge is looked at: places, turns, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/act.h"
#include "core/authorization_inner.h"
#include "core/core.h"

#define PLACES 128 /* authorization_queue.c */
#define SECOND 64

static struct core core;
static struct act act;
static int64_t next;

static enum err push(int64_t acme_id)
{
        const struct authorization_look look = {.acme_id = acme_id, .authorization_id = ++next};

        return authorization_queue_push(&act, &look).err;
}

static void push_many(int64_t acme_id, int count)
{
        for (int i = 0; i < count; i++)
                assert_int_equal(push(acme_id), ERR_NONE);
}

/* The account whose look begins, 0 = none may. */
static int64_t take(struct look_entry **ret_entry)
{
        struct look_entry *entry = authorization_queue_take(core.authorizations);

        if (ret_entry)
                *ret_entry = entry;
        return entry ? authorization_queue_look(entry)->acme_id : 0;
}

static int take_all(void)
{
        int n = 0;

        while (take(NULL) != 0)
                n++;
        return n;
}

static int queue_begin(void **state)
{
        (void)state;
        next = 0;
        act = (struct act){.core = &core};
        return res_is_ok(authorization_queue_new(&core, &core.authorizations)) ? 0 : -1;
}

static int queue_end(void **state)
{
        (void)state;
        authorization_queue_free(core.authorizations);
        return 0;
}

static void test_the_same_is_looked_at_once(void **state)
{
        const struct authorization_look look = {.acme_id = 1, .authorization_id = 7};
        (void)state;

        assert_int_equal(take(NULL), 0);
        for (int i = 0; i < 2; i++)
                assert_int_equal(authorization_queue_push(&act, &look).err, ERR_NONE);
        assert_int_equal(take(NULL), 1);
        assert_int_equal(authorization_queue_push(&act, &look).err, ERR_NONE); /* also while it is */
        assert_int_equal(take(NULL), 0);
}

static void test_accounts_take_turns(void **state)
{
        (void)state;
        push_many(1, 5);
        push_many(2, 2);
        push_many(3, 1);
        const int64_t expected[] = {1, 2, 3, 1, 2, 1, 1, 1, 0};

        for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
                assert_int_equal(take(NULL), expected[i]);
}

/* Its own oldest first; what ended makes room for the next. */
static void test_an_account_holds_some_places(void **state)
{
        struct look_entry *first = NULL, *entry = NULL;
        (void)state;

        push_many(1, LIMIT_ACME_LOOKS_ACCOUNT + 2);
        assert_int_equal(take(&first), 1);
        assert_int_equal(authorization_queue_look(first)->authorization_id, 1);
        assert_int_equal(take_all(), LIMIT_ACME_LOOKS_ACCOUNT - 1);
        push_many(2, 1);
        assert_int_equal(take(NULL), 2);
        assert_int_equal(take(NULL), 0);
        authorization_queue_drop(core.authorizations, first);
        assert_int_equal(take(&entry), 1);
        assert_int_equal(authorization_queue_look(entry)->authorization_id, LIMIT_ACME_LOOKS_ACCOUNT + 1);
        assert_int_equal(take(NULL), 0);
}

static void test_looks_beyond_the_first_leave_half(void **state)
{
        enum { GREEDY = 10 };
        (void)state;

        for (int64_t account = 1; account <= GREEDY; account++)
                push_many(account, LIMIT_ACME_LOOKS_ACCOUNT);
        assert_int_equal(take_all(), GREEDY + SECOND);
        push_many(GREEDY + 1, 2);
        assert_int_equal(take(NULL), GREEDY + 1); /* whoever comes has a place … */
        assert_int_equal(take(NULL), 0);          /* … for one */
}

static void test_all_places_are_taken(void **state)
{
        struct look_entry *first = NULL;
        (void)state;

        for (int64_t account = 1; account <= PLACES + 2; account++)
                push_many(account, 1);
        assert_int_equal(take(&first), 1);
        assert_int_equal(take_all(), PLACES - 1);
        authorization_queue_drop(core.authorizations, first);
        assert_int_equal(take(NULL), PLACES + 1);
        assert_int_equal(take(NULL), 0);
}

/* One account fills its part, all accounts the queue; who has nothing there yet comes in all the same. */
static void test_too_many_are_refused(void **state)
{
        int64_t account = 1;
        (void)state;

        push_many(account, LIMIT_ACME_LOOKS_WAITING);
        assert_int_equal(push(account), ERR_RATE);
        assert_int_equal(act.retry_after_sec, 10);
        assert_true(act.detail[0] != '\0');
        for (int count = LIMIT_ACME_LOOKS_WAITING; count < LIMIT_ACME_LOOKS; count += LIMIT_ACME_LOOKS_WAITING)
                push_many(++account, LIMIT_ACME_LOOKS_WAITING);
        push_many(++account, 1);
        assert_int_equal(push(account), ERR_RATE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_the_same_is_looked_at_once, queue_begin, queue_end),
                cmocka_unit_test_setup_teardown(test_accounts_take_turns, queue_begin, queue_end),
                cmocka_unit_test_setup_teardown(test_an_account_holds_some_places, queue_begin, queue_end),
                cmocka_unit_test_setup_teardown(test_looks_beyond_the_first_leave_half, queue_begin, queue_end),
                cmocka_unit_test_setup_teardown(test_all_places_are_taken, queue_begin, queue_end),
                cmocka_unit_test_setup_teardown(test_too_many_are_refused, queue_begin, queue_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
