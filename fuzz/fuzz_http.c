/*
 * Bytes from the network to a real listener: what comes through it to a handler must keep what http.h promises, and
 * nothing may take the listener down: after each input a good request is answered.  The library parses; what is ours
 * is the raw query, the header names, the lengths and the body.
 */
#include "http_fuzz.h"

#include <arpa/inet.h>
#include <stdatomic.h>

#include "base/limits.h"
#include "base/log.h"
#include "http/http.h"

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
        int status;

        set_up();
        fuzz_exchange(to, sizeof(address), bytes_of(data, size), /* whole= */ false, &reply);
        status = fuzz_status(&reply);
        FUZZ_CHECK(reply.n == 0 || (status >= 100 && status < 600 && status != 500));
        buf_clear(&reply);
        fuzz_exchange(to, sizeof(address), bytes_of(good, sizeof(good) - 1), /* whole= */ true, &reply);
        FUZZ_CHECK(fuzz_status(&reply) == 200);
        return 0;
}
