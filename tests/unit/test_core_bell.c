/* Calls that are left at the bell: each is made once, by a ring of its key or by the time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "core/bell.h"

#define FAR_MS 3600000

struct heard {
        atomic_int times;
        const void *outcome;
        struct bell_call call;
};

static void hear(void *arg, const void *outcome)
{
        struct heard *heard = arg;

        heard->outcome = outcome;
        atomic_fetch_add(&heard->times, 1);
}

static void leave(struct bell *bell, struct heard *heard, uint64_t key, int64_t ms)
{
        *heard = (struct heard){.call = {.key = key, .until_ms = clock_mono_ms() + ms, .fn = hear, .arg = heard}};
        bell_leave(bell, &heard->call);
}

static struct bell *bell_make(void)
{
        struct bell *bell = NULL;

        assert_true(res_is_ok(bell_new(&bell)));
        return bell;
}

static void test_another_key_makes_no_call(void **state)
{
        struct bell *bell = bell_make();
        struct heard heard;
        (void)state;

        leave(bell, &heard, 7, FAR_MS);
        for (uint64_t key = 8; key < 2000; key++) /* many of the same slot */
                bell_ring(bell, key, &key);
        assert_int_equal(heard.times, 0);
        bell_ring(bell, 7, NULL);
        assert_int_equal(heard.times, 1);
        bell_free(bell);
}

static void test_a_ring_makes_every_call_of_its_key_once(void **state)
{
        struct bell *bell = bell_make();
        struct heard heard[5];
        const int outcome = 1;
        (void)state;

        for (size_t i = 0; i < 5; i++)
                leave(bell, &heard[i], 7 + i / 3, FAR_MS);
        bell_ring(bell, 7, &outcome);
        bell_ring(bell, 7, &outcome);
        for (size_t i = 0; i < 5; i++)
                assert_int_equal(heard[i].times, i < 3);
        assert_ptr_equal(heard[2].outcome, &outcome);
        bell_free(bell);
        assert_int_equal(heard[3].times, 1); /* the end is the end of the time */
        assert_null(heard[3].outcome);
}

static void test_the_time_makes_what_nobody_rings_for(void **state)
{
        struct bell *bell = bell_make();
        struct heard late, other;
        (void)state;

        leave(bell, &other, 9, FAR_MS);
        leave(bell, &late, 7, 0);
        while (atomic_load(&late.times) == 0)
                nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        assert_null(late.outcome);
        bell_ring(bell, 7, &late);
        assert_int_equal(late.times, 1);
        assert_int_equal(other.times, 0);
        bell_free(bell);
}

#define ROUNDS 2000

struct ringing {
        struct bell *bell;
        struct heard *heard;
};

static void *ring_all(void *arg)
{
        const struct ringing *ringing = arg;

        for (size_t i = 0; i < ROUNDS; i++)
                while (atomic_load(&ringing->heard[i].times) == 0)
                        bell_ring(ringing->bell, i, NULL);
        return NULL;
}

/* Left by one, rung by two others, and a third of them late from the start. */
static void test_each_is_made_once_whoever_makes_it(void **state)
{
        static struct heard heard[ROUNDS];
        struct ringing ringing = {bell_make(), heard};
        pthread_t threads[2];
        (void)state;

        for (size_t i = 0; i < 2; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, ring_all, &ringing), 0);
        for (size_t i = 0; i < ROUNDS; i++) {
                heard[i].call = (struct bell_call){
                        .key = i, .until_ms = clock_mono_ms() + (i % 3 ? FAR_MS : 0), .fn = hear, .arg = &heard[i]};
                bell_leave(ringing.bell, &heard[i].call);
        }
        for (size_t i = 0; i < 2; i++)
                pthread_join(threads[i], NULL);
        bell_free(ringing.bell);
        for (size_t i = 0; i < ROUNDS; i++)
                assert_int_equal(heard[i].times, 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_another_key_makes_no_call),
                cmocka_unit_test(test_a_ring_makes_every_call_of_its_key_once),
                cmocka_unit_test(test_the_time_makes_what_nobody_rings_for),
                cmocka_unit_test(test_each_is_made_once_whoever_makes_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
