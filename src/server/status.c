/* See status.h. */
#include "server/status.h"

#include "base/b64.h"
#include "base/clock.h"
#include "base/hex.h"
#include "core/crl.h"
#include "core/issuers.h"
#include "core/ocsp_queue.h"
#include "server/reply.h"

#define STATUS_CRL_AGE "public, max-age=30" /* a new list is made within 15 s: seen within 60 s */
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
        char text[CLOCK_HTTP_SIZE];

        clock_http_text(sec, text);
        return arena_strdup(arena, text);
}

/* True: the asker has it already, and 304 was said. */
static bool answered_unchanged(struct http_request *request, struct http_reply *reply, const char *etag)
{
        if (!method_is_get(request) || !str_equals(http_header(request, "If-None-Match"), etag))
                return false;
        buf_clear(&reply->body);
        reply->status = 304;
        return true;
}

static void status_crl(struct server *server, struct http_request *request, struct http_reply *reply, struct str middle)
{
        struct str issuer = str_cut(&middle, '/');
        struct crl_meta meta;
        int64_t shard = 0;

        if (!res_is_ok(str_to_int64(middle, &shard)) || !crl_cache_get(server->crls, issuer, shard, &reply->body, &meta)) {
                reply_text(reply, 404, "There is no such CRL.\n");
                return;
        }
        reply_header(request, reply, "ETag", arena_strdup(request->arena, meta.etag));
        reply_header(request, reply, "Last-Modified", http_date(request->arena, meta.this_update));
        reply_header(request, reply, "Cache-Control", STATUS_CRL_AGE);
        reply->content_type = "application/pkix-crl"; /* RFC 2585 §4.2 */
        (void)answered_unchanged(request, reply, meta.etag);
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

/* ---- OCSP -------------------------------------------------------------------------------------------- */

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

/* RFC 6960 §A: the request is the body of a POST, or the path of a GET. */
static res ocsp_request_of(struct http_request *request, struct buf *decoded, struct bytes *ret_asked)
{
        *ret_asked = request->body;
        if (str_equals(request->method, "POST"))
                return RES_OK;
        ENSURE(method_is_get(request), ERR_METHOD);
        *ret_asked = bytes_of("", 0); /* what is no base64 is no request: malformed */
        if (str_starts_with(request->path, STR("/ocsp/")) && res_is_ok(ocsp_from_path(request, decoded)))
                *ret_asked = buf_bytes(decoded);
        return RES_OK;
}

/* `meta` lives as long as the request. */
static void ocsp_reply(struct http_request *request, struct http_reply *reply, const struct ocsp_meta *meta)
{
        if (meta->this_update == 0) {
                reply->fields = STR("Content-Type: application/ocsp-response\r\nCache-Control: no-store\r\n");
                return;
        }
        reply->fields = str_of(meta->fields);
        (void)answered_unchanged(request, reply, meta->etag);
}

/* What memory knows; false: store and signer have to be asked. */
static bool ocsp_direct(struct server *server, struct http_request *request, struct http_reply *reply)
{
        CLEAN(buf_done) struct buf decoded = {0};
        struct ocsp_meta *meta = arena_new_of(request->arena, struct ocsp_meta);
        struct bytes asked;

        buf_init(&decoded, OCSP_PATH_MAX);
        if (!res_is_ok(ocsp_request_of(request, &decoded, &asked))) {
                reply_text(reply, 405, "Use GET or POST.\n");
                return true;
        }
        if (!ocsp_answer_direct(&server->core, asked, clock_now_sec(), &reply->body, meta))
                return false;
        ocsp_reply(request, reply, meta);
        return true;
}

struct status_ask {
        struct ocsp_ask ask; /* first: a done ask is this */
        struct http_request *request;
        struct http_reply *reply;
};

static void status_answered(struct ocsp_ask *ask)
{
        const struct status_ask *own = (const struct status_ask *)ask;

        ocsp_reply(own->request, own->reply, &ask->meta);
        http_request_done(own->request);
}

bool status_later(void *context, struct http_request *request, struct http_reply *reply)
{
        struct server *server = context;
        struct status_ask *own = arena_alloc(request->arena, sizeof *own);
        CLEAN(buf_done) struct buf decoded = {0};
        struct bytes asked = {0};

        buf_init(&decoded, OCSP_PATH_MAX);
        (void)ocsp_request_of(request, &decoded, &asked).err; /* status_direct() looked at the method */
        if (asked.p != request->body.p)
                asked = bytes_of(arena_copy(request->arena, asked.p, asked.n), asked.n);
        *own = (struct status_ask){.ask = {.request = asked, .out = &reply->body, .done = status_answered}, .request = request, .reply = reply};
        if (!ocsp_queue_add(server->ocsp, &own->ask)) {
                ocsp_answer_late(&server->core, &own->ask, clock_now_sec());
                status_answered(&own->ask);
        }
        return true;
}

/* It serves, so it is well; what somebody has to look into is told beside it (core/reconcile). */
static void status_health(struct server *server, struct http_request *request, struct http_reply *reply)
{
        const long long findings = atomic_load(&server->core.finding_count);

        reply_text(reply, 200, findings ? arena_printf(request->arena, "ok\nfindings: %lld\n", findings) : "ok\n");
}

/* ---- the routes ---------------------------------------------------------------------------------------- */

bool status_direct(void *context, struct http_request *request, struct http_reply *reply)
{
        struct server *server = context;
        struct str middle;

        if (str_equals(request->path, "/ocsp") || str_starts_with(request->path, STR("/ocsp/")))
                return ocsp_direct(server, request, reply);
        if (!method_is_get(request))
                reply_text(reply, 405, "Use GET.\n");
        else if (str_equals(request->path, "/health"))
                status_health(server, request, reply);
        else if (path_between(request->path, STR("/crl/"), STR(".crl"), &middle))
                status_crl(server, request, reply, middle);
        else if (path_between(request->path, STR("/ca/"), STR(".cer"), &middle))
                status_issuer(server, request, reply, middle);
        else
                reply_text(reply, 404, "There is nothing here; see /health, /crl, /ca and /ocsp.\n");
        return true;
}
