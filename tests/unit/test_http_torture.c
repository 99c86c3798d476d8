/*
 * Every allocation of the listener fails in turn: it starts or says why not, gives back all that it took, and a running
 * one only loses the connection that wanted the memory.  The linker sends our rooms' malloc and calloc through here, and
 * OpenSSL asks us for its own.  Arenas are left out: without memory for one the process ends, as arena.h tells.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/crypto.h>

#include "http_help.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

/* The allocation that fails, counted down; below 0 none does. */
static atomic_int fail_at = -1;

static bool fails_now(void)
{
        return atomic_load(&fail_at) >= 0 && atomic_fetch_sub(&fail_at, 1) == 0;
}

void *__wrap_malloc(size_t size)
{
        return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
        return fails_now() ? NULL : __real_calloc(count, size);
}

/* OpenSSL's too, while it is asked to. */
static atomic_bool openssl_fails;

static void *openssl_malloc(size_t size, const char *file, int line)
{
        (void)file, (void)line;
        return openssl_fails && fails_now() ? NULL : __real_malloc(size);
}

static void *openssl_realloc(void *p, size_t size, const char *file, int line)
{
        (void)file, (void)line;
        return realloc(p, size);
}

static void openssl_free(void *p, const char *file, int line)
{
        (void)file, (void)line;
        free(p);
}

static struct help help;

static res start_with_failure(const struct http_tls *tls, int at, int *ret_fd)
{
        struct http_config config = {.tls = true, .workers = 2, .routes = {&help, help_direct, help_handle}};
        res r;

        *ret_fd = config.listen_fd = help_listen(&help.port);
        atomic_store(&fail_at, at);
        r = http_server_start(&config, tls, &help.server);
        return r;
}

static void a_start_without_memory_says_so_and_gives_all_back(void **state)
{
        struct http_tls tls = help_tls(EVP_EC_gen("P-256"), /* name= */ NULL);
        int failures = 0;

        (void)state;
        for (int at = 0; at < 100; at++) {
                int fd;
                const res r = start_with_failure(&tls, at, &fd);
                const bool used_up = atomic_exchange(&fail_at, -1) < 0;

                if (res_is_ok(r)) {
                        http_server_stop(help.server, 1000);
                        if (!used_up)
                                break; /* there is no allocation with this number */
                        continue;
                }
                assert_int_equal(r.err, ERR_MEMORY);
                close(fd); /* still ours */
                failures++;
        }
        assert_true(failures >= 3);
        help_tls_free(&tls);
}

/* The certificate is exchanged without memory: the old one stays. */
static void an_exchange_without_memory_keeps_the_old_certificate(void **state)
{
        struct http_tls tls = help_tls(EVP_EC_gen("P-256"), /* name= */ NULL);
        int fd;

        (void)state;
        assert_int_equal(start_with_failure(&tls, -1, &fd).err, ERR_NONE);
        atomic_store(&fail_at, 0);
        openssl_fails = true;
        assert_int_equal(http_server_set_tls(help.server, &tls).err, ERR_MEMORY);
        openssl_fails = false;
        assert_int_equal(atomic_exchange(&fail_at, -1), -1);
        assert_int_equal(http_server_set_tls(help.server, &tls).err, ERR_NONE);
        http_server_stop(help.server, 1000);
        help_tls_free(&tls);
}

/* A connection that finds no memory is dropped, the next one is served. */
static void a_connection_without_memory_is_dropped_alone(void **state)
{
        struct http_config config = {.workers = 1, .routes = {&help, help_direct, help_handle}};

        (void)state;
        config.listen_fd = help_listen(&help.port);
        assert_int_equal(http_server_start(&config, NULL, &help.server).err, ERR_NONE);
        atomic_store(&fail_at, 0);
        {
                const int fd = help_connect(help.port);

                while (atomic_load(&fail_at) >= 0)
                        usleep(1000);
                help_write(fd, "GET /direct HTTP/1.1\r\nHost: a\r\n\r\n");
                assert_true(help_is_closed(fd, 40000));
                close(fd);
        }
        help_expect(help_exchange(help.port, "GET /direct HTTP/1.1\r\nHost: a\r\n\r\n"), "direct");
        http_server_stop(help.server, 1000);
}

/* Buffers report want of memory at the end and keep what they had. */
static void a_buffer_without_memory_fails_once_and_for_all(void **state)
{
        CLEAN(buf_done) struct buf buf = {.ceiling = 100000};

        (void)state;
        buf_add_text(&buf, "kept");
        atomic_store(&fail_at, 0);
        assert_null(buf_grow(&buf, 5000));
        atomic_store(&fail_at, -1);
        buf_add_text(&buf, "lost");
        assert_int_equal(buf_check(&buf).err, ERR_MEMORY);
        assert_int_equal(buf.n, 4);
        assert_memory_equal(buf.p, "kept", 4);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_start_without_memory_says_so_and_gives_all_back),
                cmocka_unit_test(an_exchange_without_memory_keeps_the_old_certificate),
                cmocka_unit_test(a_connection_without_memory_is_dropped_alone),
                cmocka_unit_test(a_buffer_without_memory_fails_once_and_for_all),
        };

        if (CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) != 1)
                return 1; /* something was allocated before */
        return cmocka_run_group_tests(tests, NULL, NULL);
}
