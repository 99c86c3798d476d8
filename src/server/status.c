/* See status.h. */
#include "server/status.h"

#include <stdio.h>
#include <time.h>

#include "base/b64.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/digest.h"
#include "core/crl.h"
#include "core/issuers.h"
#include "core/ocsp.h"
#include "server/reply.h"

#define OCSP_PATH_MAX 8192 /* base64 of the largest request that is read, percent-encoded */

static bool method_is_get(const struct http_request *request)
{
        return str_equals(request->method, "GET") || str_equals(request->method, "HEAD");
}

/* "prefix<middle>suffix" → middle. */
static bool path_between(struct str path, struct str prefix, struct str suffix, struct str *ret_middle)
{
        if (!str_starts_with(path, prefix) || !str_ends_with(path, suffix) || path.n <= prefix.n + suffix.n)
                return false;
        *ret_middle = (struct str){path.p + prefix.n, path.n - prefix.n - suffix.n};
        return true;
}

static char *http_date(struct arena *arena, int64_t sec)
{
        char text[64];
        time_t t = (time_t)sec;
        struct tm tm;

        gmtime_r(&t, &tm);
        strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        return arena_strdup(arena, text);
}

static char *etag_of(struct arena *arena, struct bytes content)
{
        uint8_t hash[DIGEST_SHA256_SIZE];
        char hex[33];

        digest_sha256(content, hash);
        hex_lower(bytes_of(hash, 16), hex);
        return arena_printf(arena, "\"%s\"", hex);
}

static void status_crl(struct server *server, struct http_request *request, struct http_reply *reply, struct str middle)
{
        struct str issuer = str_cut(&middle, '/');
        struct bytes der = {0};
        int64_t shard = 0, this_update = 0, next_update = 0;

        if (!res_is_ok(str_to_int64(middle, &shard)) ||
            !crl_cache_get(server->crls, request->arena, issuer, shard, &der, &this_update, &next_update)) {
                reply_text(reply, 404, "There is no such CRL.\n");
                return;
        }
        char *etag = etag_of(request->arena, der);

        reply_header(request, reply, "ETag", etag);
        reply_header(request, reply, "Last-Modified", http_date(request->arena, this_update));
        reply_header(request, reply, "Cache-Control", "public, max-age=60"); /* a revocation is seen within 60 s */
        if (str_equals(http_header(request, "If-None-Match"), etag)) {
                reply->status = 304;
                return;
        }
        reply->content_type = "application/pkix-crl"; /* RFC 2585 §4.2 */
        buf_add(&reply->body, der.p, der.n);
}

static void status_issuer(struct server *server, struct http_request *request, struct http_reply *reply, struct str name)
{
        const struct issuer *issuer = issuers_find(server->core.issuers, name);

        if (issuer == NULL) {
                reply_text(reply, 404, "There is no such issuer.\n");
                return;
        }
        reply->content_type = "application/pkix-cert"; /* RFC 2585 §4.1 */
        buf_add(&reply->body, issuer->der.p, issuer->der.n);
        reply_header(request, reply, "Cache-Control", "public, max-age=86400");
}

bool status_direct(void *context, struct http_request *request, struct http_reply *reply)
{
        struct server *server = context;
        struct str middle;

        if (str_equals(request->path, "/ocsp") || str_starts_with(request->path, STR("/ocsp/")))
                return false;
        if (!method_is_get(request))
                reply_text(reply, 405, "Use GET.\n");
        else if (str_equals(request->path, "/health"))
                reply_text(reply, 200, "ok\n");
        else if (path_between(request->path, STR("/crl/"), STR(".crl"), &middle))
                status_crl(server, request, reply, middle);
        else if (path_between(request->path, STR("/ca/"), STR(".cer"), &middle))
                status_issuer(server, request, reply, middle);
        else
                reply_text(reply, 404, "There is nothing here; see /health, /crl, /ca and /ocsp.\n");
        return true;
}

/* ---- OCSP -------------------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* GET: /ocsp/<percent-encoded base64> (RFC 6960 §A.1).  Some clients do not encode '/', '+' and '='. */
static res ocsp_from_path(struct http_request *request, struct buf *out)
{
        struct str text = {request->path.p + strlen("/ocsp/"), request->path.n - strlen("/ocsp/")};
        CLEAN(buf_done) struct buf b64 = {0};

        buf_init(&b64, OCSP_PATH_MAX);
        for (size_t i = 0; i < text.n; i++) {
                if (text.p[i] == '%' && i + 2 < text.n && hex_digit(text.p[i + 1]) >= 0 && hex_digit(text.p[i + 2]) >= 0) {
                        buf_add_byte(&b64, (uint8_t)(hex_digit(text.p[i + 1]) << 4 | hex_digit(text.p[i + 2])));
                        i += 2;
                } else {
                        buf_add_byte(&b64, (uint8_t)text.p[i]);
                }
        }
        TRY(buf_check(&b64));
        return b64_decode(buf_str(&b64), out);
}

void status_handle(void *context, struct http_request *request, struct http_reply *reply)
{
        struct server *server = context;
        CLEAN(buf_done) struct buf decoded = {0};
        struct bytes asked = request->body;
        struct act act;
        int64_t next_update = 0;

        buf_init(&decoded, OCSP_PATH_MAX);
        act_begin(&act, &server->core, request->arena, 0);
        if (method_is_get(request)) {
                res r = str_starts_with(request->path, STR("/ocsp/")) ? ocsp_from_path(request, &decoded) : FAIL(ERR_FORMAT);

                asked = res_is_ok(r) ? buf_bytes(&decoded) : bytes_of("", 0);
        } else if (!str_equals(request->method, "POST")) {
                reply_text(reply, 405, "Use GET or POST.\n");
                return;
        }
        ocsp_answer(&act, asked, &reply->body, &next_update);
        reply->content_type = "application/ocsp-response";
        if (next_update > 0) { /* RFC 5019 §6.2; short, because a revocation is to be seen within seconds */
                reply_header(request, reply, "Cache-Control", "max-age=5, public, no-transform, must-revalidate");
                reply_header(request, reply, "Expires", http_date(request->arena, act.now_sec + 5));
                reply_header(request, reply, "Last-Modified", http_date(request->arena, act.now_sec));
        }
}
