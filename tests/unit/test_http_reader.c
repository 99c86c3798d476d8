/*
 * The wire, read strictly: a table of what two readers could understand differently (RFC 9112 §11.2), and that the verdict is
 * the same however the bytes are cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "http/call.h"
#include "http/reader.h"

enum { ROOM = 200 };

/* The verdict on what begins with a request: of the head, the checks, and a chunked body if there is one. */
struct verdict {
        int status; /* HTTP_READ_MORE, HTTP_READ_OK, or a refusal */
        size_t used;
        char body[100];
        size_t body_n;
};

static int judge_chunks(struct str text, size_t step, struct verdict *verdict)
{
        struct http_chunks chunks = {0};
        size_t have = 0;

        for (;;) {
                const size_t n = text.n - have < step ? text.n - have : step;
                struct str in = {text.p + have, n}, part;
                int r;

                while ((r = http_chunks_next(&chunks, &in, &part)) == HTTP_READ_OK && chunks.state != HTTP_CHUNK_ENDED) {
                        assert_true(part.n > 0 && verdict->body_n + part.n <= sizeof(verdict->body));
                        memcpy(verdict->body + verdict->body_n, part.p, part.n);
                        verdict->body_n += part.n;
                }
                have += n - in.n;
                if (r != HTTP_READ_MORE || have == text.n) {
                        verdict->used += have;
                        return r;
                }
        }
}

/* Given in pieces of `step` bytes; each look sees all that has come. */
static struct verdict judge(struct str text, size_t step)
{
        struct http_call *call = http_call_new();
        struct http_head_scan scan = {0};
        struct verdict verdict = {.status = HTTP_READ_MORE};

        for (size_t n = 0; n < text.n && verdict.status == HTTP_READ_MORE;) {
                n = text.n - n < step ? text.n : n + step;
                verdict.status = http_head_find(&scan, (struct str){text.p, n}, ROOM, &verdict.used);
        }
        if (verdict.status == HTTP_READ_OK)
                verdict.status = http_call_set_head(call, (struct str){text.p, verdict.used});
        if (verdict.status == HTTP_READ_OK && http_call_is_chunked(call))
                verdict.status = judge_chunks((struct str){text.p + verdict.used, text.n - verdict.used}, step, &verdict);
        http_call_free(call);
        return verdict;
}

#define H "Host: a\r\n"
#define POST_TE "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
#define CHUNKED POST_TE "\r\n"

static const struct {
        struct str text;
        int status;
        const char *body; /* of a chunked one that was read whole */
} cases[] = {
        /* the request line */
        {STR("GET /\r\n\r\n"), 400, NULL},
        {STR("GET  / HTTP/1.1\r\n" H "\r\n"), 400, NULL},
        {STR("GET / HTTP/1.1 \r\n" H "\r\n"), 400, NULL},
        {STR(" GET / HTTP/1.1\r\n" H "\r\n"), 400, NULL},
        {STR("GET\t/ HTTP/1.1\r\n" H "\r\n"), 400, NULL},
        {STR("G(T / HTTP/1.1\r\n" H "\r\n"), 400, NULL},
        {STR("GET / http/1.1\r\n" H "\r\n"), 400, NULL},
        {STR("GET / HTTP/1.11\r\n" H "\r\n"), 400, NULL},
        {STR("GET / HTTP/11\r\n" H "\r\n"), 400, NULL},
        {STR("GET / HTTP/2.0\r\n" H "\r\n"), 505, NULL},
        {STR("GET / HTTP/0.9\r\n" H "\r\n"), 505, NULL},
        {STR("GET /\0 HTTP/1.1\r\n" H "\r\n"), 400, NULL},
        {STR("\r\n\r\n"), 400, NULL},
        {STR("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505, NULL},
        /* ends of lines */
        {STR("GET / HTTP/1.1\n" H "\r\n"), 400, NULL},
        {STR("GET / HTTP/1.1\r\nHost: a\n\r\n"), 400, NULL},
        {STR("GET / HTTP/1.1\r\n" H "\n"), 400, NULL},
        {STR("\n"), 400, NULL},
        {STR("GET / HTTP/1.1\r\r\n" H "\r\n"), 400, NULL},
        {STR("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n"), 400, NULL},
        {STR("GET / HTTP/1.1\rHost: a\r\n\r\n"), 400, NULL},
        /* headers */
        {STR("GET / HTTP/1.1\r\n" H "X : b\r\n\r\n"), 400, NULL},
        {STR("GET / HTTP/1.1\r\n" H "X\t: b\r\n\r\n"), 400, NULL},
        {STR("GET / HTTP/1.1\r\n" H " X: folded\r\n\r\n"), 400, NULL},
        {STR("GET / HTTP/1.1\r\n" H "\tX: folded\r\n\r\n"), 400, NULL},
        {STR("GET / HTTP/1.1\r\n X: a\r\n" H "\r\n"), 400, NULL},
        {STR("GET / HTTP/1.1\r\n" H "nothing\r\n\r\n"), 400, NULL},
        {STR("GET / HTTP/1.1\r\n" H ": b\r\n\r\n"), 400, NULL},
        {STR("GET / HTTP/1.1\r\n" H "X\0: b\r\n\r\n"), 400, NULL},
        {STR("GET / HTTP/1.1\r\n" H "X: \0\r\n\r\n"), 400, NULL},
        {STR("GET / HTTP/1.1\r\n" H "X: a\x0b" "b\r\n\r\n"), 400, NULL},
        {STR("GET / HTTP/1.1\r\n" H "X: \x7f\r\n\r\n"), 400, NULL},
        {STR("GET / HTTP/1.1\r\n" H "X\xc3\xa9: b\r\n\r\n"), 400, NULL},
        {STR("GET / HTTP/1.1\r\n" H H "\r\n"), 400, NULL},
        {STR("GET / HTTP/1.1\r\n\r\n"), 400, NULL},
        /* two lengths, or one that can be read in two ways */
        {STR("POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 2\r\n\r\n"), 400, NULL},
        {STR("POST / HTTP/1.1\r\n" H "Content-Length: 1\r\ncontent-length: 1\r\n\r\n"), 400, NULL},
        {STR("POST / HTTP/1.1\r\n" H "Content-Length: 1, 1\r\n\r\n"), 400, NULL},
        {STR("POST / HTTP/1.1\r\n" H "Content-Length: 0x1\r\n\r\n"), 400, NULL},
        {STR("POST / HTTP/1.1\r\n" H "Content-Length: 1 1\r\n\r\n"), 400, NULL},
        {STR(POST_TE "Content-Length: 3\r\n\r\n0\r\n\r\n"), 400, NULL},
        {STR(POST_TE "Transfer-Encoding: chunked\r\n\r\n"), 400, NULL},
        {STR("POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400, NULL},
        {STR("POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n"), 501, NULL},
        {STR("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, identity\r\n\r\n"), 501, NULL},
        {STR("POST / HTTP/1.1\r\n" H "Transfer-Encoding: \x0b" "chunked\r\n\r\n"), 400, NULL},
        {STR("POST / HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n"), 400, NULL},
        {STR("POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n chunked\r\n\r\n"), 400, NULL},
        /* chunks */
        {STR(CHUNKED "x\r\n"), 400, NULL},
        {STR(CHUNKED "\r\n"), 400, NULL},
        {STR(CHUNKED "-1\r\n"), 400, NULL},
        {STR(CHUNKED "+1\r\n"), 400, NULL},
        {STR(CHUNKED "0x1\r\n"), 400, NULL},
        {STR(CHUNKED " 1\r\n"), 400, NULL},
        {STR(CHUNKED "1 \r\n"), 400, NULL},
        {STR(CHUNKED "1\n"), 400, NULL},
        {STR(CHUNKED "1\rX"), 400, NULL},
        {STR(CHUNKED "123456789\r\n"), 400, NULL},
        {STR(CHUNKED "000000001\r\n"), 400, NULL},
        {STR(CHUNKED "1;a\nb\r\n"), 400, NULL},
        {STR(CHUNKED "1;a\0\r\n"), 400, NULL},
        {STR(CHUNKED ";a\r\n"), 400, NULL},
        {STR(CHUNKED "1\r\nab\r\n0\r\n\r\n"), 400, NULL},
        {STR(CHUNKED "2\r\na\r\n0\r\n\r\n"), 400, NULL},
        {STR(CHUNKED "1\r\na\n0\r\n\r\n"), 400, NULL},
        {STR(CHUNKED "1\r\na0\r\n\r\n"), 400, NULL},
        {STR(CHUNKED "0\r\n\n"), 400, NULL},
        {STR(CHUNKED "0\r\nno trailer\r\n\r\n"), 400, NULL},
        {STR(CHUNKED "0\r\n X: a\r\n\r\n"), 400, NULL},
        {STR(CHUNKED "0\r\nX : a\r\n\r\n"), 400, NULL},
        {STR(CHUNKED "0\r\nX: a\n\r\n"), 400, NULL},
        {STR(CHUNKED "0\r\n: a\r\n\r\n"), 400, NULL},
        /* not whole */
        {STR("GET / HTTP/1.1\r\n" H), HTTP_READ_MORE, NULL},
        {STR("GET / HTTP/1.1\r\n" H "\r"), HTTP_READ_MORE, NULL},
        {STR("\r\nGET / HTTP/1.1\r\n" H "\r"), HTTP_READ_MORE, NULL},
        {STR(CHUNKED "3\r\nab"), HTTP_READ_MORE, NULL},
        {STR(CHUNKED "0\r\n\r"), HTTP_READ_MORE, NULL},
        /* good, to the last byte */
        {STR("GET / HTTP/1.1\r\n" H "\r\n"), 0, NULL},
        {STR("\r\nGET / HTTP/1.1\r\n" H "\r\n"), 0, NULL},
        {STR("GET / HTTP/1.0\r\n\r\n"), 0, NULL},
        {STR("GET / HTTP/1.7\r\n" H "\r\n"), 0, NULL},
        {STR("!#$%&'*+-.^_`|~aZ09 / HTTP/1.1\r\n" H "\r\n"), 0, NULL},
        {STR("GET / HTTP/1.1\r\n" H "X:\r\nY:a\r\nZ: \t a b\t\xe4 \r\n\r\n"), 0, NULL},
        {STR(CHUNKED "0\r\n\r\n"), 0, ""},
        {STR(CHUNKED "1\r\na\r\nA;x=\"y;\"\r\n0123456789\r\n00\r\nX: a\r\nY:\r\n\r\n"), 0, "a0123456789"},
};

static void verdicts_do_not_hang_on_the_cut(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                for (size_t step = 1; step <= cases[i].text.n; step++) {
                        const struct verdict verdict = judge(cases[i].text, step);

                        if (verdict.status != cases[i].status)
                                fail_msg("'%s' in pieces of %zu: %d", cases[i].text.p, step, verdict.status);
                        if (verdict.status == 0)
                                assert_int_equal(verdict.used, cases[i].text.n);
                        if (cases[i].body)
                                assert_true(str_equals((struct str){verdict.body, verdict.body_n}, cases[i].body));
                }
        }
}

/* What follows a request is not touched. */
static void what_follows_is_left(void **state)
{
        static const struct {
                struct str text;
                size_t used;
        } followed[] = {
                {STR("GET /1 HTTP/1.1\r\n" H "\r\nGET /2"), 28},
                {STR(CHUNKED "1\r\na\r\n0\r\n\r\nGET /2"), sizeof(CHUNKED) - 1 + 11},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(followed) / sizeof(*followed); i++)
                for (size_t step = 1; step <= followed[i].text.n; step++)
                        assert_int_equal(judge(followed[i].text, step).used, followed[i].used);
}

/* A first line, and headers, of this many bytes in all. */
static struct str head_of(char *text, size_t line, size_t all)
{
        memset(text, 'a', all);
        memcpy(text, "GET /", 5);
        memcpy(text + line - 11, " HTTP/1.1\r\n", 11);
        memcpy(text + line, "Host: ", 6);
        memcpy(text + all - 4, "\r\n\r\n", 4);
        return (struct str){text, all};
}

static void what_does_not_fit_is_refused_by_its_part(void **state)
{
        static const struct {
                size_t line, all;
                int status;
        } sizes[] = {{50, ROOM, 0}, {ROOM - 20, ROOM, 0}, {50, ROOM + 1, 431}, {50, 3 * ROOM, 431}, {ROOM, ROOM + 20, 431},
                     {ROOM + 1, ROOM + 20, 414}, {2 * ROOM, 3 * ROOM, 414}};
        char text[3 * ROOM];

        (void)state;
        for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
                const struct str head = head_of(text, sizes[i].line, sizes[i].all);

                for (size_t step = 1; step <= head.n; step++)
                        if (judge(head, step).status != sizes[i].status)
                                fail_msg("%zu of %zu in pieces of %zu: %d", sizes[i].line, sizes[i].all, step, judge(head, step).status);
        }
}

static void headers_and_extensions_have_a_limit(void **state)
{
        enum { FIELD = 4 };
        struct http_call *call = http_call_new();
        CLEAN(buf_done) struct buf head = {.ceiling = 100000}, chunk = {.ceiling = 100000};
        struct verdict verdict = {0};

        (void)state;
        buf_add_text(&head, "GET / HTTP/1.1\r\nHost: a\r\n");
        for (int i = 0; i < LIMIT_HTTP_HEADERS - 1; i++)
                buf_add_text(&head, "a:\r\n");
        buf_add_text(&head, "\r\n");
        assert_int_equal(http_call_set_head(call, buf_str(&head)), 0);
        http_call_free(call);
        call = http_call_new();
        head.n -= 2;
        buf_add_text(&head, "a:\r\n\r\n");
        assert_int_equal(http_call_set_head(call, buf_str(&head)), 431);
        http_call_free(call);
        buf_add_text(&chunk, "1;");
        memset(buf_grow(&chunk, LIMIT_HTTP_CHUNK_EXTRA), 'x', LIMIT_HTTP_CHUNK_EXTRA);
        assert_int_equal(judge_chunks(buf_str(&chunk), 7, &verdict), HTTP_READ_MORE);
        buf_add_byte(&chunk, 'x');
        assert_int_equal(judge_chunks(buf_str(&chunk), 7, &verdict), 400);
}

static void connections_are_kept_as_both_sides_agree(void **state)
{
        static const struct {
                const char *head;
                bool keeps;
        } heads[] = {
                {"GET / HTTP/1.1\r\n" H "\r\n", true},
                {"GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n", false},
                {"GET / HTTP/1.1\r\n" H "Connection: TE ,CLOSE\r\n\r\n", false},
                {"GET / HTTP/1.1\r\n" H "Connection: te\r\nConnection: close\r\n\r\n", false},
                {"GET / HTTP/1.1\r\n" H "Connection: closed\r\n\r\n", true},
                {"GET / HTTP/1.0\r\n\r\n", false},
                {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
                {"GET / HTTP/1.0\r\nConnection: Keep-Alive, close\r\n\r\n", false},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
                struct http_call *call = http_call_new();

                assert_int_equal(http_call_set_head(call, str_of(heads[i].head)), 0);
                if (http_call_keeps(call) != heads[i].keeps)
                        fail_msg("%s", heads[i].head);
                http_call_free(call);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(verdicts_do_not_hang_on_the_cut),
                cmocka_unit_test(what_follows_is_left),
                cmocka_unit_test(what_does_not_fit_is_refused_by_its_part),
                cmocka_unit_test(headers_and_extensions_have_a_limit),
                cmocka_unit_test(connections_are_kept_as_both_sides_agree),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
