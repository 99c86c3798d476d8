/* Buffers: a failure sticks, the ceiling holds to the byte, big-endian numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"

static void the_ceiling_holds_to_the_byte(void **state)
{
        struct buf buf;

        (void)state;
        buf_init(&buf, 10);
        buf_add(&buf, "0123456789", 10);
        assert_int_equal(buf_check(&buf).err, ERR_NONE);
        assert_string_equal(buf_c(&buf), "0123456789"); /* the NUL is not counted */
        buf_add_byte(&buf, 'x');
        assert_int_equal(buf_check(&buf).err, ERR_TOO_LARGE);
        assert_int_equal(buf.n, 10);
        buf_done(&buf);
}

static void a_failure_sticks_until_cleared(void **state)
{
        struct buf buf;

        (void)state;
        buf_init(&buf, 8);
        buf_add_text(&buf, "too long for it");
        buf_add_byte(&buf, 'a');
        assert_int_equal(buf.n, 0);
        assert_null(buf_grow(&buf, 1));
        assert_string_equal(buf_c(&buf), "");
        assert_int_equal(buf_check(&buf).err, ERR_TOO_LARGE);
        buf_clear(&buf);
        buf_add_text(&buf, "short");
        assert_int_equal(buf_check(&buf).err, ERR_NONE);
        assert_string_equal(buf_c(&buf), "short");
        buf_done(&buf);
        buf_done(&buf);
}

static void a_buffer_that_was_never_filled_is_empty_text(void **state)
{
        struct buf buf;

        (void)state;
        buf_init(&buf, 0);
        assert_string_equal(buf_c(&buf), "");
        assert_int_equal(buf_check(&buf).err, ERR_NONE);
        buf_wipe(&buf);
}

static void numbers_are_big_endian(void **state)
{
        static const uint8_t expected[] = {1, 2, 3, 4, 5, 6, 0xff, 0, 0, 0, 0, 0, 0, 1};
        struct buf buf;

        (void)state;
        buf_init(&buf, 100);
        buf_add_u16(&buf, 0x0102);
        buf_add_u32(&buf, 0x03040506);
        buf_add_u64(&buf, 0xff00000000000001);
        assert_int_equal(buf.n, sizeof(expected));
        assert_memory_equal(buf.p, expected, sizeof(expected));
        buf_done(&buf);
}

static void printf_counts_and_bounds(void **state)
{
        struct buf buf;

        (void)state;
        buf_init(&buf, 300);
        for (int i = 0; i < 60; i++)
                buf_printf(&buf, "%04d,", i);
        assert_int_equal(buf.n, 300);
        assert_int_equal(buf_check(&buf).err, ERR_NONE);
        assert_memory_equal(buf.p + 295, "0059,", 5);
        buf_printf(&buf, "%d", 1);
        assert_int_equal(buf_check(&buf).err, ERR_TOO_LARGE);
        buf_done(&buf);
}

static void grown_bytes_are_zero_even_after_clear(void **state)
{
        struct buf buf;
        uint8_t *p;

        (void)state;
        buf_init(&buf, 64);
        buf_add_text(&buf, "dirty dirty dirty");
        buf_clear(&buf);
        p = buf_grow(&buf, 16);
        assert_non_null(p);
        for (int i = 0; i < 16; i++)
                assert_int_equal(p[i], 0);
        buf_done(&buf);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_ceiling_holds_to_the_byte),
                cmocka_unit_test(a_failure_sticks_until_cleared),
                cmocka_unit_test(a_buffer_that_was_never_filled_is_empty_text),
                cmocka_unit_test(numbers_are_big_endian),
                cmocka_unit_test(printf_counts_and_bounds),
                cmocka_unit_test(grown_bytes_are_zero_even_after_clear),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
