/* Sealing (incident 11: kept keys are of use to nobody else): what is opened under another key, another AAD or after a change is nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pki/seal.h"

#define OK(call) assert_int_equal((call).err, ERR_NONE)

static void test_only_the_right_key_and_aad(void **state)
{
        uint8_t master[32] = {1}, other[32] = {2};
        uint8_t a[PKI_SEAL_KEY_SIZE], b[PKI_SEAL_KEY_SIZE], c[PKI_SEAL_KEY_SIZE];
        struct secret plain = {0};
        (void)state;

        OK(pki_seal_derive(bytes_of(master, 32), "vault", a));
        OK(pki_seal_derive(bytes_of(master, 32), "signer", b));
        OK(pki_seal_derive(bytes_of(other, 32), "vault", c));
        for (size_t n = 0; n < 70; n++) {
                CLEAN(buf_done) struct buf sealed = {0};
                uint8_t text[70];
                memset(text, 7, sizeof(text));
                buf_init(&sealed, 1000);
                OK(pki_seal(a, bytes_of("aad", 3), bytes_of(text, n), &sealed));
                assert_int_equal(sealed.n, n + PKI_SEAL_OVERHEAD);
                assert_int_equal(pki_unseal(a, bytes_of("aae", 3), buf_bytes(&sealed), &plain).err, ERR_FORMAT);
                assert_int_equal(pki_unseal(b, bytes_of("aad", 3), buf_bytes(&sealed), &plain).err, ERR_FORMAT);
                assert_int_equal(pki_unseal(c, bytes_of("aad", 3), buf_bytes(&sealed), &plain).err, ERR_FORMAT);
                for (size_t i = 0; i < sealed.n; i++) {
                        sealed.p[i] ^= 1;
                        assert_int_equal(pki_unseal(a, bytes_of("aad", 3), buf_bytes(&sealed), &plain).err, ERR_FORMAT);
                        sealed.p[i] ^= 1;
                        assert_int_equal(pki_unseal(a, bytes_of("aad", 3), bytes_of(sealed.p, i), &plain).err,
                                         ERR_FORMAT);
                }
                OK(pki_unseal(a, bytes_of("aad", 3), buf_bytes(&sealed), &plain));
                assert_int_equal(plain.n, n);
                assert_true(secret_equal(secret_bytes(&plain), bytes_of(text, n)));
                secret_done(&plain);
        }
}

static void test_short_master(void **state)
{
        uint8_t master[31] = {1};
        uint8_t seal[PKI_SEAL_KEY_SIZE];
        (void)state;
        assert_int_equal(pki_seal_derive(bytes_of(master, 31), "vault", seal).err, ERR_FORMAT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_short_master),
                cmocka_unit_test(test_only_the_right_key_and_aad),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
