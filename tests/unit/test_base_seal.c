/* Sealing: what is opened under another key, another AAD or after a change is nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/seal.h"

#define OK(call) assert_int_equal((call).err, ERR_NONE)

static void test_only_the_right_key_and_aad(void **state)
{
        uint8_t master[32] = {1}, other[32] = {2};
        struct seal *a, *b, *c;
        struct secret plain = {0};
        (void)state;

        OK(seal_new_from(bytes_of(master, 32), "vault", &a));
        OK(seal_new_from(bytes_of(master, 32), "signer", &b));
        OK(seal_new_from(bytes_of(other, 32), "vault", &c));
        for (size_t n = 0; n < 70; n++) {
                CLEAN(buf_done) struct buf sealed;
                uint8_t text[70];
                memset(text, 7, sizeof(text));
                buf_init(&sealed, 1000);
                OK(seal_close(a, bytes_of("aad", 3), bytes_of(text, n), &sealed));
                assert_int_equal(sealed.n, n + SEAL_OVERHEAD);
                assert_int_equal(seal_open(a, bytes_of("aae", 3), buf_bytes(&sealed), &plain).err, ERR_FORMAT);
                assert_int_equal(seal_open(b, bytes_of("aad", 3), buf_bytes(&sealed), &plain).err, ERR_FORMAT);
                assert_int_equal(seal_open(c, bytes_of("aad", 3), buf_bytes(&sealed), &plain).err, ERR_FORMAT);
                for (size_t i = 0; i < sealed.n; i++) {
                        sealed.p[i] ^= 1;
                        assert_int_equal(seal_open(a, bytes_of("aad", 3), buf_bytes(&sealed), &plain).err, ERR_FORMAT);
                        sealed.p[i] ^= 1;
                        assert_int_equal(seal_open(a, bytes_of("aad", 3), bytes_of(sealed.p, i), &plain).err, ERR_FORMAT);
                }
                OK(seal_open(a, bytes_of("aad", 3), buf_bytes(&sealed), &plain));
                assert_int_equal(plain.n, n);
                assert_true(secret_equal(secret_bytes(&plain), bytes_of(text, n)));
                secret_done(&plain);
        }
        seal_free(a);
        seal_free(b);
        seal_free(c);
}

static void test_short_master(void **state)
{
        uint8_t master[31] = {1};
        struct seal *seal;
        (void)state;
        assert_int_equal(seal_new_from(bytes_of(master, 31), "vault", &seal).err, ERR_CONFIG);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_short_master),
                cmocka_unit_test(test_only_the_right_key_and_aad),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
