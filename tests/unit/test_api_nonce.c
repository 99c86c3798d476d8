/* Nonces of the v1 signature. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "api/nonce.h"

#define NOW 1790000000

static void test_a_nonce_is_good_once(void **state)
{
        struct nonces *nonces = nonces_new();

        (void)state;
        assert_non_null(nonces);
        assert_true(res_is_ok(nonces_use(nonces, STR("AKID1"), STR("7"), NOW, NOW)));
        assert_int_equal(nonces_use(nonces, STR("AKID1"), STR("7"), NOW, NOW).err, ERR_AUTH_SIGNATURE);
        assert_int_equal(nonces_use(nonces, STR("AKID1"), STR("7"), NOW, NOW + 300).err, ERR_AUTH_SIGNATURE);
        assert_true(res_is_ok(nonces_use(nonces, STR("AKID1"), STR("8"), NOW, NOW)));
        assert_true(res_is_ok(nonces_use(nonces, STR("AKID1"), STR("7"), NOW + 1, NOW)));
        assert_true(res_is_ok(
                nonces_use(nonces, STR("AKID"), STR("17"), NOW, NOW))); /* not the same as "AKID1", "7" */
        assert_true(res_is_ok(nonces_use(nonces, STR("AKID2"), STR("7"), NOW, NOW)));
        nonces_free(nonces);
}

/* A flood fills it: then new ones are refused rather than old ones forgotten; later there is room again. */
static void test_a_full_memory_refuses_and_recovers(void **state)
{
        struct nonces *nonces = nonces_new();
        int refused = 0;

        (void)state;
        assert_true(res_is_ok(nonces_use(nonces, STR("AKID1"), STR("first"), NOW, NOW)));
        for (int i = 0; i < 200000; i++) {
                char nonce[16];
                int n = snprintf(nonce, sizeof nonce, "%d", i);
                res r = nonces_use(nonces, STR("AKID1"), (struct str){nonce, (size_t)n}, NOW, NOW);

                assert_true(r.err == ERR_NONE || r.err == ERR_RATE);
                refused += r.err == ERR_RATE;
        }
        assert_in_range(refused, 100000, 199999);
        assert_int_equal(nonces_use(nonces, STR("AKID1"), STR("first"), NOW, NOW).err, ERR_AUTH_SIGNATURE);
        assert_true(res_is_ok(nonces_use(nonces, STR("AKID1"), STR("later"), NOW + 700, NOW + 700)));
        nonces_free(nonces);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_nonce_is_good_once),
                cmocka_unit_test(test_a_full_memory_refuses_and_recovers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
