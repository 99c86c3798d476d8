/* Arenas: zeroed, aligned, bounded; over the ceiling the process ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"

/* How a child that does fn(arena) ends. */
static int signal_of(void (*fn)(struct arena *arena))
{
        const pid_t pid = fork();
        int status = 0;

        assert_true(pid >= 0);
        if (pid == 0) {
                close(STDERR_FILENO);
                signal(SIGABRT, SIG_DFL);
                fn(arena_new(100000));
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void take_too_much(struct arena *arena)
{
        arena_alloc(arena, 100001);
}

static void take_much_by_and_by(struct arena *arena)
{
        for (int i = 0; i < 1000; i++)
                arena_alloc(arena, 200);
}

static void take_array_that_overflows(struct arena *arena)
{
        arena_alloc_array(arena, SIZE_MAX / 2, 3);
}

static void take_size_that_wraps(struct arena *arena)
{
        arena_alloc(arena, SIZE_MAX - 3);
}

static void take_enough(struct arena *arena)
{
        for (int i = 0; i < 400; i++)
                arena_alloc(arena, 200);
        arena_free(arena);
}

static void over_the_ceiling_ends_the_process(void **state)
{
        (void)state;
        assert_int_equal(signal_of(take_too_much), SIGABRT);
        assert_int_equal(signal_of(take_much_by_and_by), SIGABRT);
        assert_int_equal(signal_of(take_array_that_overflows), SIGABRT);
        assert_int_equal(signal_of(take_size_that_wraps), SIGABRT);
        assert_int_equal(signal_of(take_enough), 0);
}

static void memory_is_zeroed_aligned_and_apart(void **state)
{
        struct arena *arena = arena_new(1 << 20);
        unsigned char *last = NULL;

        (void)state;
        for (size_t size = 0; size < 9000; size = size * 2 + 1) {
                unsigned char *p = arena_alloc(arena, size);

                assert_int_equal((uintptr_t)p % 16, 0);
                assert_ptr_not_equal(p, last);
                for (size_t i = 0; i < size; i++)
                        assert_int_equal(p[i], 0);
                memset(p, 0xff, size);
                last = p;
        }
        arena_free(arena);
        arena_free(NULL);
}

static void texts_are_copied(void **state)
{
        struct arena *arena = arena_new(1 << 20);
        char text[] = "hello";
        char *all = arena_strdup(arena, text), *part = arena_strndup(arena, text, 2);

        (void)state;
        text[0] = 'j';
        assert_string_equal(all, "hello");
        assert_string_equal(part, "he");
        assert_string_equal(arena_printf(arena, "%s-%d", all, 7), "hello-7");
        assert_string_equal(arena_strndup(arena, NULL, 0), "");
        arena_free_ptr(&arena);
        assert_null(arena);
}

/* A text is tried in the room that is left; where it did not fit, what comes there next is zero all the same. */
static void memory_after_a_text_is_zero(void **state)
{
        struct arena *arena = arena_new(1 << 24);

        (void)state;
        for (int n = 0; n < 6000; n += 37) {
                const char *text = arena_printf(arena, "%0*d", n, 7), *again = arena_printf(arena, "%s", text);

                assert_int_equal(strlen(text), n > 1 ? n : 1);
                assert_string_equal(again, text);
                for (size_t size = 1; size < 2000; size *= 3) {
                        const unsigned char *bytes = arena_alloc(arena, size);

                        for (size_t i = 0; i < size; i++)
                                assert_int_equal(bytes[i], 0);
                }
        }
        arena_free(arena);
}

/* Cleared, it is as if new: all zero, with its whole ceiling, and nothing of before to be seen. */
static void a_cleared_arena_is_new(void **state)
{
        struct arena *arena = arena_new(40000);

        (void)state;
        for (int round = 0; round < 20; round++) {
                for (int i = 0; i < 6; i++) {
                        unsigned char *p = arena_alloc(arena, i == 3 ? 9000 : 3000);

                        for (size_t k = 0; k < 3000; k++)
                                assert_int_equal(p[k], 0);
                        memset(p, 0xff, 3000);
                }
                arena_clear(arena);
                if (round % 2 == 0)
                        assert_string_equal(arena_printf(arena, "%0*d", 100, round), arena_printf(arena, "%0*d", 100, round));
        }
        arena_free(arena);
        arena = arena_new(100);
        arena_clear(arena);
        arena_free(arena);
}

static int order[3], order_n;

static void note(void *object)
{
        order[order_n++] = *(int *)object;
}

static void destructors_run_last_tied_first(void **state)
{
        struct arena *arena = arena_new(1 << 20);
        int *a = arena_new_of(arena, int), *b = arena_new_of(arena, int);

        (void)state;
        *a = 1;
        *b = 2;
        order_n = 0;
        arena_tie(arena, note, a);
        arena_tie(arena, note, b);
        arena_clear(arena);
        arena_free(arena); /* nothing is tied any more */
        assert_int_equal(order_n, 2);
        assert_int_equal(order[0], 2);
        assert_int_equal(order[1], 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(over_the_ceiling_ends_the_process),
                cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
                cmocka_unit_test(texts_are_copied), cmocka_unit_test(memory_after_a_text_is_zero),
                cmocka_unit_test(a_cleared_arena_is_new),
                cmocka_unit_test(destructors_run_last_tied_first),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
