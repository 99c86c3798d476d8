/*
 * Bytes from the network, twice.  To the reader alone: the verdict, and every byte of the bodies, must be the same however the
 * bytes are cut into pieces.  To a real listener: what comes through it to a handler must keep what http.h promises, it must
 * answer as the reader judged, and nothing may take it down: after each input a good request is answered.
 */
#include "http_fuzz.h"

#include <arpa/inet.h>
#include <stdatomic.h>

#include "base/limits.h"
#include "base/log.h"
#include "http/call.h"
#include "http/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sockaddr_in address;

static bool is_text(struct str s)
{
        for (size_t i = 0; i < s.n; i++)
                if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
                        return false;
        return true;
}

static size_t count(const struct http_request *request, const char *name)
{
        size_t n = 0;

        for (size_t i = 0; i < request->header_count; i++)
                n += str_equal_nocase(request->headers[i].name, str_of(name));
        return n;
}

static void look_at(const struct http_request *request)
{
        FUZZ_CHECK(request->method.n > 0 && request->path.n > 0 && is_text(request->path) && is_text(request->query));
        FUZZ_CHECK(request->path.n + request->query.n <= LIMIT_HTTP_URI && request->body.n <= LIMIT_HTTP_BODY);
        FUZZ_CHECK(!memchr(request->path.p, '?', request->path.n));
        for (size_t i = 0; i < request->header_count; i++) {
                const struct str name = request->headers[i].name, value = request->headers[i].value;

                FUZZ_CHECK(name.n > 0 && is_text(name) && !memchr(name.p, ':', name.n));
                FUZZ_CHECK(value.n == 0 || (!memchr(value.p, '\n', value.n) && !memchr(value.p, 0, value.n)));
        }
        FUZZ_CHECK(count(request, "Host") <= 1 && count(request, "Content-Length") <= 1);
        FUZZ_CHECK(count(request, "Content-Length") + count(request, "Transfer-Encoding") <= 1);
        FUZZ_CHECK(strlen(request->peer) > 0 && strlen(request->request_id) == 36 && !request->is_local);
}

static bool direct(void *context, struct http_request *request, struct http_reply *reply)
{
        (void)context;
        look_at(request);
        if (!str_equals(request->path, "/direct"))
                return false;
        buf_add_text(&reply->body, "good");
        return true;
}

static void handle(void *context, struct http_request *request, struct http_reply *reply)
{
        (void)context;
        look_at(request);
        buf_add(&reply->body, request->body.p, request->body.n);
}

/* -- the reader alone ------------------------------------------------------------------------------ */

/* What was read of a stream of requests: all that a handler could see, in a row, and how it ended. */
struct story {
        struct buf told;
        size_t requests;
        int verdict;
};

static int tell_body(struct story *story, const struct http_call *call, struct str *in, size_t step)
{
        struct http_chunks chunks = {0};
        size_t left = http_call_length(call);

        if (!http_call_is_chunked(call)) {
                left = left < in->n ? left : in->n;
                buf_add(&story->told, in->p, left);
                in->p += left;
                in->n -= left;
                return left == http_call_length(call) ? HTTP_READ_OK : HTTP_READ_MORE;
        }
        while (in->n > 0) {
                struct str piece = {in->p, in->n < step ? in->n : step}, part = {0};
                const int verdict = http_chunks_next(&chunks, &piece, &part);

                in->n -= (size_t)(piece.p - in->p);
                in->p = piece.p;
                if (verdict != HTTP_READ_OK && verdict != HTTP_READ_MORE)
                        return verdict;
                if (verdict == HTTP_READ_OK && chunks.state == HTTP_CHUNK_ENDED)
                        return HTTP_READ_OK;
                buf_add_str(&story->told, part);
        }
        return HTTP_READ_MORE;
}

static int tell_request(struct story *story, struct str *in, size_t step)
{
        struct http_head_scan scan = {0};
        struct http_call *call = http_call_new();
        size_t size = 0;
        int verdict = HTTP_READ_MORE;

        for (size_t n = 0; n < in->n && verdict == HTTP_READ_MORE;) {
                n = in->n - n < step ? in->n : n + step;
                verdict = http_head_find(&scan, (struct str){in->p, n}, LIMIT_HTTP_CONNECTION_BYTES, &size);
        }
        if (verdict == HTTP_READ_OK)
                verdict = http_call_set_head(call, (struct str){in->p, size});
        in->p += size;
        in->n -= size;
        if (verdict == HTTP_READ_OK) {
                buf_add_str(&story->told, call->request.method);
                buf_add_str(&story->told, call->request.path);
                for (size_t i = 0; i < call->request.header_count; i++)
                        buf_add_str(&story->told, call->headers[i].value);
                verdict = tell_body(story, call, in, step);
        }
        http_call_free(call);
        return verdict;
}

static void tell(struct story *story, struct str in, size_t step)
{
        *story = (struct story){.told = {.ceiling = 64 * 1024 * 1024}, .verdict = HTTP_READ_MORE};
        while (in.n > 0 && (story->verdict = tell_request(story, &in, step)) == HTTP_READ_OK)
                story->requests++;
}

/* In pieces of a size that the input chooses, and whole. */
static struct story read_twice(const uint8_t *data, size_t size)
{
        const struct str in = {(const char *)data, size};
        struct story whole, cut;

        tell(&whole, in, size ? size : 1);
        tell(&cut, in, size > 1 ? 1 + (size_t)data[size / 2] % 32 : 1);
        FUZZ_CHECK(whole.verdict == cut.verdict && whole.requests == cut.requests);
        FUZZ_CHECK(str_equal(buf_str(&whole.told), buf_str(&cut.told)));
        buf_done(&whole.told);
        buf_done(&cut.told);
        return whole;
}

/* -- the listener ---------------------------------------------------------------------------------- */

static void set_up(void)
{
        static struct http_server *server;
        const int fd = server ? -1 : socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        socklen_t size = sizeof(address);

        if (server)
                return;
        log_init("fuzz", LOG_ERROR);
        address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        FUZZ_CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 64) == 0 &&
                   getsockname(fd, (struct sockaddr *)&address, &size) == 0);
        const struct http_config config = {.listen_fd = fd, .workers = 1, .routes = {NULL, direct, handle}};
        FUZZ_CHECK(res_is_ok(http_server_start(&config, NULL, &server)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char good[] = "GET /direct HTTP/1.1\r\nHost: a\r\n\r\n";
        CLEAN(buf_done) struct buf reply = {.ceiling = 64 * 1024 * 1024};
        const struct sockaddr *to = (const struct sockaddr *)&address;
        const struct story story = read_twice(data, size);
        int status;

        set_up();
        fuzz_exchange(to, sizeof(address), bytes_of(data, size), /* whole= */ false, &reply);
        status = fuzz_status(&reply);
        FUZZ_CHECK(reply.n == 0 || (status >= 100 && status < 600 && status != 500));
        if (reply.n > 0 && story.requests == 0) /* the first was refused, or told to go on */
                FUZZ_CHECK(status == (story.verdict == HTTP_READ_MORE ? 100 : story.verdict));
        if (reply.n > 0 && story.requests > 0)
                FUZZ_CHECK(status == 200 || status == 100);
        buf_clear(&reply);
        fuzz_exchange(to, sizeof(address), bytes_of(good, sizeof(good) - 1), /* whole= */ true, &reply);
        FUZZ_CHECK(fuzz_status(&reply) == 200);
        return 0;
}
