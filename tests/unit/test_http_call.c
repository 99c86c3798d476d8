/* Putting a request together without a socket: what is refused with which status, and where the limits bite. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "http/reply.h"

/* "Name: value\n" lines. */
static struct http_call *call_with(const char *uri, const char *headers)
{
        struct http_call *call = http_call_new();
        struct str rest = str_of(headers);

        call->needs_host = true;
        http_call_set_target(call, str_of(uri));
        while (rest.n > 0) {
                struct str value = str_cut(&rest, '\n');
                const struct str name = str_cut(&value, ':');

                http_call_add_header(call, name, str_trim(value));
        }
        return call;
}

static void statuses(void **state)
{
        static const struct {
                const char *uri, *headers;
                int status;
        } cases[] = {
                {"", "Host: a\n", 400},
                {"nothing", "Host: a\n", 400},
                {"/a b", "Host: a\n", 400},
                {"/a?x=\x01", "Host: a\n", 400},
                {"/a\x7f", "Host: a\n", 400},
                {"/", "", 400},
                {"/", "Host: a\nHost: a\n", 400},
                {"/", "Host: a\nhOST: b\n", 400},
                {"/", "Host: a\nContent-Length: 1\nContent-Length: 1\n", 400},
                {"/", "Host: a\nContent-Length: 1\nTransfer-Encoding: chunked\n", 400},
                {"/", "Host: a\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked\n", 400},
                {"/", "Host: a\nTransfer-Encoding: identity\n", 501},
                {"/", "Host: a\nTransfer-Encoding: gzip, chunked\n", 501},
                {"/", "Host: a\nContent-Length: -1\n", 400},
                {"/", "Host: a\nContent-Length: +1\n", 400},
                {"/", "Host: a\nContent-Length: 1,1\n", 400},
                {"/", "Host: a\nContent-Length: \n", 400},
                {"/", "Host: a\nContent-Length: 99999999999999999999\n", 400},
                {"/", "Host: a\nContent-Length: 16777217\n", 413},
                {"/", "Host: a\nContent-Length: 262145\nExpect: 100-continue\n", 413},
                {"/", "Host: a\nContent-Length : 5\n", 400},
                {"/", "Host: a\n: empty name\n", 400},
                {"/", "Host: a\nX(y): z\n", 400},
                {"/", "Host: a\nContent-Length: 262144\nExpect: 100-continue\n", 0},
                {"/", "Host: a\nContent-Length: 16777216\n", 0}, /* read, and thrown away */
                {"/", "Host: a\nTransfer-Encoding: Chunked\n", 0},
                {"*", "Host: a\n", 0},
                {"http://a/x", "Host: a\n", 0},
                {"/x%20y?a=b%00", "Host: http://127.0.0.1:18080\n", 0}, /* api.md §10.2 */
                {"/\xE4\xBE\x8B", "Host: a\nX-Tc-Action: b\n", 0},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct http_call *call = call_with(cases[i].uri, cases[i].headers);

                if (http_call_check(call) != cases[i].status)
                        fail_msg("%s %s: %d", cases[i].uri, cases[i].headers, http_call_check(call));
                http_call_free(call);
        }
        http_call_free(NULL);
}

static void http_1_0_needs_no_host(void **state)
{
        struct http_call *call = call_with("/ocsp", "");

        (void)state;
        assert_int_equal(http_call_check(call), 400);
        call->needs_host = false;
        assert_int_equal(http_call_check(call), 0);
        http_call_free(call);
}

static void an_address_may_have_32_kib(void **state)
{
        char *uri = malloc(LIMIT_HTTP_URI + 3);
        struct http_call *call;

        (void)state;
        memset(uri, 'a', LIMIT_HTTP_URI + 2);
        uri[0] = '/';
        uri[1] = '?'; /* not counted */
        uri[LIMIT_HTTP_URI + 1] = '\0';
        call = call_with(uri, "Host: a\n");
        assert_int_equal(http_call_check(call), 0);
        http_call_free(call);
        uri[LIMIT_HTTP_URI + 1] = 'a';
        uri[LIMIT_HTTP_URI + 2] = '\0';
        call = call_with(uri, "Host: a\n");
        assert_int_equal(http_call_check(call), 414);
        http_call_free(call);
        free(uri);
}

static void the_query_is_raw(void **state)
{
        static const struct {
                const char *uri, *path, *query;
        } cases[] = {
                {"/a?b=c%20d+e&f?g", "/a", "b=c%20d+e&f?g"},
                {"/a?", "/a", ""},
                {"/a", "/a", ""},
                {"/%3F?%2e", "/%3F", "%2e"},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct http_call *call = call_with(cases[i].uri, "Host: a\n");

                assert_true(str_equals(call->request.path, cases[i].path));
                assert_true(str_equals(call->request.query, cases[i].query));
                http_call_free(call);
        }
}

static void many_headers_are_kept_in_order(void **state)
{
        static char names[500][8];
        struct http_call *call = http_call_new();

        (void)state;
        for (int i = 0; i < 500; i++) {
                snprintf(names[i], sizeof(names[i]), "X-%d", i);
                http_call_add_header(call, str_of(names[i]), str_of(names[i]));
        }
        assert_int_equal(call->request.header_count, 500);
        for (int i = 0; i < 500; i++)
                assert_true(str_equals(call->request.headers[i].name, names[i]));
        assert_true(str_equals(http_header(&call->request, "x-499"), "X-499"));
        assert_null(http_header(&call->request, "X-500").p);
        http_call_free(call);
}

static void a_body_over_its_limit_is_thrown_away_then_hung_up_on(void **state)
{
        static char part[LIMIT_HTTP_BODY / 4];
        struct http_call *call = call_with("/", "Host: a\nTransfer-Encoding: chunked\n");

        (void)state;
        for (int i = 0; i < 4; i++)
                assert_true(http_call_add_body(call, part, sizeof(part)));
        assert_int_equal(http_call_finish_body(call), 0);
        assert_int_equal(call->request.body.n, LIMIT_HTTP_BODY);
        for (size_t i = 4; i < LIMIT_HTTP_DRAIN / sizeof(part); i++)
                assert_true(http_call_add_body(call, part, sizeof(part)));
        assert_int_equal(http_call_finish_body(call), 413);
        assert_int_equal(call->body.n, LIMIT_HTTP_BODY);
        assert_false(http_call_add_body(call, part, 1));
        http_call_free(call);
}

static void broken_replies_become_500(void **state)
{
        struct http_call *call = call_with("/", "Host: a\n");

        (void)state;
        http_call_mend_reply(call);
        assert_int_equal(call->reply.status, 200);
        call->reply.status = 99;
        http_call_mend_reply(call);
        assert_int_equal(call->reply.status, 500);
        call->reply.status = 200;
        assert_non_null(buf_grow(&call->reply.body, LIMIT_REPLY_BYTES));
        buf_add_byte(&call->reply.body, 'x');
        http_call_mend_reply(call);
        assert_int_equal(call->reply.status, 500);
        assert_true(call->reply.body.n < 100);
        assert_true(call->close);
        http_call_free(call);
}

/* The memory of a call is used for the next: nothing of the one is seen in the other. */
static void a_renewed_call_is_new(void **state)
{
        static const size_t sizes[] = {0, 100, 4000, 100000};
        struct http_call *call = http_call_new();

        (void)state;
        for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
                const struct http_call empty = {0};

                memset(arena_alloc(call->request.arena, 5000), 's', 5000);
                http_call_add_header(call, STR("Host"), STR("a"));
                for (size_t n = 0; n < sizes[i]; n++) {
                        buf_add_byte(&call->body, 's');
                        buf_add_byte(&call->reply.body, 's');
                }
                http_call_refuse(call, 400); /* a long body becomes a short one */
                call->reply.fields = STR("X: y\r\n");
                call = http_call_renew(call);
                assert_memory_equal(call->request.request_id, empty.request.request_id, sizeof(empty.request.request_id));
                assert_memory_equal(&call->job, &empty.job, sizeof(empty.job));
                assert_int_equal(call->request.header_count, 0);
                assert_null(call->reply.fields.p);
                assert_int_equal(call->reply.status, 0);
                assert_false(call->close);
                assert_int_equal(call->body.n, 0);
                assert_int_equal(call->reply.body.n, 0);
                assert_int_equal(call->body.ceiling, LIMIT_HTTP_BODY);
                assert_int_equal(call->reply.body.ceiling, LIMIT_REPLY_BYTES);
                assert_true(call->body.capacity <= 4096 && call->reply.body.capacity <= 4096);
                for (size_t n = 0; n < call->reply.body.capacity; n++)
                        assert_int_equal(call->reply.body.p[n], 0);
                for (size_t n = 0; n < call->body.capacity; n++)
                        assert_int_equal(call->body.p[n], 0);
                http_call_begin(call, 7);
                assert_int_equal(strlen(call->request.request_id), 36);
                assert_int_equal(call->request.started_ms, 7);
        }
        http_call_free(call);
}

static void prepared_lines_stand_instead_of_headers(void **state)
{
        const struct tc3_header other = {STR("X-Other"), STR("z")};
        struct http_call *call = call_with("/", "Host: a\n");
        struct buf head;

        (void)state;
        buf_init(&head, 4096);
        call->reply.status = 200;
        call->reply.content_type = "text/x";
        call->reply.headers = &other;
        call->reply.header_count = 1;
        buf_add_text(&call->reply.body, "hello");
        http_reply_head(call, STR("Date: now\r\n"), HTTP_KEEPS, &head);
        assert_string_equal(buf_c(&head), "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Type: text/x\r\nX-Other: z\r\nContent-Length: 5\r\n\r\n");
        call->reply.fields = STR("Content-Type: a/b\r\nETag: c\r\n");
        call->reply.status = 304;
        http_reply_head(call, STR("Date: now\r\n"), HTTP_CLOSES, &head);
        assert_string_equal(buf_c(&head), "HTTP/1.1 304 Not Modified\r\nDate: now\r\nConnection: close\r\nContent-Type: a/b\r\nETag: c\r\n\r\n");
        buf_done(&head);
        http_call_free(call);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(statuses),
                cmocka_unit_test(http_1_0_needs_no_host),
                cmocka_unit_test(an_address_may_have_32_kib),
                cmocka_unit_test(the_query_is_raw),
                cmocka_unit_test(many_headers_are_kept_in_order),
                cmocka_unit_test(a_body_over_its_limit_is_thrown_away_then_hung_up_on),
                cmocka_unit_test(broken_replies_become_500),
                cmocka_unit_test(a_renewed_call_is_new),
                cmocka_unit_test(prepared_lines_stand_instead_of_headers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
