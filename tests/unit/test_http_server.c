/* The listener over real sockets: good and malformed requests, the two ways to answer, disconnects, stopping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http_help.h"

static struct help help;

static int start(void **state)
{
        struct http_config config = {.workers = 2, .routes = {&help, help_direct, help_handle}};

        (void)state;
        help.delay_ms = help.handled = help.directs = 0;
        config.listen_fd = help_listen(&help.port);
        return !res_is_ok(http_server_start(&config, NULL, &help.server));
}

static int stop(void **state)
{
        (void)state;
        http_server_stop(help.server, 2000);
        return 0;
}

static void malformed_requests_get_their_status(void **state)
{
        static const struct {
                const char *request, *status;
        } cases[] = {
                {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400"},
                {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "HTTP/1.1 400"},
                {"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 400"},
                {"GET nothing HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 400"},
                {"GET / HTTP/9.9\r\nHost: a\r\n\r\n", "HTTP/1.1 505"},
                {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n", "HTTP/1.1 400"},
                {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 "HTTP/1.1 400"},
                {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 1\r\n\r\na", "HTTP/1.1 400"},
                {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30000000\r\n\r\n", "HTTP/1.1 413"},
                {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nab\r\n0\r\n\r\n",
                 "HTTP/1.1 400"},
                {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 501"},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                help_expect(help_exchange(help.port, cases[i].request), cases[i].status);
        assert_int_equal(help.handled, 0);
}

/* `head`, a part that is `n` bytes long, and the end of the headers. */
static char *large(const char *head, size_t n, const char *tail)
{
        char *text = malloc(strlen(head) + n + strlen(tail) + 1);

        memcpy(text, head, strlen(head));
        memset(text + strlen(head), 'a', n);
        memcpy(text + strlen(head) + n, tail, strlen(tail) + 1);
        return text;
}

static void large_requests_get_their_status(void **state)
{
        char *uri = large("GET /?", 40000, " HTTP/1.1\r\nHost: a\r\n\r\n");
        char *header = large("GET / HTTP/1.1\r\nHost: a\r\nX: ", 300000, "\r\n\r\n");
        char *chunk = large("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n493E0\r\n", 300000,
                            "\r\n0\r\n\r\n");
        char *body =
                large("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 262144\r\nConnection: close\r\n\r\n", 262144, "");
        char *long_uri = large("GET /?", 32000, " HTTP/1.1\r\nHost: a\r\n\r\n");

        (void)state;
        help_expect(help_exchange(help.port, uri), "HTTP/1.1 414");
        help_expect(help_exchange(help.port, header), "HTTP/1.1 431");
        help_expect(help_exchange(help.port, chunk), "HTTP/1.1 413");
        assert_int_equal(help.handled, 0);
        help_expect(help_exchange(help.port, body), "POST|/x||aaaaaa");
        help_expect(help_exchange(help.port, long_uri), "HTTP/1.1 200");
        free(uri), free(header), free(chunk), free(body), free(long_uri);
}

static void both_ways_to_answer(void **state)
{
        (void)state;
        help_expect(help_exchange(help.port, "GET /direct HTTP/1.1\r\nHost: a\r\n\r\n"), "\r\n\r\ndirect");
        assert_int_equal(help.handled, 0);
        help_expect(help_exchange(help.port, "GET /a%20b?c=%20d+e HTTP/1.1\r\nHost: a\r\n\r\n"),
                    "GET|/a%20b|c=%20d+e||127.0.0.1|0");
        help_expect(
                help_exchange(
                        help.port,
                        "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
                "POST|/p||abcde|");
        assert_int_equal(help.directs, 1);
        assert_int_equal(help.handled, 2);
}

static void replies_have_status_headers_and_kind(void **state)
{
        char *reply = help_exchange(help.port, "GET /header HTTP/1.1\r\nHost: a\r\n\r\n");

        (void)state;
        assert_non_null(strstr(reply, "HTTP/1.1 201"));
        assert_non_null(strstr(reply, "\r\nX-Own: yes\r\n"));
        assert_non_null(strstr(reply, "\r\nContent-Type: application/json\r\n")); /* nothing after it: api.md §4 */
        free(reply);
        reply = help_exchange(help.port, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_non_null(strstr(reply, "\r\nContent-Length: 3145728\r\n"));
        free(reply);
        help_expect(help_exchange(help.port, "GET /broken HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 500");
}

static void a_connection_is_kept_and_requests_may_be_pipelined(void **state)
{
        const int fd = help_connect(help.port);

        (void)state;
        for (int i = 0; i < 100; i++) {
                help_write(fd,
                           i % 2 ? "GET /direct HTTP/1.1\r\nHost: a\r\n\r\n" : "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
                help_expect(help_read(fd), "HTTP/1.1 200");
        }
        help_write(fd, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        help_expect(help_read(fd), "|/1|");
        help_expect(help_read(fd), "|/2|");
        assert_true(help_is_closed(fd, 30000));
        close(fd);
}

static void who_hangs_up_early_harms_nobody(void **state)
{
        static const char *const parts[] = {"",
                                            "GET /x HT",
                                            "GET /x HTTP/1.1\r\nHo",
                                            "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
                                            "GET /x HTTP/1.1\r\nHost: a\r\n\r\n",
                                            "GET /big HTTP/1.1\r\nHost: a\r\n\r\n"};

        (void)state;
        help.delay_ms = 2;
        for (int i = 0; i < 120; i++) {
                const struct linger hard = {.l_onoff = 1};
                const int fd = help_connect(help.port);

                help_write(fd, parts[i % 6]);
                if (i % 12 < 6)
                        setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)); /* a reset instead of an end */
                close(fd);
        }
        help_expect(help_exchange(help.port, "GET /y HTTP/1.1\r\nHost: a\r\n\r\n"), "|/y|");
}

/* Without the sweeper these stay until the idle time-out, a minute later. */
static void who_ends_in_the_middle_of_a_request_is_let_go(void **state)
{
        static const char *const parts[] = {"\r\n\r\n\r\n", "AAAA",
                                            "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"};

        (void)state;
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
                const int fd = help_connect(help.port);

                help_write(fd, parts[i]);
                shutdown(fd, SHUT_WR);
                assert_true(help_is_closed(fd, 40000));
                close(fd);
        }
}

/* One that closed its side after a whole request still gets its answer, however long that takes. */
static void who_ends_after_a_request_gets_the_answer(void **state)
{
        const int fd = help_connect(help.port);

        (void)state;
        help.delay_ms = 3500;
        help_write(fd, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
        shutdown(fd, SHUT_WR);
        help_expect(help_read(fd), "GET|/x|");
        close(fd);
}

static void slow_clients_do_not_hold_up_others(void **state)
{
        int slow[200];
        int64_t begun;

        (void)state;
        for (int i = 0; i < 200; i++) {
                slow[i] = help_connect(help.port);
                help_write(slow[i], "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\na");
        }
        begun = clock_mono_ms();
        for (int i = 0; i < 20; i++)
                help_expect(help_exchange(help.port, "GET /y HTTP/1.1\r\nHost: a\r\n\r\n"), "|/y|");
        assert_true(clock_mono_ms() - begun < 30000); /* who is held up waits for the time-out of the slow, two minutes */
        help_write(slow[7], "bcdefghij");
        help_expect(help_read(slow[7]), "|abcdefghij|");
        for (int i = 0; i < 200; i++)
                close(slow[i]);
}

static void expect_100_continue(void **state)
{
        const int fd = help_connect(help.port);
        char text[26] = "";

        (void)state;
        help_write(fd, "POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
        assert_int_equal(recv(fd, text, 25, MSG_WAITALL), 25);
        assert_string_equal(text, "HTTP/1.1 100 Continue\r\n\r\n");
        help_write(fd, "ok");
        help_expect(help_read(fd), "POST|/e||ok|");
        close(fd);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(malformed_requests_get_their_status, start, stop),
                cmocka_unit_test_setup_teardown(large_requests_get_their_status, start, stop),
                cmocka_unit_test_setup_teardown(both_ways_to_answer, start, stop),
                cmocka_unit_test_setup_teardown(replies_have_status_headers_and_kind, start, stop),
                cmocka_unit_test_setup_teardown(a_connection_is_kept_and_requests_may_be_pipelined, start, stop),
                cmocka_unit_test_setup_teardown(who_hangs_up_early_harms_nobody, start, stop),
                cmocka_unit_test_setup_teardown(who_ends_in_the_middle_of_a_request_is_let_go, start, stop),
                cmocka_unit_test_setup_teardown(who_ends_after_a_request_gets_the_answer, start, stop),
                cmocka_unit_test_setup_teardown(slow_clients_do_not_hold_up_others, start, stop),
                cmocka_unit_test_setup_teardown(expect_100_continue, start, stop),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
