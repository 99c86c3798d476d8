/* ACME requests that write: how many places there are, and for whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "acme/rounds.h"
#include "base/limits.h"

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
                cmocka_unit_test(test_places_are_bounded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
