/* Deadlines in lists of one length each; time is a parameter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/deadline.h"

static void whoever_is_over_comes_out_first(void **state)
{
        struct http_deadlines deadlines;
        struct http_deadline a = {0}, b = {0}, c = {0};

        (void)state;
        http_deadlines_init(&deadlines, 60);
        assert_null(http_deadlines_overdue(&deadlines, 1 << 30));
        assert_int_equal(http_deadlines_wait(&deadlines, 0, 1000), 1000);
        http_deadline_set(&deadlines, &a, 100);
        http_deadline_set(&deadlines, &b, 110);
        http_deadline_set(&deadlines, &c, 110);
        assert_int_equal(http_deadlines_wait(&deadlines, 120, 1000), 40);
        assert_int_equal(http_deadlines_wait(&deadlines, 120, 30), 30);
        assert_null(http_deadlines_overdue(&deadlines, 159));
        assert_ptr_equal(http_deadlines_overdue(&deadlines, 160), &a);
        assert_int_equal(http_deadlines_wait(&deadlines, 200, 1000), 0);
        http_deadline_set(&deadlines, &a, 160); /* it did something after all */
        assert_null(http_deadlines_overdue(&deadlines, 169));
        assert_ptr_equal(http_deadlines_overdue(&deadlines, 170), &b);
        http_deadline_drop(&b);
        http_deadline_drop(&b);
        assert_ptr_equal(http_deadlines_overdue(&deadlines, 170), &c);
        http_deadline_drop(&c);
        assert_ptr_equal(http_deadlines_overdue(&deadlines, 220), &a);
        http_deadline_drop(&a);
        assert_null(http_deadlines_overdue(&deadlines, 1 << 30));
}

static void one_is_in_one_list_only(void **state)
{
        struct http_deadlines longer, shorter;
        struct http_deadline a = {0};

        (void)state;
        http_deadlines_init(&longer, 60);
        http_deadlines_init(&shorter, 5);
        http_deadline_set(&longer, &a, 0);
        http_deadline_set(&shorter, &a, 0);
        assert_null(http_deadlines_overdue(&longer, 1000));
        assert_ptr_equal(http_deadlines_overdue(&shorter, 5), &a);
        http_deadline_set(&longer, &a, 5);
        assert_null(http_deadlines_overdue(&shorter, 1000));
        assert_ptr_equal(http_deadlines_overdue(&longer, 65), &a);
}

/* As many as there may be, set again and again in any order: always the one that was set longest ago. */
static void thousands_keep_their_order(void **state)
{
        enum { COUNT = 5000 };
        static struct http_deadline many[COUNT];
        struct http_deadlines deadlines;
        int64_t now_ms = 0, before_ms = 0;
        unsigned chance = 1;

        (void)state;
        http_deadlines_init(&deadlines, 60000);
        for (int i = 0; i < 20 * COUNT; i++) {
                chance = chance * 1103515245u + 12345u;
                http_deadline_set(&deadlines, &many[chance / 65536u % COUNT], now_ms);
                now_ms += i % 2;
        }
        for (struct http_deadline *first; (first = http_deadlines_overdue(&deadlines, now_ms + 60000)); before_ms = first->at_ms) {
                assert_true(first->at_ms >= before_ms);
                http_deadline_drop(first);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(whoever_is_over_comes_out_first),
                cmocka_unit_test(one_is_in_one_list_only),
                cmocka_unit_test(thousands_keep_their_order),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
