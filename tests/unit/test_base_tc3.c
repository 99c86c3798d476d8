/*
 * TC3 signatures: requests captured from real clients verify, and the same requests with one thing changed do not.
 * The credentials are invented; tests/vectors/api/requests has the requests byte by byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/hex.h"
#include "base/tc3.h"

#define SECRET "SKexampleTESTvector000000000001"

struct capture {
        struct arena *arena;
        struct tc3_header headers[32];
        struct tc3_request request;
        struct str authorization;
};

static struct str capture_header(const struct capture *capture, const char *name)
{
        for (size_t i = 0; i < capture->request.header_count; i++)
                if (str_equal_nocase(capture->headers[i].name, str_of(name)))
                        return capture->headers[i].value;
        return (struct str){0};
}

static void capture_parse(struct capture *capture, char *text, size_t n)
{
        char *end = strstr(text, "\r\n\r\n");
        struct str head, line;

        assert_non_null(end);
        capture->request.body = bytes_of(end + 4, n - (size_t)(end + 4 - text));
        head = (struct str){text, (size_t)(end - text)};
        line = str_cut(&head, '\r');
        capture->request.method = str_cut(&line, ' ');
        capture->request.query = str_cut(&line, ' ');
        capture->request.path = str_cut(&capture->request.query, '?');
        while (head.p) {
                struct str value = str_cut(&head, '\r');

                value = (struct str){value.p + 1, value.n - 1};
                capture->headers[capture->request.header_count].name = str_cut(&value, ':');
                capture->headers[capture->request.header_count++].value = str_trim(value);
        }
        capture->request.headers = capture->headers;
        capture->request.timestamp = capture_header(capture, "x-tc-timestamp");
        capture->authorization = capture_header(capture, "authorization");
}

static void capture_load(struct capture *capture, const char *name)
{
        char path[512];
        char *text;
        FILE *file;
        size_t n;

        *capture = (struct capture){.arena = arena_new(1 << 20)};
        snprintf(path, sizeof(path), TEST_SOURCE_DIR "/tests/vectors/api/requests/%s.raw", name);
        file = fopen(path, "r");
        assert_non_null(file);
        text = arena_alloc(capture->arena, 10000);
        n = fread(text, 1, 9999, file);
        fclose(file);
        capture_parse(capture, text, n);
}

static enum err capture_verify_with(const struct capture *capture, const char *secret)
{
        uint8_t key[TC3_KEY_SIZE];
        struct tc3_auth auth;
        const res parsed = tc3_parse(capture->authorization, &auth);

        if (!res_is_ok(parsed))
                return parsed.err;
        tc3_signing_key(bytes_of(secret, strlen(secret)), auth.date, auth.service, key);
        return tc3_verify(&capture->request, &auth, key).err;
}

static enum err capture_verify(const struct capture *capture)
{
        return capture_verify_with(capture, SECRET);
}

static const char *const captures[] = {
        "go-tc3-post",    "node-tc3-get",    "node-tc3-post-host",           "node-tc3-post-ip",
        "python-tc3-get", "python-tc3-post", "python-tc3-post-url-endpoint", "python-tc3-unsigned-payload",
};
enum { CAPTURES = sizeof(captures) / sizeof(captures[0]) };

/* -- the header ------------------------------------------------------------------------------- */

#define SIG "eaa80c042878605d782bdbcef9695688b9e136f6ed881af87e1e9d8b7e2172ef"

static void headers_that_are_refused(void **state)
{
        static const char *const bad[] = {
                "",
                "SKIP",
                "TC3-HMAC-SHA256",
                "Basic QWxhZGRpbg==",
                "TC3-HMAC-SHA1 Credential=A/2026-09-21/ssl/tc3_request, SignedHeaders=content-type;host, Signature=" SIG,
                "TC3-HMAC-SHA256 Credential=A/2026-09-21/ssl/tc3_request, SignedHeaders=content-type;host",
                "TC3-HMAC-SHA256 Credential=A/2026-09-21/ssl, SignedHeaders=content-type;host, Signature=" SIG,
                "TC3-HMAC-SHA256 Credential=A/2026-09-21/ssl/tc3_reques, SignedHeaders=content-type;host, Signature=" SIG,
                "TC3-HMAC-SHA256 Credential=A/2026-09-21/ssl/tc3_request/x, SignedHeaders=content-type;host, Signature=" SIG,
                "TC3-HMAC-SHA256 Credential=/2026-09-21/ssl/tc3_request, SignedHeaders=content-type;host, Signature=" SIG,
                "TC3-HMAC-SHA256 Credential=A/2026-09-21//tc3_request, SignedHeaders=content-type;host, Signature=" SIG,
                "TC3-HMAC-SHA256 Credential=A/20260921/ssl/tc3_request, SignedHeaders=content-type;host, Signature=" SIG,
                "TC3-HMAC-SHA256 Credential=A/2026-09-2x/ssl/tc3_request, SignedHeaders=content-type;host, Signature=" SIG,
                "TC3-HMAC-SHA256 Credential=A/2026-09-21/ssl/tc3_request, SignedHeaders=content-type, Signature=" SIG,
                "TC3-HMAC-SHA256 Credential=A/2026-09-21/ssl/tc3_request, SignedHeaders=host, Signature=" SIG,
                "TC3-HMAC-SHA256 Credential=A/2026-09-21/ssl/tc3_request, SignedHeaders=, Signature=" SIG,
                "TC3-HMAC-SHA256 Credential=A/2026-09-21/ssl/tc3_request, SignedHeaders=content-type;;host, Signature=" SIG,
                "TC3-HMAC-SHA256 Credential=A/2026-09-21/ssl/tc3_request, SignedHeaders=Content-Type;Host, Signature=" SIG,
                "TC3-HMAC-SHA256 Credential=A/2026-09-21/ssl/tc3_request, SignedHeaders=content-type;host, Signature=abcd",
                "TC3-HMAC-SHA256 Credential=A/2026-09-21/ssl/tc3_request, SignedHeaders=content-type;host, Signature=" SIG
                "00",
                "TC3-HMAC-SHA256 Credential=A/2026-09-21/ssl/tc3_request, SignedHeaders=content-type;host, Signature=" SIG
                ", X=1",
                "TC3-HMAC-SHA256 SignedHeaders=content-type;host, Credential=A/2026-09-21/ssl/tc3_request, Signature=" SIG,
        };
        static char big[5000];
        struct tc3_auth auth;

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_int_equal(tc3_parse(str_of(bad[i]), &auth).err, ERR_AUTH_HEADER);
        memset(big, 'A', sizeof(big) - 1);
        memcpy(big, "TC3-HMAC-SHA256 Credential=", 27);
        assert_int_equal(tc3_parse(str_of(big), &auth).err, ERR_AUTH_HEADER);
        assert_int_equal(tc3_parse((struct str){0}, &auth).err, ERR_AUTH_HEADER);
}

static void a_scope_may_hold_a_colon_and_blanks_may_be_missing(void **state)
{
        struct tc3_auth auth;

        (void)state;
        assert_int_equal(tc3_parse(STR("TC3-HMAC-SHA256 Credential=A/2026-09-21/localhost:18080/tc3_request,"
                                       "SignedHeaders=content-type;host;x-tc-action,Signature=" SIG),
                                   &auth)
                                 .err,
                         ERR_NONE);
        assert_true(str_equals(auth.service, "localhost:18080"));
        assert_true(str_equals(auth.secret_id, "A"));
        assert_true(str_equals(auth.signed_headers, "content-type;host;x-tc-action"));
        assert_int_equal(auth.signature[0], 0xea);
}

/* -- real clients ------------------------------------------------------------------------------ */

static void captured_requests_verify(void **state)
{
        (void)state;
        for (size_t i = 0; i < CAPTURES; i++) {
                struct capture capture;

                capture_load(&capture, captures[i]);
                if (capture_verify(&capture) != ERR_NONE)
                        fail_msg("%s does not verify", captures[i]);
                arena_free(capture.arena);
        }
}

static void another_secret_never_verifies(void **state)
{
        (void)state;
        for (size_t i = 0; i < CAPTURES; i++) {
                struct capture capture;

                capture_load(&capture, captures[i]);
                assert_int_equal(capture_verify_with(&capture, "SKexampleTESTvector000000000002"), ERR_AUTH_SIGNATURE);
                arena_free(capture.arena);
        }
}

static void set_header(struct capture *capture, const char *name, const char *value)
{
        for (size_t i = 0; i < capture->request.header_count; i++)
                if (str_equal_nocase(capture->headers[i].name, str_of(name)))
                        capture->headers[i].value = str_of(value);
}

static void one_changed_byte_never_verifies(void **state)
{
        (void)state;
        for (size_t i = 0; i < CAPTURES; i++) {
                const bool is_get = strstr(captures[i], "get");
                struct capture capture;

                capture_load(&capture, captures[i]);
                if (is_get)
                        capture.request.query.n--;
                else
                        capture.request.body.n--;
                /* X-TC-Content-SHA256: UNSIGNED-PAYLOAD means what it says */
                assert_int_equal(capture_verify(&capture),
                                 strstr(captures[i], "unsigned") ? ERR_NONE : ERR_AUTH_SIGNATURE);
                arena_free(capture.arena);
                capture_load(&capture, captures[i]);
                set_header(&capture, "Host", "elsewhere.example");
                assert_int_equal(capture_verify(&capture), ERR_AUTH_SIGNATURE);
                set_header(&capture, "Content-Type", "text/plain");
                assert_int_equal(capture_verify(&capture), ERR_AUTH_SIGNATURE);
                arena_free(capture.arena);
        }
}

static void time_and_scope_belong_together(void **state)
{
        struct capture capture;

        (void)state;
        capture_load(&capture, "node-tc3-post-host");
        capture.request.timestamp = STR("1790000001"); /* same day */
        assert_int_equal(capture_verify(&capture), ERR_AUTH_SIGNATURE);
        capture.request.timestamp = STR("1790086400"); /* another day than the scope's */
        assert_int_equal(capture_verify(&capture), ERR_AUTH_HEADER);
        capture.request.timestamp = STR("soon");
        assert_int_equal(capture_verify(&capture), ERR_AUTH_HEADER);
        capture.request.timestamp = (struct str){0};
        assert_int_equal(capture_verify(&capture), ERR_AUTH_HEADER);
        capture.request.timestamp = STR("0000000000000000000000000001790000000");
        assert_int_equal(capture_verify(&capture), ERR_AUTH_HEADER);
        arena_free(capture.arena);
}

static void a_signed_header_must_be_there(void **state)
{
        struct capture capture;

        (void)state;
        capture_load(&capture, "node-tc3-post-host");
        capture.request.header_count = 1;
        assert_int_equal(capture_verify(&capture), ERR_AUTH_HEADER);
        arena_free(capture.arena);
}

static void a_body_under_get_is_signed_too(void **state)
{
        struct capture capture;

        (void)state;
        capture_load(&capture, "node-tc3-get");
        capture.request.body = bytes_of("{}", 2);
        assert_int_equal(capture_verify(&capture), ERR_AUTH_SIGNATURE);
        arena_free(capture.arena);
}

static void the_path_may_be_any_if_slash_was_signed(void **state)
{
        struct capture capture;

        (void)state;
        capture_load(&capture, "go-tc3-post");
        capture.request.path = STR("/api/x"); /* Go signs "/" whatever it posts to */
        assert_int_equal(capture_verify(&capture), ERR_NONE);
        arena_free(capture.arena);
}

/* -- published and own -------------------------------------------------------------------------- */

static void the_published_vector_verifies(void **state)
{
        static const char body[] =
                "{\"Limit\": 1, \"Filters\": [{\"Values\": [\"\\u672a\\u547d\\u540d\"], \"Name\": \"instance-name\"}]}";
        const struct tc3_header headers[] = {
                {STR("Content-Type"), STR("application/json; charset=utf-8")},
                {STR("Host"), STR("cvm.tencentcloudapi.com")},
        };
        const struct capture capture = {
                .authorization = STR("TC3-HMAC-SHA256 Credential=AKIDexample/2019-02-25/cvm/tc3_request, "
                                     "SignedHeaders=content-type;host, "
                                     "Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"),
                .request = {.method = STR("POST"),
                            .path = STR("/"),
                            .query = STR(""),
                            .headers = headers,
                            .header_count = 2,
                            .body = {(const uint8_t *)body, sizeof(body) - 1},
                            .timestamp = STR("1551113065")},
        };

        (void)state;
        assert_int_equal(capture_verify_with(&capture, "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"), ERR_NONE);
}

static void the_key_chain_is_the_published_one(void **state)
{
        uint8_t key[TC3_KEY_SIZE];
        char text[65];

        (void)state;
        tc3_signing_key(bytes_of(SECRET, strlen(SECRET)), STR("2026-09-21"), STR("ssl"), key);
        hex_lower(bytes_of(key, sizeof(key)), text);
        assert_string_equal(text, "ce92fb632817e4c86675045710fb9b8ae6929cedf93967c51312e70a0775ec45");
        tc3_signing_key(bytes_of(SECRET, strlen(SECRET)), STR("2026-09-21"), STR("127"), key);
        hex_lower(bytes_of(key, sizeof(key)), text);
        assert_string_equal(text, "58f7f860f5c126e6e9542d6c7b3cb1d5ffeabf29fdcb01d0c27ae22b6c6baaf8");
}

static void what_we_sign_verifies(void **state)
{
        CLEAN(buf_done) struct buf authorization = {.ceiling = 1000};
        const struct tc3_header headers[] = {{STR("host"), STR("LocalHost:8443")},
                                             {STR("content-type"), STR("application/json")},
                                             {STR("x-tc-action"), STR("DescribeCertificates")}};
        struct capture capture = {
                .request = {.method = STR("POST"),
                            .path = STR("/"),
                            .query = STR(""),
                            .headers = headers,
                            .header_count = 3,
                            .body = bytes_of("{}", 2),
                            .timestamp = STR("1790000000")},
        };

        (void)state;
        tc3_sign_post(STR("AKIDme"), bytes_of(SECRET, strlen(SECRET)), STR("LocalHost:8443"), 1790000000,
                      bytes_of("{}", 2), &authorization);
        capture.authorization = buf_str(&authorization);
        assert_int_equal(capture_verify(&capture), ERR_NONE);
        capture.request.body = bytes_of("{} ", 3);
        assert_int_equal(capture_verify(&capture), ERR_AUTH_SIGNATURE);
}

/* A value signed as the header has it, and one signed lower-cased: both are in the field (api.md §1.1). */
static void values_may_be_signed_lower_cased_or_as_sent(void **state)
{
        static const char *const actions[] = {"describecertificates", "DescribeCertificates"};

        (void)state;
        for (size_t i = 0; i < 2; i++) {
                CLEAN(buf_done)
                struct buf canonical = {.ceiling = 2000},
                           text = {.ceiling = 2000}, line = {.ceiling = 2000};
                const struct tc3_header headers[] = {{STR("X-TC-Action"), STR("  DescribeCertificates ")},
                                                     {STR("Host"), STR("a.example")},
                                                     {STR("Content-Type"), STR("application/json")}};
                struct capture capture = {
                        .request = {.method = STR("POST"),
                                    .path = STR("/x"),
                                    .query = STR("ignored=1"),
                                    .headers = headers,
                                    .header_count = 3,
                                    .body = bytes_of("", 0),
                                    .timestamp = STR("1790000000")},
                };
                uint8_t hash[32], key[32], signature[32];
                char hex[65];

                buf_printf(&canonical,
                           "POST\n/x\n\ncontent-type:application/json\nhost:a.example\nx-tc-action:%s\n\n"
                           "content-type;host;x-tc-action\n"
                           "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                           actions[i]);
                digest_sha256(buf_bytes(&canonical), hash);
                hex_lower(bytes_of(hash, 32), hex);
                buf_printf(&text, "TC3-HMAC-SHA256\n1790000000\n2026-09-21/ssl/tc3_request\n%s", hex);
                tc3_signing_key(bytes_of(SECRET, strlen(SECRET)), STR("2026-09-21"), STR("ssl"), key);
                digest_hmac_sha256(bytes_of(key, 32), buf_bytes(&text), signature);
                hex_lower(bytes_of(signature, 32), hex);
                buf_printf(&line,
                           "TC3-HMAC-SHA256 Credential=A/2026-09-21/ssl/tc3_request, "
                           "SignedHeaders=content-type;host;x-tc-action, Signature=%s",
                           hex);
                capture.authorization = buf_str(&line);
                assert_int_equal(capture_verify(&capture), ERR_NONE);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(headers_that_are_refused),
                cmocka_unit_test(a_scope_may_hold_a_colon_and_blanks_may_be_missing),
                cmocka_unit_test(captured_requests_verify),
                cmocka_unit_test(another_secret_never_verifies),
                cmocka_unit_test(one_changed_byte_never_verifies),
                cmocka_unit_test(time_and_scope_belong_together),
                cmocka_unit_test(a_signed_header_must_be_there),
                cmocka_unit_test(a_body_under_get_is_signed_too),
                cmocka_unit_test(the_path_may_be_any_if_slash_was_signed),
                cmocka_unit_test(the_published_vector_verifies),
                cmocka_unit_test(the_key_chain_is_the_published_one),
                cmocka_unit_test(what_we_sign_verifies),
                cmocka_unit_test(values_may_be_signed_lower_cased_or_as_sent),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
