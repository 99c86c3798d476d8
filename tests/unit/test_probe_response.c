/* HTTP responses of strangers: broken, endless, twice said; cut anywhere they are read alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "probe/response.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK_HEAD "Transfer-Encoding: chunked\r\n\r\n"

static const struct {
        const char *in;
        enum response_state state; /* after the peer has closed */
        uint32_t status;
        const char *body, *location;
} cases[] = {
        /* no HTTP */
        {"", RESPONSE_BROKEN, 0, "", ""},
        {"\r\n", RESPONSE_BROKEN, 0, "", ""},
        {"SSH-2.0-OpenSSH_9.2\r\n", RESPONSE_BROKEN, 0, "", ""},
        {"HTTP/1.1 200", RESPONSE_BROKEN, 0, "", ""}, /* the line does not end */
        {"HTTP/0.9 200 OK\r\n\r\nx", RESPONSE_BROKEN, 0, "", ""},
        {"HTTP/2 200 OK\r\n\r\nx", RESPONSE_BROKEN, 0, "", ""},
        {"HTTP/1.x 200 OK\r\n\r\nx", RESPONSE_BROKEN, 0, "", ""},
        {"HTTP/1.2 200 OK\r\n\r\nx", RESPONSE_BROKEN, 0, "", ""},
        {"HTTP/1.1  200 OK\r\n\r\nx", RESPONSE_BROKEN, 0, "", ""},
        {"HTTP/1.1 099 OK\r\n\r\nx", RESPONSE_BROKEN, 0, "", ""},
        {"HTTP/1.1 20 OK\r\n\r\nx", RESPONSE_BROKEN, 0, "", ""},
        {"HTTP/1.1 2000 OK\r\n\r\nx", RESPONSE_BROKEN, 0, "", ""},
        {"HTTP/1.1 200OK\r\n\r\nx", RESPONSE_BROKEN, 0, "", ""},
        {"http/1.1 200 OK\r\n\r\nx", RESPONSE_BROKEN, 0, "", ""},
        /* fields */
        {OK_HEAD "no colon\r\n\r\nx", RESPONSE_BROKEN, 200, "", ""},
        {OK_HEAD ": no name\r\n\r\nx", RESPONSE_BROKEN, 200, "", ""},
        {OK_HEAD "A : b\r\n\r\nx", RESPONSE_BROKEN, 200, "", ""},
        {OK_HEAD "A: b\rC: d\r\n\r\nx", RESPONSE_BROKEN, 200, "", ""},
        {OK_HEAD "A: b\r\r\n\r\nx", RESPONSE_BROKEN, 200, "", ""},
        {OK_HEAD "A: b", RESPONSE_BROKEN, 200, "", ""},
        {OK_HEAD "A: b\r\n", RESPONSE_BROKEN, 200, "", ""},
        {"HTTP/1.1 101 Switching Protocols\r\n\r\n", RESPONSE_BROKEN, 101, "", ""},
        /* lengths */
        {OK_HEAD "Content-Length: -1\r\n\r\nx", RESPONSE_BROKEN, 200, "", ""},
        {OK_HEAD "Content-Length: +1\r\n\r\nx", RESPONSE_BROKEN, 200, "", ""},
        {OK_HEAD "Content-Length: 1, 1\r\n\r\nx", RESPONSE_BROKEN, 200, "", ""},
        {OK_HEAD "Content-Length: \r\n\r\nx", RESPONSE_BROKEN, 200, "", ""},
        {OK_HEAD "Content-Length: 99999999999999999999\r\n\r\nx", RESPONSE_BROKEN, 200, "", ""},
        {OK_HEAD "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxy", RESPONSE_BROKEN, 200, "", ""},
        {OK_HEAD "Content-Length: 3\r\n\r\nxy", RESPONSE_BROKEN, 200, "xy", ""},
        {OK_HEAD "Content-Length: 2\r\nContent-Length: 2\r\n\r\nxy", RESPONSE_WHOLE, 200, "xy", ""},
        {OK_HEAD "content-LENGTH:2\t\r\n\r\nxyz", RESPONSE_WHOLE, 200, "xy", ""},
        {OK_HEAD "Content-Length: 0\r\n\r\nx", RESPONSE_WHOLE, 200, "", ""},
        {OK_HEAD "\r\nxyz", RESPONSE_WHOLE, 200, "xyz", ""},
        {"HTTP/1.0 200\n\nxyz", RESPONSE_WHOLE, 200, "xyz", ""},
        {"HTTP/1.1 204 No Content\r\n\r\nxyz", RESPONSE_WHOLE, 204, "", ""},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", RESPONSE_WHOLE, 304, "", ""},
        /* chunks */
        {CHUNKED "2\r\nxy\r\n1;a=b\r\nz\r\n0\r\nT: u\r\n\r\n", RESPONSE_WHOLE, 200, "xyz", ""},
        {CHUNKED "0\r\n\r\n", RESPONSE_WHOLE, 200, "", ""},
        {CHUNKED "A\r\n0123456789\r\n0\r\n\r\n", RESPONSE_WHOLE, 200, "0123456789", ""},
        {CHUNKED "0\r\nno colon\r\n\r\n", RESPONSE_BROKEN, 200, "", ""},
        {CHUNKED "0\r\nLocation: /a\r\n\r\n", RESPONSE_BROKEN, 200, "", ""},
        {CHUNKED "2\r\nxy\r\n0\r\n", RESPONSE_BROKEN, 200, "xy", ""},
        {CHUNKED "2\r\nxyz\r\n0\r\n\r\n", RESPONSE_BROKEN, 200, "xy", ""},
        {CHUNKED "2\r\nx", RESPONSE_BROKEN, 200, "x", ""},
        {CHUNKED "\r\nx", RESPONSE_BROKEN, 200, "", ""},
        {CHUNKED "zz\r\nx", RESPONSE_BROKEN, 200, "", ""},
        {CHUNKED "-1\r\nx", RESPONSE_BROKEN, 200, "", ""},
        {CHUNKED "0x1\r\nx", RESPONSE_BROKEN, 200, "", ""},
        {CHUNKED "1111111111111111\r\nx", RESPONSE_BROKEN, 200, "", ""},
        {OK_HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n", RESPONSE_BROKEN, 200, "", ""},
        {OK_HEAD "Transfer-Encoding: identity\r\n\r\nx", RESPONSE_BROKEN, 200, "", ""},
        {OK_HEAD "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", RESPONSE_BROKEN, 200, "", ""},
        {OK_HEAD "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxy\r\n0\r\n\r\n", RESPONSE_WHOLE, 200, "xy", ""},
        /* what comes before */
        {"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\nLocation: /a\r\n\r\n" OK_HEAD "Content-Length: 1\r\n\r\nx", RESPONSE_WHOLE, 200, "x", ""},
        {"HTTP/1.1 103 Early Hints\r\n\r\n", RESPONSE_BROKEN, 0, "", ""},
        /* redirects */
        {"HTTP/1.1 302 Found\r\nLOCATION:  http://b.test/x \r\nContent-Length: 0\r\n\r\n", RESPONSE_WHOLE, 302, "", "http://b.test/x"},
        {"HTTP/1.1 302 Found\r\nLocation: /a\r\n folded\r\nContent-Length: 0\r\n\r\n", RESPONSE_BROKEN, 302, "", "/a"},
        {"HTTP/1.1 302 Found\r\n folded\r\nContent-Length: 0\r\n\r\n", RESPONSE_BROKEN, 302, "", ""},
        {"HTTP/1.1 302 Found\r\nA: b\r\n\tfolded\r\nContent-Length: 0\r\n\r\n", RESPONSE_WHOLE, 302, "", ""},
};
#define CASES (sizeof(cases) / sizeof(*cases))

static void check(size_t i, struct response *response, size_t cut)
{
        response_end(response);
        if (response->state != cases[i].state || response->status != cases[i].status ||
            !str_equals(buf_str(&response->body), cases[i].body) || strcmp(response->location, cases[i].location) != 0)
                fail_msg("case %zu cut at %zu: state %d status %u body \"%.*s\" location \"%s\"", i, cut, (int)response->state,
                         response->status, (int)response->body.n, (const char *)response->body.p, response->location);
        response_done(response);
}

static void test_cases_cut_anywhere(void **state)
{
        (void)state;
        for (size_t i = 0; i < CASES; i++) {
                const size_t n = strlen(cases[i].in);

                for (size_t cut = 0; cut <= n; cut++) {
                        struct response response;

                        response_init(&response);
                        (void)response_take(&response, bytes_of(cases[i].in, cut));
                        (void)response_take(&response, bytes_of(cases[i].in + cut, n - cut));
                        check(i, &response, cut);
                }
                struct response response;

                response_init(&response);
                for (size_t at = 0; at < n; at++)
                        (void)response_take(&response, bytes_of(cases[i].in + at, 1));
                check(i, &response, n + 1);
        }
}

/* What is given again and again comes to an end. */
static enum response_state flood(const char *first, const char *again, size_t *ret_bytes)
{
        struct response response;
        size_t bytes = strlen(first);

        response_init(&response);
        enum response_state state = response_take(&response, bytes_of(first, strlen(first)));

        for (; state == RESPONSE_MORE && bytes < 64 << 20; bytes += strlen(again))
                state = response_take(&response, bytes_of(again, strlen(again)));
        *ret_bytes = bytes;
        assert_true(response.body.n <= LIMIT_PROBE_BODY);
        response_done(&response);
        return state;
}

static void test_limits(void **state)
{
        size_t bytes = 0;
        (void)state;

        assert_int_equal(flood(OK_HEAD, "A: b\r\n", &bytes), RESPONSE_BROKEN);
        assert_true(bytes > LIMIT_PROBE_HEADERS - 100 && bytes < LIMIT_PROBE_HEADERS + 100);
        assert_int_equal(flood(OK_HEAD "A: ", "aaaaaaaaaaaaaaaa", &bytes), RESPONSE_BROKEN);
        assert_true(bytes < LIMIT_PROBE_HEADERS + 100);
        assert_int_equal(flood("", "HTTP/1.1 100 Continue\r\n\r\n", &bytes), RESPONSE_BROKEN);
        assert_true(bytes < LIMIT_PROBE_HEADERS + 100);
        assert_int_equal(flood(CHUNKED "0\r\n", "A: b\r\n", &bytes), RESPONSE_BROKEN);
        assert_true(bytes < LIMIT_PROBE_HEADERS + 100);
        assert_int_equal(flood(OK_HEAD "\r\n", "aaaaaaaaaaaaaaaa", &bytes), RESPONSE_TOO_LARGE);
        assert_int_equal(flood(CHUNKED, "1\r\na\r\n", &bytes), RESPONSE_TOO_LARGE);
        assert_int_equal(flood(CHUNKED, "1;", &bytes), RESPONSE_BROKEN);
        assert_true(bytes < 200);
        assert_int_equal(flood(CHUNKED "FFFFFFF\r\n", "aaaaaaaaaaaaaaaa", &bytes), RESPONSE_TOO_LARGE);
}

static void test_nul(void **state)
{
        static const char in[] = OK_HEAD "Location: /a\0b\r\nContent-Length: 0\r\n\r\n";
        struct response response;
        (void)state;

        response_init(&response);
        assert_int_equal(response_take(&response, bytes_of(in, sizeof(in) - 1)), RESPONSE_BROKEN);
        response_done(&response);
}

static void test_absurd_location(void **state)
{
        struct response response;
        char *text = malloc(RESPONSE_LOCATION + 100);
        (void)state;

        for (int over = 0; over < 2; over++) {
                const int n = snprintf(text, RESPONSE_LOCATION + 100, "HTTP/1.1 302 F\r\nLocation: /%0*d\r\n", RESPONSE_LOCATION - 1 + over, 0);

                response_init(&response);
                assert_int_equal(response_take(&response, bytes_of(text, (size_t)n)), RESPONSE_MORE);
                assert_int_equal(strlen(response.location), over ? 0 : RESPONSE_LOCATION);
                response_done(&response);
        }
        free(text);
}

/* A body is kept as it came, and that it is coded is noted: nothing is ever taken apart. */
static void test_coded(void **state)
{
        static const struct {
                const char *fields;
                bool encoded;
        } cases[] = {{"", false}, {"Content-Encoding:\r\n", false}, {"Content-Encoding: gzip\r\n", true}, {"content-encoding: X\r\n", true}};

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                struct response response;
                char text[200];
                const int n = snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\n%sContent-Length: 3\r\n\r\n\x1f\x8b\x08", cases[i].fields);

                response_init(&response);
                assert_int_equal(response_take(&response, bytes_of(text, (size_t)n)), RESPONSE_WHOLE);
                assert_int_equal(response.encoded, cases[i].encoded);
                assert_memory_equal(response.body.p, "\x1f\x8b\x08", 3);
                response_done(&response);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_cases_cut_anywhere),
                cmocka_unit_test(test_limits),
                cmocka_unit_test(test_nul),
                cmocka_unit_test(test_absurd_location),
                cmocka_unit_test(test_coded),
        };
        return cmocka_run_group_tests_name("probe/response", tests, NULL, NULL);
}
