/* The queue of ACME requests that write: what a round takes, in whose turn, and how many places there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "acme/rounds.h"
#include "base/limits.h"

#define MANY 200

struct queue {
        struct acme_call calls[MANY];
        struct acme_call *head;
        size_t n;
};

static void put(struct queue *queue, int64_t acme_id)
{
        struct acme_call **link = &queue->head;

        while (*link)
                link = &(*link)->next_call;
        *link = &queue->calls[queue->n++];
        (*link)->account.acme_id = acme_id;
}

static struct queue *queue_new(void)
{
        struct queue *queue = calloc(1, sizeof *queue);

        assert_non_null(queue);
        return queue;
}

static size_t left(const struct queue *queue)
{
        size_t n = 0;

        for (const struct acme_call *call = queue->head; call; call = call->next_call)
                n++;
        return n;
}

static void test_nothing(void **state)
{
        struct acme_call *queue = NULL, *taken[ACME_ROUND_MAX];

        (void)state;
        assert_int_equal(acme_rounds_take(&queue, taken, 0), 0);
}

/* As many as a round holds go in the order in which they came. */
static void test_few_go_in_order(void **state)
{
        struct acme_call *taken[ACME_ROUND_MAX];
        struct queue *queue = queue_new();

        (void)state;
        for (int i = 0; i < ACME_ROUND_MAX; i++)
                put(queue, i < 60 ? 1 : 2);
        assert_int_equal(acme_rounds_take(&queue->head, taken, queue->n), ACME_ROUND_MAX);
        for (size_t i = 0; i < ACME_ROUND_MAX; i++)
                assert_ptr_equal(taken[i], &queue->calls[i]);
        assert_null(queue->head);
        free(queue);
}

/* Whoever comes behind another's hundreds is in the next round; a lone account has all its places, oldest first. */
static void test_accounts_take_turns(void **state)
{
        struct acme_call *taken[ACME_ROUND_MAX];
        struct queue *queue = queue_new();

        (void)state;
        for (int i = 0; i < 150; i++)
                put(queue, 1);
        put(queue, 2);
        put(queue, 3);
        assert_int_equal(acme_rounds_take(&queue->head, taken, queue->n), ACME_ROUND_MAX);
        assert_ptr_equal(taken[0], &queue->calls[0]);
        assert_ptr_equal(taken[1], &queue->calls[150]);
        assert_ptr_equal(taken[2], &queue->calls[151]);
        for (size_t i = 3; i < ACME_ROUND_MAX; i++)
                assert_ptr_equal(taken[i], &queue->calls[i - 2]);
        assert_int_equal(left(queue), 152 - ACME_ROUND_MAX);
        free(queue);
}

/* More accounts than a round has places: each waits its turn, none twice before all once. */
static void test_more_accounts_than_places(void **state)
{
        struct acme_call *taken[ACME_ROUND_MAX];
        struct queue *queue = queue_new();

        (void)state;
        for (int i = 0; i < MANY; i++)
                put(queue, i % 100);
        assert_int_equal(acme_rounds_take(&queue->head, taken, MANY), ACME_ROUND_MAX);
        for (size_t i = 0; i < ACME_ROUND_MAX; i++)
                assert_ptr_equal(taken[i], &queue->calls[i]);
        assert_int_equal(acme_rounds_take(&queue->head, taken, MANY - ACME_ROUND_MAX), ACME_ROUND_MAX);
        for (size_t i = 0; i < ACME_ROUND_MAX; i++)
                assert_ptr_equal(taken[i], &queue->calls[ACME_ROUND_MAX + i]);
        free(queue);
}

/* ---- places ----------------------------------------------------------------------------------------------------- */

static enum err enter(struct acme *acme, struct acme_call *call, int64_t acme_id)
{
        *call = (struct acme_call){.acme = acme, .account.acme_id = acme_id};
        return acme_rounds_enter(call).err;
}

/* Half is anybody's; beyond it one with its share in it gets none, others do; full is full; a place given back is a place. */
static void test_places_are_bounded(void **state)
{
        struct acme acme = {0};
        struct acme_call *calls = calloc(LIMIT_ACME_WRITING + 1, sizeof *calls);
        int n = 0;

        (void)state;
        assert_non_null(calls);
        assert_true(res_is_ok(acme_rounds_new(&acme, &acme.rounds)));
        while (n < LIMIT_ACME_WRITING / 2)
                assert_int_equal(enter(&acme, &calls[n++], 7), ERR_NONE);
        assert_int_equal(enter(&acme, &calls[n], 7), ERR_STORE_BUSY);
        assert_true(strlen(calls[n].act.detail) > 0);
        acme_rounds_leave(&calls[n]); /* it has none: nothing happens */
        for (int i = 0; n < LIMIT_ACME_WRITING; i++)
                assert_int_equal(enter(&acme, &calls[n++], 8 + i % 900), ERR_NONE);
        assert_int_equal(enter(&acme, &calls[n], 1000), ERR_STORE_BUSY);
        acme_rounds_leave(&calls[0]);
        acme_rounds_leave(&calls[0]);
        assert_int_equal(enter(&acme, &calls[n], 7), ERR_STORE_BUSY);
        assert_int_equal(enter(&acme, &calls[n], 1000), ERR_NONE);
        acme_rounds_free(acme.rounds);
        free(calls);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing),
                cmocka_unit_test(test_few_go_in_order),
                cmocka_unit_test(test_accounts_take_turns),
                cmocka_unit_test(test_more_accounts_than_places),
                cmocka_unit_test(test_places_are_bounded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
