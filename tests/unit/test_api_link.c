/* Links to downloads: good until their end, never when a byte is changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/link.h"

#define NOW 1790000000

static const uint8_t key[API_LINK_KEY_SIZE] = "0123456789abcdef0123456789abcde";
static const struct api_link sample = {.account_id = 17,
                                       .user_id = 9000000000000000000,
                                       .expires_at = NOW + 300,
                                       .kind = 3,
                                       .certificate_id = "abcDEF12"};

static void test_a_link_reads_back(void **state)
{
        CLEAN(buf_done) struct buf token = {0};
        struct api_link link = {0};

        (void)state;
        buf_init(&token, 500);
        api_link_write(key, &sample, &token);
        for (size_t i = 0; i < token.n; i++)
                assert_non_null(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", token.p[i]));
        assert_true(res_is_ok(api_link_read(key, buf_str(&token), NOW + 300, &link)));
        assert_int_equal(link.account_id, sample.account_id);
        assert_int_equal(link.user_id, sample.user_id);
        assert_int_equal(link.kind, sample.kind);
        assert_string_equal(link.certificate_id, sample.certificate_id);
        assert_int_equal(api_link_read(key, buf_str(&token), NOW + 301, &link).err, ERR_NOT_FOUND);
}

static void test_changed_cut_and_foreign_ones_are_nothing(void **state)
{
        static const uint8_t other[API_LINK_KEY_SIZE] = "0123456789abcdef0123456789abcdX";
        CLEAN(buf_done) struct buf token = {0};
        struct api_link link = {0};

        (void)state;
        buf_init(&token, 500);
        api_link_write(key, &sample, &token);
        for (size_t i = 0; i < token.n; i++) {
                uint8_t kept = token.p[i];

                token.p[i] = kept == 'A' ? 'B' : 'A';
                assert_int_equal(api_link_read(key, buf_str(&token), NOW, &link).err, ERR_NOT_FOUND);
                token.p[i] = kept;
                assert_int_equal(api_link_read(key, (struct str){(const char *)token.p, i}, NOW, &link).err,
                                 ERR_NOT_FOUND);
        }
        assert_int_equal(api_link_read(other, buf_str(&token), NOW, &link).err, ERR_NOT_FOUND);
        assert_int_equal(api_link_read(key, STR(""), NOW, &link).err, ERR_NOT_FOUND);
        assert_int_equal(api_link_read(key, STR("../../etc/passwd"), NOW, &link).err, ERR_NOT_FOUND);
        assert_int_equal(link.account_id, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_link_reads_back),
                cmocka_unit_test(test_changed_cut_and_foreign_ones_are_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
