#include "probe/plain.h"

#include <errno.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fd.h"
#include "probe/response.h"

/*
 * The socket is watched once, for both directions and on edges: the first wake-up sends the request – an error of connecting
 * comes out there – and each later one reads until nothing is left.  A timer ends the waiting for the connection, and then for
 * the answer.
 */

#define PLAIN_MAGIC 0x504c414eu
#define READ_BYTES 4096
#define REQUEST_BYTES 8192 /* an address of RESPONSE_LOCATION, and our fields */
#define SCHEME "http://"

struct plain {
        uint32_t magic;
        const struct guard *guard;
        fetch_fn *fn;
        void *arg;
        int fd;
        struct event ready, timer;
        int64_t deadline_ms;
        struct buf request;
        size_t sent;
        bool connected;
        struct response response;
};

/* ---- the request ------------------------------------------------------------------------------------- */

/* "host:port" and what stands behind it, "" for "/". */
static bool split(const char *url, struct str *ret_host, struct str *ret_path)
{
        const struct str all = str_of(url);

        if (!str_starts_with(all, STR(SCHEME)))
                return false;
        const struct str rest = {all.p + sizeof(SCHEME) - 1, all.n - (sizeof(SCHEME) - 1)};
        size_t n = 0;

        while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?' && rest.p[n] != '#')
                n++;
        *ret_host = (struct str){rest.p, n};
        *ret_path = (struct str){rest.p + n, rest.n - n};
        return n > 0;
}

bool plain_takes(const char *url)
{
        struct str host, path;

        return split(url, &host, &path) && str_is_word(str_of(url)) && !memchr(host.p, '@', host.n) && !strchr(path.p, '#') &&
               (path.n == 0 || path.p[0] == '/');
}

static res write_request(const char *url, struct buf *out)
{
        struct str host, path;

        ENSURE(split(url, &host, &path), ERR_FORMAT);
        if (str_ends_with(host, STR(":80")))
                host.n -= 3;
        buf_init(out, REQUEST_BYTES);
        buf_add_text(out, "GET ");
        buf_add_str(out, path.n > 0 ? path : STR("/"));
        buf_add_text(out, " HTTP/1.1\r\nHost: ");
        buf_add_str(out, host);
        buf_add_text(out, "\r\nUser-Agent: " FETCH_USER_AGENT "\r\nAccept: */*\r\n\r\n");
        return buf_check(out);
}

/* ---- the end ----------------------------------------------------------------------------------------- */

void plain_free(struct plain *plain)
{
        event_del(&plain->ready);
        event_del(&plain->timer);
        fd_close(&plain->fd);
        buf_done(&plain->request);
        response_done(&plain->response);
        free(plain);
}

static void deliver(struct plain *plain, enum fetch_state state)
{
        const struct response *response = &plain->response;
        const struct fetch_result result = {
                .state = state,
                .status = response->status,
                .encoded = response->encoded,
                .body = buf_str(&response->body),
                .location = str_of(response->location),
        };

        plain->fn(plain->arg, &result);
        plain_free(plain);
}

static enum fetch_state state_of(enum response_state state)
{
        return state == RESPONSE_WHOLE ? FETCH_ANSWERED : state == RESPONSE_TOO_LARGE ? FETCH_TOO_LARGE : FETCH_BROKEN;
}

/* ---- the socket -------------------------------------------------------------------------------------- */

static struct plain *plain_of(void *pointer)
{
        struct plain *plain = pointer;

        if (plain->magic != PLAIN_MAGIC)
                abort();
        return plain;
}

static void wait_ms(struct plain *plain, int64_t ms)
{
        const struct timeval until = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};

        event_add(&plain->timer, &until);
}

static bool is_waiting(void)
{
        return errno == EAGAIN || errno == EINTR;
}

/* false: it is over. */
static bool send_more(struct plain *plain)
{
        const struct bytes rest = bytes_of(plain->request.p + plain->sent, plain->request.n - plain->sent);
        const ssize_t n = send(plain->fd, rest.p, rest.n, MSG_NOSIGNAL);

        if (n < 0 && is_waiting())
                return true;
        if (n < 0) { /* after these two there was a connection */
                deliver(plain, plain->connected || errno == ECONNRESET || errno == EPIPE ? FETCH_BROKEN : FETCH_NO_CONNECTION);
                return false;
        }
        if (!plain->connected) {
                const int64_t left = plain->deadline_ms - clock_mono_ms();

                plain->connected = true;
                wait_ms(plain, left > 1 ? left : 1);
        }
        plain->sent += (size_t)n;
        return true;
}

static void read_all(struct plain *plain)
{
        uint8_t bytes[READ_BYTES];

        for (;;) {
                const ssize_t n = recv(plain->fd, bytes, sizeof(bytes), 0);

                if (n < 0 && is_waiting())
                        return;
                const enum response_state state = n > 0    ? response_take(&plain->response, bytes_of(bytes, (size_t)n))
                                                  : n == 0 ? response_end(&plain->response)
                                                           : RESPONSE_BROKEN;
                if (state != RESPONSE_MORE) {
                        deliver(plain, state_of(state));
                        return;
                }
        }
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
        struct plain *plain = plain_of(arg);

        (void)fd;
        if (plain->sent < plain->request.n && !send_more(plain))
                return;
        if (what & EV_READ)
                read_all(plain);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
        struct plain *plain = plain_of(arg);

        (void)fd;
        (void)what;
        deliver(plain, plain->connected ? FETCH_LATE : FETCH_NO_CONNECTION);
}

/* ---- starting ---------------------------------------------------------------------------------------- */

static res connect_to(struct plain *plain, const struct fetch_request *request)
{
        struct sockaddr_storage to;
        const socklen_t size = guard_socket_address(&request->address, request->port, &to);

        ENSURE(guard_judge(plain->guard, &request->address) != GUARD_REFUSED, ERR_IO);
        plain->fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
        ENSURE(plain->fd >= 0, ERR_IO);
        ENSURE(connect(plain->fd, (const struct sockaddr *)&to, size) == 0 || errno == EINPROGRESS, ERR_IO);
        return RES_OK;
}

res plain_start(struct event_base *base, const struct guard *guard, const struct fetch_request *request, fetch_fn *fn, void *arg,
                struct plain **ret_plain)
{
        struct plain *plain = calloc(1, sizeof(*plain));

        ENSURE(plain, ERR_MEMORY);
        *plain = (struct plain){.magic = PLAIN_MAGIC, .guard = guard, .fn = fn, .arg = arg, .fd = -1};
        response_init(&plain->response);
        plain->deadline_ms = clock_mono_ms() + request->time_ms;
        const bool reached = res_is_ok(connect_to(plain, request));
        const int64_t wait = request->connect_ms < request->time_ms ? request->connect_ms : request->time_ms;

        event_assign(&plain->ready, base, plain->fd, EV_READ | EV_WRITE | EV_PERSIST | EV_ET, on_ready, plain);
        event_assign(&plain->timer, base, -1, 0, on_time, plain);
        if (!res_is_ok(write_request(request->url, &plain->request)) || (reached && event_add(&plain->ready, NULL) != 0)) {
                plain_free(plain);
                return FAIL(ERR_MEMORY);
        }
        if (reached)
                wait_ms(plain, wait);
        else
                event_active(&plain->timer, EV_TIMEOUT, 0);
        *ret_plain = plain;
        return RES_OK;
}
