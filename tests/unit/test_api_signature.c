/*
 * Requests captured from the official SDKs (Node, Python, Go; TC3 and v1; GET and POST), with credentials made up for
 * the purpose: every one of them must verify, and no changed one may.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "api/v1.h"
#include "base/b64.h"

#define SECRET "SKexampleTESTvector000000000001"

struct captured {
        char *bytes;
        struct tc3_header headers[32];
        struct http_request request;
};

static struct str line_cut(struct str *rest)
{
        struct str line = str_cut(rest, '\n');

        assert_true(line.n > 0 && line.p[line.n - 1] == '\r');
        line.n--;
        return line;
}

static void captured_read(struct captured *c, const char *name)
{
        char path[500];
        FILE *file = NULL;
        struct str rest = {0}, line = {0}, target = {0};

        snprintf(path, sizeof path, TEST_SOURCE_DIR "/tests/vectors/api/requests/%s.raw", name);
        file = fopen(path, "r");
        assert_non_null(file);
        c->bytes = calloc(1, 65536);
        rest = (struct str){c->bytes, fread(c->bytes, 1, 65535, file)};
        fclose(file);
        line = line_cut(&rest);
        c->request.method = str_cut(&line, ' ');
        target = str_cut(&line, ' ');
        c->request.path = str_cut(&target, '?');
        c->request.query = target;
        for (line = line_cut(&rest); line.n > 0; line = line_cut(&rest)) {
                struct tc3_header *header = &c->headers[c->request.header_count++];

                header->name = str_cut(&line, ':');
                header->value = str_trim(line);
        }
        c->request.headers = c->headers;
        c->request.body = bytes_of(rest.p, rest.p != NULL ? rest.n : 0);
}

/* ---- TC3 ---- */

static res tc3_check(const struct captured *c)
{
        struct str stamp = http_header(&c->request, "X-TC-Timestamp");
        struct tc3_auth auth = {0};
        uint8_t key[TC3_KEY_SIZE];
        const struct tc3_request request = {
                .method = c->request.method,
                .path = c->request.path,
                .query = c->request.query,
                .headers = c->request.headers,
                .header_count = c->request.header_count,
                .body = c->request.body,
                .timestamp = stamp,
        };

        TRY(tc3_parse(http_header(&c->request, "Authorization"), &auth));
        tc3_signing_key(bytes_of(SECRET, strlen(SECRET)), auth.date, auth.service, key);
        return tc3_verify(&request, &auth, key);
}

static const char *const tc3_files[] = {
        "go-tc3-post",        "node-tc3-get",
        "node-tc3-post-host", "node-tc3-post-ip",
        "python-tc3-get",     "python-tc3-post-url-endpoint",
        "python-tc3-post",    "python-tc3-unsigned-payload",
};

static void test_captured_tc3_requests_verify(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof tc3_files / sizeof *tc3_files; i++) {
                struct captured c = {0};

                captured_read(&c, tc3_files[i]);
                if (!res_is_ok(tc3_check(&c)))
                        fail_msg("%s does not verify", tc3_files[i]);
                free(c.bytes);
        }
}

/* One changed byte of the body, the query or the time stamp. */
static void test_changed_tc3_requests_do_not(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof tc3_files / sizeof *tc3_files; i++) {
                struct captured c = {0};
                bool is_unsigned = strstr(tc3_files[i], "unsigned") != NULL;
                struct str changed = {0};
                char *at = NULL;

                captured_read(&c, tc3_files[i]);
                changed = c.request.body.n > 0
                                  ? (struct str){(const char *)c.request.body.p, c.request.body.n}
                                  : c.request.query;
                at = c.bytes + (changed.p - c.bytes) + changed.n / 2;
                *at = *at == 'x' ? 'y' : 'x';
                assert_int_equal(tc3_check(&c).err, is_unsigned ? ERR_NONE : ERR_AUTH_SIGNATURE);
                at = c.bytes + (http_header(&c.request, "X-TC-Timestamp").p - c.bytes) + 9;
                *at = *at == '9' ? '8' : '9';
                assert_int_not_equal(tc3_check(&c).err, ERR_NONE);
                free(c.bytes);
        }
}

/* ---- v1 ---- */

static const struct {
        const char *file;
        const EVP_MD *(*hash)(void);
        const char *text; /* NULL = only the signature is known */
} v1_cases[] = {
        {"node-v1-sha1-post", EVP_sha1,
         "POSTssl.localhost:18080/?Action=DescribeCertificates&CertificateStatus.0=0&CertificateStatus.1=1&Language=en-US&Limit=10&"
         "Nonce=32768&Region=ap-guangzhou&RequestClient=SDK_NODEJS_4.1.313&SearchKey=a b/+&=*~\xE4\xBE\x8B&SecretId="
         "AKIDexampleTESTvector0000000000000001&SignatureMethod=HmacSHA1&Timestamp=1790000000&Version=2019-12-05"},
        {"node-v1-sha256-get", EVP_sha256,
         "GETssl.localhost:18080/?Action=DescribeCertificates&CertificateStatus.0=0&CertificateStatus.1=1&Limit=10&Nonce=32768&"
         "Region=ap-guangzhou&RequestClient=SDK_NODEJS_4.1.313&SearchKey=a b/+&=*~\xE4\xBE\x8B&SecretId="
         "AKIDexampleTESTvector0000000000000001&SignatureMethod=HmacSHA256&Timestamp=1790000000&Token=tok/en+1=&Version=2019-12-05"},
        {"python-v1-sha256-post", EVP_sha256, NULL},
};

static void test_captured_v1_requests_verify(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof v1_cases / sizeof *v1_cases; i++) {
                struct captured c = {0};
                struct act act = {.arena = arena_new(LIMIT_REQUEST_ARENA)};
                struct api_params params = {0};
                CLEAN(buf_done) struct buf text = {0};
                CLEAN(buf_done) struct buf signature = {0};
                uint8_t mac[EVP_MAX_MD_SIZE];
                unsigned size = 0;
                bool is_get = false;

                captured_read(&c, v1_cases[i].file);
                buf_init(&text, 65536);
                buf_init(&signature, 100);
                is_get = str_equals(c.request.method, "GET");
                assert_true(api_is_request(&c.request));
                assert_true(res_is_ok(api_params_parse(
                        &act,
                        is_get ? c.request.query
                               : (struct str){(const char *)c.request.body.p, c.request.body.n},
                        &params)));
                api_v1_text(&c.request, &params, &text);
                if (v1_cases[i].text != NULL)
                        assert_string_equal(buf_c(&text), v1_cases[i].text);
                assert_non_null(
                        HMAC(v1_cases[i].hash(), SECRET, (int)strlen(SECRET), text.p, text.n, mac, &size));
                b64_encode(bytes_of(mac, size), &signature);
                if (!str_equal(api_params_take(&params, "Signature"), buf_str(&signature)))
                        fail_msg("%s does not verify: %s", v1_cases[i].file, buf_c(&text));
                arena_free(act.arena);
                free(c.bytes);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_captured_tc3_requests_verify),
                cmocka_unit_test(test_changed_tc3_requests_do_not),
                cmocka_unit_test(test_captured_v1_requests_verify),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
