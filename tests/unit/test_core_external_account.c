/* Keys that whoever types them can type. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/b64.h"
#include "core/external_account.h"

#define MANY 5000 /* one in 64 would begin with it */

static void test_no_key_looks_like_an_option(void **state)
{
        CLEAN(secret_done) struct secret key = {0};
        bool underscore = false;

        (void)state;
        assert_true(res_is_ok(secret_init(&key, EXTERNAL_KEY_BYTES)));
        for (int i = 0; i < MANY; i++) {
                CLEAN(buf_done) struct buf text = {0};

                buf_init(&text, 64);
                external_key_draw(&key);
                b64url_encode(secret_bytes(&key), &text);
                assert_true(text.n == 43 && text.p[0] != '-');
                underscore |= text.p[0] == '_';
        }
        assert_true(underscore); /* nothing else is left out */
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_key_looks_like_an_option)};

        return cmocka_run_group_tests_name("core/external_account", tests, NULL, NULL);
}
