/* Putting a request together, with every limit on the way. */
#include "http/call.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/secret.h"
#include "http/reader.h"

enum { HTTP_HEADERS_FIRST = 24, HTTP_KEPT_BYTES = 4096 /* of a body, from one call to the next */ };

static struct http_call *http_call_in(struct arena *arena, struct buf body, struct buf reply_body)
{
        struct http_call *call = arena_new_of(arena, struct http_call);

        call->magic = HTTP_CALL_MAGIC;
        call->request.arena = arena;
        call->body = body;
        call->reply.body = reply_body;
        return call;
}

void http_call_begin(struct http_call *call, int64_t now_ms)
{
        call->request.started_ms = now_ms;
        random_uuid(call->request.request_id);
}

struct http_call *http_call_new(void)
{
        struct buf body, reply_body;
        struct http_call *call;

        buf_init(&body, LIMIT_HTTP_BODY);
        buf_init(&reply_body, LIMIT_REPLY_BYTES);
        call = http_call_in(arena_new(LIMIT_REQUEST_ARENA), body, reply_body);
        http_call_begin(call, clock_mono_ms());
        return call;
}

/* Empty and wiped; a large one is not kept. */
static struct buf http_body_again(struct buf body, size_t ceiling)
{
        if (body.p && body.capacity <= HTTP_KEPT_BYTES)
                secret_wipe(body.p, body.capacity);
        else
                buf_wipe(&body);
        body.ceiling = ceiling;
        buf_clear(&body);
        return body;
}

struct http_call *http_call_renew(struct http_call *call)
{
        struct arena *arena = call->request.arena;
        const struct buf body = http_body_again(call->body, LIMIT_HTTP_BODY);
        const struct buf reply_body = http_body_again(call->reply.body, LIMIT_REPLY_BYTES);

        assert(call->magic == HTTP_CALL_MAGIC);
        arena_clear(arena);
        return http_call_in(arena, body, reply_body);
}

void http_call_free(struct http_call *call)
{
        if (!call)
                return;
        assert(call->magic == HTTP_CALL_MAGIC);
        buf_wipe(&call->body);       /* a body may carry a key or its password, */
        buf_wipe(&call->reply.body); /* and a download certainly does */
        arena_free(call->request.arena);
}

void http_call_set_target(struct http_call *call, struct str target)
{
        call->request.path = str_cut(&target, '?');
        call->request.query = target.p ? target : STR("");
}

static void http_call_more_headers(struct http_call *call)
{
        const size_t room = call->header_room ? call->header_room * 2 : HTTP_HEADERS_FIRST;
        struct tc3_header *headers = arena_array_of(call->request.arena, room, struct tc3_header);

        if (call->request.header_count)
                memcpy(headers, call->headers, call->request.header_count * sizeof(*headers));
        call->headers = headers;
        call->header_room = room;
        call->request.headers = headers;
}

void http_call_add_header(struct http_call *call, struct str name, struct str value)
{
        if (call->request.header_count == call->header_room)
                http_call_more_headers(call);
        call->headers[call->request.header_count++] = (struct tc3_header){.name = name, .value = value};
}

struct str http_header(const struct http_request *request, const char *name)
{
        const struct str wanted = str_of(name);

        for (size_t i = 0; i < request->header_count; i++)
                if (str_equal_nocase(request->headers[i].name, wanted))
                        return request->headers[i].value;
        return (struct str){0};
}

static size_t http_call_count(const struct http_call *call, struct str name)
{
        size_t count = 0;

        for (size_t i = 0; i < call->request.header_count; i++)
                count += str_equal_nocase(call->request.headers[i].name, name);
        return count;
}

static int http_call_check_length(const struct http_call *call)
{
        const struct str length = http_header(&call->request, "Content-Length");
        const struct str coding = http_header(&call->request, "Transfer-Encoding");
        int64_t n;

        if (coding.p)
                return length.p || !call->needs_host ? 400 : str_equal_nocase(str_trim(coding), STR("chunked")) ? 0 : 501;
        if (!length.p)
                return 0;
        if (!res_is_ok(str_to_int64(str_trim(length), &n)))
                return 400;
        /* Who asks before sending has sent nothing yet; the others are heard out. */
        return n > LIMIT_HTTP_DRAIN || (n > LIMIT_HTTP_BODY && http_header(&call->request, "Expect").p) ? 413 : 0;
}

/* RFC 9112 §3.2; bytes over 0x7f are let through for the handler to judge. */
static int http_call_check_target(const struct http_call *call)
{
        const struct str path = call->request.path;

        if (path.n + call->request.query.n > LIMIT_HTTP_URI)
                return 414;
        if (path.n == 0 || (path.p[0] != '/' && path.p[0] != '*' && !memchr(path.p, ':', path.n)))
                return 400;
        return str_is_word(path) && str_is_word(call->request.query) ? 0 : 400;
}

int http_call_check(const struct http_call *call)
{
        const int refused = http_call_check_target(call);

        if (refused)
                return refused;
        for (size_t i = 0; i < call->request.header_count; i++)
                if (!http_is_token(call->request.headers[i].name))
                        return 400;
        if (http_call_count(call, STR("Host")) > 1 || (call->needs_host && !http_header(&call->request, "Host").p) ||
            http_call_count(call, STR("Content-Length")) > 1 || http_call_count(call, STR("Transfer-Encoding")) > 1)
                return 400;
        return http_call_check_length(call);
}

bool http_call_is_chunked(const struct http_call *call)
{
        return http_header(&call->request, "Transfer-Encoding").p;
}

size_t http_call_length(const struct http_call *call)
{
        const struct str length = http_header(&call->request, "Content-Length");
        int64_t n = 0;

        return length.p && res_is_ok(str_to_int64(length, &n)) ? (size_t)n : 0;
}

/* Is `option` in one of the Connection headers? */
static bool http_call_has_option(const struct http_call *call, struct str option)
{
        for (size_t i = 0; i < call->request.header_count; i++) {
                struct str rest = call->headers[i].value;

                if (!str_equal_nocase(call->headers[i].name, STR("Connection")))
                        continue;
                while (rest.p)
                        if (str_equal_nocase(str_trim(str_cut(&rest, ',')), option))
                                return true;
        }
        return false;
}

bool http_call_keeps(const struct http_call *call)
{
        if (call->close || http_call_has_option(call, STR("close")))
                return false;
        return call->needs_host || http_call_has_option(call, STR("keep-alive"));
}

static int http_call_read_fields(struct http_call *call, struct str rest)
{
        for (struct str line = http_head_line(&rest); line.n > 0; line = http_head_line(&rest)) {
                struct tc3_header field;
                const int refused = http_field_line(line, &field);

                if (refused)
                        return refused;
                if (call->request.header_count == LIMIT_HTTP_HEADERS)
                        return 431;
                http_call_add_header(call, field.name, field.value);
        }
        return 0;
}

int http_call_set_head(struct http_call *call, struct str head)
{
        struct str rest = str_dup(call->request.arena, head);
        struct http_request_line line;
        int refused;

        if (str_starts_with(rest, STR("\r\n")))
                (void)http_head_line(&rest);
        refused = http_request_line(http_head_line(&rest), &line);
        if (refused)
                return refused;
        call->request.method = line.method;
        call->needs_host = !line.is_1_0;
        http_call_set_target(call, line.target);
        refused = http_call_read_fields(call, rest);
        return refused ? refused : http_call_check(call);
}

bool http_call_add_body(struct http_call *call, const void *bytes, size_t n)
{
        call->body_seen += n;
        if (call->body_seen > LIMIT_HTTP_BODY)
                return call->body_seen <= LIMIT_HTTP_DRAIN;
        buf_add(&call->body, bytes, n);
        return true;
}

int http_call_finish_body(struct http_call *call)
{
        if (call->body_seen > LIMIT_HTTP_BODY)
                return 413;
        if (!res_is_ok(buf_check(&call->body)))
                return 503;
        call->request.body = buf_bytes(&call->body);
        return 0;
}

static const char *http_status_sentence(int status)
{
        switch (status) {
        case 400:
                return "400 The request is malformed: check the address, the header names, one Host and one length of the body.\n";
        case 403:
                return "403 This socket serves only the service's own user and root.\n";
        case 413:
                return "413 The body is larger than 256 KiB.\n";
        case 414:
                return "414 The address is longer than 32 KiB.\n";
        case 431:
                return "431 The headers are too long, or too many.\n";
        case 501:
                return "501 The only transfer coding here is chunked.\n";
        case 505:
                return "505 The version here is HTTP/1.1.\n";
        case 503:
                return "503 Busy or stopping; try again.\n";
        default:
                return "500 Something failed on our side.\n";
        }
}

void http_call_refuse(struct http_call *call, int status)
{
        struct http_reply *reply = &call->reply;

        buf_clear(&reply->body);
        buf_add_text(&reply->body, http_status_sentence(status));
        reply->status = status;
        reply->content_type = "text/plain; charset=utf-8";
        reply->headers = NULL;
        reply->header_count = 0;
        reply->fields = (struct str){0};
        call->close = true;
        call->state = HTTP_CALL_READY;
}

void http_call_mend_reply(struct http_call *call)
{
        if (!res_is_ok(buf_check(&call->reply.body)))
                http_call_refuse(call, 500);
        else if (call->reply.status < 200 || call->reply.status > 599)
                call->reply.status = call->reply.status ? 500 : 200;
}
