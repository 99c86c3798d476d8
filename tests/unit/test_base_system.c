/* The parts of base that lean on the kernel: randomness, secrets, clock, log, digests, and the table of errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/hex.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/random.h"
#include "base/secret.h"

static void random_texts_use_the_whole_alphabet(void **state)
{
        size_t seen[256] = {0};
        char text[6201];

        (void)state;
        random_text(text, 6200, RANDOM_ALNUM);
        assert_int_equal(strlen(text), 6200);
        for (size_t i = 0; i < 6200; i++)
                seen[(unsigned char)text[i]]++;
        for (const char *c = RANDOM_ALNUM; *c; c++) {
                assert_true(seen[(unsigned char)*c] > 40); /* 100 expected, σ = 10 */
                assert_true(seen[(unsigned char)*c] < 170);
        }
        random_text(text, 0, RANDOM_LOWER36);
        assert_string_equal(text, "");
}

static void uuids_have_their_form(void **state)
{
        char a[37], b[37];

        (void)state;
        random_uuid(a);
        random_uuid(b);
        assert_string_not_equal(a, b);
        assert_int_equal(strlen(a), 36);
        assert_int_equal(a[14], '4');
        assert_non_null(strchr("89ab", a[19]));
        assert_true(a[8] == '-' && a[13] == '-' && a[18] == '-' && a[23] == '-');
}

static void row_ids_rise_with_time(void **state)
{
        (void)state;
        assert_true(random_row_id(0) >= 0);
        assert_true(random_row_id(1795000000000) < random_row_id(1795000000001));
        assert_true(random_row_id(1577836800000 + (1ll << 41) - 1) > 0);
        assert_true(random_row_id(1795000000000) != random_row_id(1795000000000));
}

static void secrets_are_taken_and_compared(void **state)
{
        struct secret secret = {0}, taken;

        (void)state;
        assert_int_equal(secret_init_copy(&secret, "key", 3).err, ERR_NONE);
        taken = secret_take(&secret);
        assert_null(secret.p);
        secret_done(&secret);
        assert_true(secret_equal(secret_bytes(&taken), bytes_of("key", 3)));
        assert_false(secret_equal(secret_bytes(&taken), bytes_of("kez", 3)));
        assert_false(secret_equal(secret_bytes(&taken), bytes_of("ke", 2)));
        secret_done(&taken);
        assert_int_equal(secret_init(&secret, SIZE_MAX - 1).err, ERR_TOO_LARGE);
        assert_int_equal(secret_init(&secret, 0).err, ERR_NONE);
        assert_true(secret_equal(secret_bytes(&secret), (struct bytes){0}));
        secret_done(&secret);
}

static void foreign_values_are_quoted_and_cut(void **state)
{
        static char big[1000];
        const char *quoted = log_quote(STR("a\"b\\c\n\x1b[31m\xe4"));

        (void)state;
        assert_string_equal(quoted, "\"a\\\"b\\\\c\\x0a\\x1b[31m\\xe4\"");
        memset(big, '\n', sizeof(big));
        assert_int_equal(strlen(log_quote((struct str){big, sizeof(big)})), LIMIT_LOG_VALUE * 4 + 2 + 3);
        assert_string_equal(log_quote((struct str){0}), "\"\"");
}

/* What log_line() writes, with stderr turned into a pipe. */
static size_t logged(const char *value, char *out, size_t size)
{
        int ends[2], before = dup(STDERR_FILENO);
        ssize_t n;

        assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
        dup2(ends[1], STDERR_FILENO);
        log_line(LOG_INFO, "test", "v=%s", value);
        log_line(LOG_DEBUG, "hidden", "v=1");
        dup2(before, STDERR_FILENO);
        n = read(ends[0], out, size - 1);
        close(before);
        close(ends[0]);
        close(ends[1]);
        out[n > 0 ? n : 0] = '\0';
        return n > 0 ? (size_t)n : 0;
}

static void a_line_is_one_line_and_bounded(void **state)
{
        static char big[10000], line[20000];
        size_t n;

        (void)state;
        log_init("unit", LOG_INFO);
        n = logged("1", line, sizeof(line));
        assert_string_equal(line + 24, " unit info event=test v=1\n");
        assert_int_equal(line[n - 1], '\n');
        memset(big, 'x', sizeof(big) - 1);
        n = logged(big, line, sizeof(line));
        assert_true(n <= 2048);
        assert_int_equal(line[n - 1], '\n');
}

static void times_as_http_writes_them(void **state)
{
        static const struct {
                int64_t sec;
                const char *text;
        } cases[] = {
                {0, "Thu, 01 Jan 1970 00:00:00 GMT"},         {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
                {951782399, "Mon, 28 Feb 2000 23:59:59 GMT"}, {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
                {1798761599, "Thu, 31 Dec 2026 23:59:59 GMT"}, {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
        };
        char text[CLOCK_HTTP_SIZE];

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                clock_http_text(cases[i].sec, text);
                assert_string_equal(text, cases[i].text);
        }
}

static void the_clock_runs(void **state)
{
        const int64_t before = clock_mono_ms();

        (void)state;
        assert_true(clock_now_sec() > 1577836800);
        assert_true(clock_mono_ms() >= before);
#ifndef CHANCERY_TEST_CLOCK
        assert_int_equal(clock_use_file("/nowhere").err, ERR_CONFIG);
#endif
}

#ifdef CHANCERY_TEST_CLOCK
static void write_offset(const char *path, const char *text)
{
        const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
        close(fd);
        usleep(60000);
}

static void a_file_moves_the_clock(void **state)
{
        char path[] = "/tmp/chancery-clock-XXXXXX";
        const int64_t now = clock_now_sec();

        (void)state;
        close(mkstemp(path));
        assert_int_equal(clock_use_file(path).err, ERR_NONE);
        assert_true(clock_now_sec() - now < 5);
        write_offset(path, "94608000\n");
        assert_true(clock_now_sec() - now >= 94608000);
        write_offset(path, "rubbish");
        assert_true(clock_now_sec() - now >= 94608000); /* the last good one stays */
        write_offset(path, "0");
        assert_true(clock_now_sec() - now < 5);
        unlink(path);
}
#endif

static void digests_match_published_vectors(void **state)
{
        uint8_t out[DIGEST_SHA256_SIZE], key[20];
        char text[65];

        (void)state;
        digest_sha256(bytes_of("abc", 3), out); /* FIPS 180-4 example */
        hex_lower(bytes_of(out, 32), text);
        assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        digest_sha256((struct bytes){0}, out);
        hex_lower(bytes_of(out, 32), text);
        assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        memset(key, 0x0b, sizeof(key)); /* RFC 4231 §4.2 */
        digest_hmac_sha256(bytes_of(key, 20), bytes_of("Hi There", 8), out);
        hex_lower(bytes_of(out, 32), text);
        assert_string_equal(text, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
        digest_hmac_sha256(bytes_of("", 0), bytes_of("", 0), out);
        digest_hmac_sha256((struct bytes){0}, (struct bytes){0}, out); /* an absent key is an empty one */
        hex_lower(bytes_of(out, 32), text);
        assert_string_equal(text, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void every_error_has_its_columns(void **state)
{
        (void)state;
        for (int e = 1; e < ERR_COUNT; e++) {
                assert_true(strlen(err_name((enum err)e)) > 0);
                assert_true(strlen(err_api_code((enum err)e)) > 0);
                assert_non_null(err_acme_type((enum err)e));
                assert_true(strlen(err_sentence((enum err)e)) > 5);
                assert_true(err_http_status((enum err)e) >= 400 && err_http_status((enum err)e) < 600);
        }
        assert_string_equal(err_api_code(ERR_STORE_FULL), "FailedOperation.SystemError");
        assert_string_equal(err_api_code((enum err)100000), "InternalError");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(random_texts_use_the_whole_alphabet),
                cmocka_unit_test(uuids_have_their_form),
                cmocka_unit_test(row_ids_rise_with_time),
                cmocka_unit_test(secrets_are_taken_and_compared),
                cmocka_unit_test(foreign_values_are_quoted_and_cut),
                cmocka_unit_test(a_line_is_one_line_and_bounded),
                cmocka_unit_test(times_as_http_writes_them), cmocka_unit_test(the_clock_runs),
#ifdef CHANCERY_TEST_CLOCK
                cmocka_unit_test(a_file_moves_the_clock),
#endif
                cmocka_unit_test(digests_match_published_vectors),
                cmocka_unit_test(every_error_has_its_columns),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
