/*
 * Clients that make it hard: many requests at once or a byte at a time, ends in the middle, answers that are not read, a
 * certificate that changes under them.  What must hold: each request one answer, in order, and nobody else waits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>

#include "base/limits.h"
#include "http/server.h"
#include "http_help.h"

static struct help help;

static int start(void **state)
{
        struct http_config config = {.workers = 2, .listeners = 2, .routes = {&help, help_direct, help_handle}};

        (void)state;
        help.delay_ms = help.handled = help.directs = 0;
        help.hold = false;
        config.listen_fd = help_listen(&help.port);
        return !res_is_ok(http_server_start(&config, NULL, &help.server));
}

static int stop(void **state)
{
        (void)state;
        help.hold = false;
        http_server_stop(help.server, 2000);
        return 0;
}

static void good_requests_go_on(void)
{
        help_expect(help_exchange(help.port, "GET /direct HTTP/1.1\r\nHost: a\r\n\r\n"), "direct");
        help_expect(help_exchange(help.port, "GET /y HTTP/1.1\r\nHost: a\r\n\r\n"), "|/y|");
}

/* -- many at once ------------------------------------------------------------------------------- */

enum { MANY = 200 };

/* In turn: direct, by a worker, with a body, with chunks. */
static void add_request(struct buf *text, int i)
{
        if (i % 4 == 0)
                buf_printf(text, "GET /direct HTTP/1.1\r\nHost: a\r\nX: %d\r\n\r\n", i);
        else if (i % 4 == 1)
                buf_printf(text, "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", i);
        else if (i % 4 == 2)
                buf_printf(text, "POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", i);
        else
                buf_printf(text, "POST /%d HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                                 "1;x=y\r\na\r\n2\r\nbc\r\n0\r\nT: u\r\n\r\n", i);
}

/* help_read() with room for a small answer only: there are many. */
static void expect_small(int fd, const char *expected)
{
        char text[2000] = "";
        size_t have = 0;

        while (!strstr(text, "\r\n\r\n"))
                if (!help_read_until(fd, text, &have, have + 1))
                        fail_msg("no '%s' in '%s'", expected, text);
        assert_true(help_read_until(fd, text, &have, have + strtoul(strstr(text, "Content-Length: ") + 16, NULL, 10)));
        if (!strstr(text, expected))
                fail_msg("no '%s' in '%s'", expected, text);
}

static void expect_answer(int fd, int i)
{
        char expected[40];

        if (i % 4 == 0)
                snprintf(expected, sizeof(expected), "\r\n\r\ndirect");
        else
                snprintf(expected, sizeof(expected), "%s|/%d||%s|", i % 4 == 1 ? "GET" : "POST", i, i % 4 == 1 ? "" : "abc");
        expect_small(fd, expected);
}

/* Written in pieces of `piece` bytes by a thread of its own, because answers have to be read meanwhile. */
struct writer {
        int fd;
        struct buf text;
        size_t piece;
};

static void *write_pieces(void *arg)
{
        struct writer *writer = arg;

        for (size_t at = 0; at < writer->text.n;) {
                const size_t left = writer->text.n - at;
                const ssize_t n = send(writer->fd, writer->text.p + at, left < writer->piece ? left : writer->piece, MSG_NOSIGNAL);

                if (n <= 0)
                        break;
                at += (size_t)n;
        }
        return NULL;
}

static void pipelined_requests_are_answered_in_order(void **state)
{
        static const size_t pieces[] = {1, 7, 50, 1000, 1 << 20};

        (void)state;
        for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
                struct writer writer = {.fd = help_connect(help.port), .text = {.ceiling = 1 << 20}, .piece = pieces[i]};
                const int on = 1;
                pthread_t thread;

                setsockopt(writer.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
                for (int k = 0; k < MANY; k++)
                        add_request(&writer.text, k);
                pthread_create(&thread, NULL, write_pieces, &writer);
                for (int k = 0; k < MANY; k++)
                        expect_answer(writer.fd, k);
                pthread_join(thread, NULL);
                close(writer.fd);
                buf_done(&writer.text);
        }
}

/* All that was asked before the end is answered, then the connection ends. */
static void half_closed_clients_get_all_answers(void **state)
{
        (void)state;
        for (int round = 0; round < 20; round++) {
                CLEAN(buf_done) struct buf text = {.ceiling = 1 << 20};
                const int fd = help_connect(help.port);

                for (int k = 0; k < 9; k++)
                        add_request(&text, k);
                buf_add_text(&text, "GET /unfinished HTTP/1.1\r\n");
                help_write(fd, buf_c(&text));
                shutdown(fd, SHUT_WR);
                for (int k = 0; k < 9; k++)
                        expect_answer(fd, k);
                assert_true(help_is_closed(fd, 60000));
                close(fd);
        }
        assert_int_equal(help.handled + help.directs, 20 * 9);
}

/* -- leaving ------------------------------------------------------------------------------------ */

/* Each in a way of its own, while its call is a worker's, with more behind it. */
static void leave(int fd, int how)
{
        const struct linger hard = {.l_onoff = 1};

        if (how % 2)
                help_write(fd, "GET /behind HTTP/1.1\r\nHost: a\r\n\r\nGET /unfinish");
        if (how % 3 == 0)
                setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
        if (how % 5 == 0)
                shutdown(fd, SHUT_WR);
        close(fd);
}

static void who_vanishes_while_a_worker_is_at_it_harms_nobody(void **state)
{
        enum { COUNT = 60 };
        int fd[COUNT];

        (void)state;
        help.hold = true;
        for (int i = 0; i < COUNT; i++) {
                fd[i] = help_connect(help.port);
                help_write(fd[i], i % 4 ? "GET /x HTTP/1.1\r\nHost: a\r\n\r\n" : "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        while (help.server->busy < COUNT)
                usleep(1000);
        for (int i = 0; i < COUNT; i++)
                leave(fd[i], i);
        help_expect(help_exchange(help.port, "GET /direct HTTP/1.1\r\nHost: a\r\n\r\n"), "direct"); /* meanwhile */
        help.hold = false;
        while (help.server->busy > 0 || help.server->connections > 0)
                usleep(1000);
        assert_true(help.handled >= COUNT);
        good_requests_go_on();
}

/* -- not reading -------------------------------------------------------------------------------- */

static int connect_narrow(void)
{
        const int fd = help_connect(help.port), bytes = 256 * 1024;

        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
        return fd;
}

enum { MUCH = 4 };

static void ask_for_much(int fd)
{
        for (int i = 0; i < MUCH; i++)
                help_write(fd, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
}

/* Requests for far more than sockets hold; others are served meanwhile, and in the end every byte is there. */
static void who_reads_slowly_gets_everything_and_holds_up_nobody(void **state)
{
        enum { COUNT = 3 };
        int fd[COUNT];

        (void)state;
        for (int i = 0; i < COUNT; i++) {
                fd[i] = connect_narrow();
                ask_for_much(fd[i]);
                help_write(fd[i], "GET /after HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        good_requests_go_on();
        for (int i = 0; i < COUNT; i++) {
                help_expect(help_read(fd[i]), "\r\nContent-Length: 3145728\r\n");
                if (i % 2) {
                        for (int k = 1; k < MUCH; k++)
                                help_expect(help_read(fd[i]), "\r\nContent-Length: 3145728\r\n");
                        help_expect(help_read(fd[i]), "|/after|"); /* so not a byte too many or too few */
                }
                close(fd[i]); /* half of them in the middle of an answer */
        }
        good_requests_go_on();
}

/* -- forms of answers --------------------------------------------------------------------------- */

/* Everything up to the end. */
static char *exchange_to_end(const char *request)
{
        const int fd = help_connect(help.port);
        char *text = calloc(1, HELP_REPLY);
        size_t n = 0;

        help_write(fd, request);
        for (ssize_t got; (got = recv(fd, text + n, HELP_REPLY - 1 - n, 0)) > 0;)
                n += (size_t)got;
        close(fd);
        return text;
}

static void a_head_comes_without_the_body(void **state)
{
        char *text = exchange_to_end("HEAD /direct HTTP/1.1\r\nHost: a\r\n\r\nGET /direct HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        const char *second = strstr(text, "\r\n\r\n");

        (void)state;
        assert_non_null(strstr(text, "\r\nContent-Length: 6\r\n"));
        assert_non_null(strstr(text, "\r\nDate: "));
        assert_int_equal(strncmp(second + 4, "HTTP/1.1 200 OK\r\n", 17), 0);
        assert_non_null(strstr(second + 4, "\r\nConnection: close\r\n"));
        assert_string_equal(second + strlen(second) - 6, "direct");
        free(text);
}

static void http_1_0_is_kept_only_on_demand(void **state)
{
        char *text = exchange_to_end("GET /direct HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /y HTTP/1.0\r\n\r\nGET /z HTTP/1.0\r\n\r\n");

        (void)state;
        assert_non_null(strstr(text, "\r\nConnection: keep-alive\r\n"));
        assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
        assert_non_null(strstr(text, "|/y|"));
        assert_null(strstr(text, "|/z|"));
        free(text);
}

/* -- limits ------------------------------------------------------------------------------------- */

static void over_the_limit_connections_are_refused(void **state)
{
        const size_t before = LIMIT_HTTP_CONNECTIONS - 1;
        int last, over, beyond;

        (void)state;
        atomic_fetch_add(&help.server->connections, before);
        last = help_connect(help.port);
        help_write(last, "GET /direct HTTP/1.1\r\nHost: a\r\n\r\n");
        help_expect(help_read(last), "HTTP/1.1 200");
        over = help_connect(help.port);
        help_write(over, "GET /direct HTTP/1.1\r\nHost: a\r\n\r\n");
        help_expect(help_read(over), "HTTP/1.1 503");
        atomic_fetch_add(&help.server->connections, LIMIT_HTTP_REFUSED_CONNECTIONS);
        beyond = help_connect(help.port);
        assert_true(help_is_closed(beyond, 60000));
        atomic_fetch_sub(&help.server->connections, before + LIMIT_HTTP_REFUSED_CONNECTIONS);
        close(last), close(over), close(beyond);
        good_requests_go_on();
}

/* The time of all waits is made short; whoever waits for us is not in it. */
static void the_overdue_are_cut_off_and_the_waiting_are_not(void **state)
{
        static const char *const parts[] = {"", "GET /x HT", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
                                            "GET /direct HTTP/1.1\r\nHost: a\r\n\r\n"};
        int fd, unread;

        (void)state;
        for (unsigned i = 0; i < help.server->engine_count; i++)
                help.server->engines[i].waiting.limit_ms = 300;
        for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
                fd = help_connect(help.port);
                help_write(fd, parts[i]);
                assert_true(help_is_closed(fd, 60000));
                close(fd);
        }
        help.delay_ms = 900;
        fd = help_connect(help.port);
        help_write(fd, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
        help_expect(help_read(fd), "GET|/x|");
        close(fd);
        while (help.server->connections > 0)
                usleep(1000);
        help.delay_ms = 0;
        unread = connect_narrow();
        help.handled = 0;
        ask_for_much(unread);
        while (help.handled == 0)
                usleep(1000);
        while (help.server->connections > 0) /* who does not take an answer is not waited for either */
                usleep(1000);
        close(unread);
}

/* -- TLS ---------------------------------------------------------------------------------------- */

static struct http_tls tls[2]; /* ECDSA and RSA */

static int start_tls(void **state)
{
        struct http_config config = {.tls = true, .workers = 2, .listeners = 2, .routes = {&help, help_direct, help_handle}};

        (void)state;
        help.delay_ms = help.handled = help.directs = 0;
        tls[0] = help_tls(EVP_EC_gen("P-256"), /* name= */ NULL);
        tls[1] = help_tls(EVP_RSA_gen(2048), /* name= */ NULL);
        config.listen_fd = help_listen(&help.port);
        return !res_is_ok(http_server_start(&config, &tls[0], &help.server));
}

static int stop_tls(void **state)
{
        stop(state);
        help_tls_free(&tls[0]);
        help_tls_free(&tls[1]);
        return 0;
}

struct tls_client {
        SSL_CTX *ctx;
        SSL *ssl;
        int fd;
};

static void tls_open(struct tls_client *client, int fd, int version)
{
        static const unsigned char protocols[] = "\x02h2\x08http/1.1";

        *client = (struct tls_client){.ctx = SSL_CTX_new(TLS_client_method()), .fd = fd};
        SSL_CTX_set_max_proto_version(client->ctx, version);
        client->ssl = SSL_new(client->ctx);
        SSL_set_alpn_protos(client->ssl, protocols, sizeof(protocols) - 1);
        SSL_set_fd(client->ssl, fd);
        assert_int_equal(SSL_connect(client->ssl), 1);
}

static void tls_close(struct tls_client *client)
{
        SSL_free(client->ssl);
        SSL_CTX_free(client->ctx);
        close(client->fd);
}

static void tls_send(struct tls_client *client, const char *text)
{
        assert_int_equal(SSL_write(client->ssl, text, (int)strlen(text)), strlen(text));
}

/* Reads until the answer's last byte; the number of bytes of its body. */
static size_t tls_take(struct tls_client *client, const char *expected)
{
        enum { ROOM = 4 << 20 };
        char *text = malloc(ROOM), *end = NULL;
        size_t n = 0, length = 0;

        while (!end || n < (size_t)(end - text) + length) {
                const int got = SSL_read(client->ssl, text + n, ROOM - 1 - (int)n);

                if (got <= 0)
                        fail_msg("the answer ends after %zu bytes", n);
                n += (size_t)got;
                text[n] = '\0';
                if (!end && (end = strstr(text, "\r\n\r\n"))) {
                        end += 4;
                        length = strtoul(strstr(text, "Content-Length: ") + 16, NULL, 10);
                }
        }
        assert_int_equal(n, (size_t)(end - text) + length);
        help_expect(text, expected);
        return length;
}

static atomic_bool exchanging;

/* One connection is kept, one is new each time. */
static void *ask_all_the_while(void *arg)
{
        struct tls_client kept;

        tls_open(&kept, help_connect(help.port), 0);
        while (exchanging) {
                struct tls_client fresh;

                tls_open(&fresh, help_connect(help.port), arg ? TLS1_2_VERSION : 0);
                tls_send(&kept, "GET /kept HTTP/1.1\r\nHost: a\r\n\r\n");
                tls_send(&fresh, "GET /direct HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
                (void)tls_take(&kept, "|/kept|");
                (void)tls_take(&fresh, "direct");
                assert_int_equal(SSL_read(fresh.ssl, (char[1]){0}, 1), 0);
                assert_int_equal(SSL_get_shutdown(fresh.ssl), SSL_RECEIVED_SHUTDOWN); /* not cut off: told */
                tls_close(&fresh);
        }
        tls_close(&kept);
        return NULL;
}

static void a_certificate_is_exchanged_under_load(void **state)
{
        pthread_t threads[3];

        (void)state;
        exchanging = true;
        for (intptr_t i = 0; i < 3; i++)
                pthread_create(&threads[i], NULL, ask_all_the_while, (void *)(i % 2));
        for (int i = 0; i < 60; i++) {
                assert_int_equal(http_server_set_tls(help.server, &tls[i % 2]).err, ERR_NONE);
                usleep(5000);
        }
        exchanging = false;
        for (int i = 0; i < 3; i++)
                pthread_join(threads[i], NULL);
}

static void large_answers_leave_slowly_over_tls_too(void **state)
{
        struct tls_client slow[3], other;
        const unsigned char *protocol;
        unsigned size;

        (void)state;
        for (int i = 0; i < 3; i++) {
                tls_open(&slow[i], connect_narrow(), i == 2 ? TLS1_2_VERSION : 0);
                tls_send(&slow[i], "GET /big HTTP/1.1\r\nHost: a\r\n\r\nGET /after HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        tls_open(&other, help_connect(help.port), 0);
        SSL_get0_alpn_selected(other.ssl, &protocol, &size);
        assert_true(size == 8 && memcmp(protocol, "http/1.1", 8) == 0);
        tls_send(&other, "GET /y HTTP/1.1\r\nHost: a\r\n\r\n");
        (void)tls_take(&other, "|/y|");
        tls_close(&other);
        assert_int_equal(tls_take(&slow[0], "200 OK"), 3 << 20);
        (void)tls_take(&slow[0], "|/after|");
        assert_int_equal(tls_take(&slow[2], "200 OK"), 3 << 20);
        for (int i = 0; i < 3; i++)
                tls_close(&slow[i]); /* the second in the middle of it */
}

/* A request, or several, cut into records of any size. */
static void requests_come_in_any_records(void **state)
{
        static const int sizes[] = {1, 13, 500, 16000};

        (void)state;
        for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
                CLEAN(buf_done) struct buf text = {.ceiling = 1 << 20};
                struct tls_client client;

                tls_open(&client, help_connect(help.port), 0);
                for (int k = 0; k < 20; k++)
                        add_request(&text, k);
                for (size_t at = 0; at < text.n; at += (size_t)sizes[i]) {
                        const int left = (int)(text.n - at), n = left < sizes[i] ? left : sizes[i];

                        assert_int_equal(SSL_write(client.ssl, text.p + at, n), n);
                }
                /* Records bring answers; those of one record may come together, so they are counted by their heads. */
                for (int answers = 0; answers < 20;) {
                        char part[20000] = "";

                        assert_true(SSL_read(client.ssl, part, sizeof(part) - 1) > 0);
                        for (const char *p = part; (p = strstr(p, "HTTP/1.1 200")); p++)
                                answers++;
                }
                tls_close(&client);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(pipelined_requests_are_answered_in_order, start, stop),
                cmocka_unit_test_setup_teardown(half_closed_clients_get_all_answers, start, stop),
                cmocka_unit_test_setup_teardown(who_vanishes_while_a_worker_is_at_it_harms_nobody, start, stop),
                cmocka_unit_test_setup_teardown(who_reads_slowly_gets_everything_and_holds_up_nobody, start, stop),
                cmocka_unit_test_setup_teardown(a_head_comes_without_the_body, start, stop),
                cmocka_unit_test_setup_teardown(http_1_0_is_kept_only_on_demand, start, stop),
                cmocka_unit_test_setup_teardown(over_the_limit_connections_are_refused, start, stop),
                cmocka_unit_test_setup_teardown(the_overdue_are_cut_off_and_the_waiting_are_not, start, stop),
                cmocka_unit_test_setup_teardown(a_certificate_is_exchanged_under_load, start_tls, stop_tls),
                cmocka_unit_test_setup_teardown(large_answers_leave_slowly_over_tls_too, start_tls, stop_tls),
                cmocka_unit_test_setup_teardown(requests_come_in_any_records, start_tls, stop_tls),
        };

        signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
