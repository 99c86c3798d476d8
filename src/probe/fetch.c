#include "probe/fetch.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "probe/plain.h"
#include "probe/response.h"

/*
 * curl tells by two callbacks which sockets and which time it waits for; both become events, and each event tells
 * curl to go on.  Finished transfers are collected after every step, outside curl, so that a receiver may start
 * the next fetch at once.
 */

#define FETCH_MAGIC 0x46544348u
#define CURL_READ_BYTES 8192L /* 16 KB by default; two hundred hostile peers at once must stay cheap */

struct fetcher {
        struct event_base *base;
        const struct guard *guard;
        CURLM *multi;
        struct event *timer;
};

struct fetch {
        uint32_t magic;
        struct fetcher *fetcher;
        struct plain *plain; /* if it is one; then nothing below, but whom to tell */
        CURL *easy;
        struct curl_slist *connect_to;
        fetch_fn *fn;
        void *arg;
        struct buf body;
        size_t header_bytes;
        bool headers_too_large, encoded;
        char location[RESPONSE_LOCATION + 1];
};

/* ---- the loop ------------------------------------------------------------------------------------ */

static struct fetch *fetch_of(void *pointer)
{
        struct fetch *fetch = pointer;
        if (fetch->magic != FETCH_MAGIC)
                abort();
        return fetch;
}

static void fetch_free(struct fetch *fetch)
{
        if (fetch->easy)
                curl_easy_cleanup(fetch->easy);
        curl_slist_free_all(fetch->connect_to);
        buf_done(&fetch->body);
        free(fetch);
}

static enum fetch_state state_of(const struct fetch *fetch, CURLcode code)
{
        curl_off_t connected = 0;
        if (code == CURLE_OK)
                return FETCH_ANSWERED;
        if (fetch->headers_too_large)
                return FETCH_BROKEN;
        if (fetch->body.failed)
                return FETCH_TOO_LARGE;
        curl_easy_getinfo(fetch->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
        if (connected == 0)
                return FETCH_NO_CONNECTION;
        return code == CURLE_OPERATION_TIMEDOUT ? FETCH_LATE : FETCH_BROKEN;
}

static void deliver(struct fetch *fetch, CURLcode code)
{
        long status = 0;
        curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status);
        struct fetch_result result = {
                .state = state_of(fetch, code),
                .status = (uint32_t)status,
                .encoded = fetch->encoded,
                .body = buf_str(&fetch->body),
                .location = str_of(fetch->location),
        };
        curl_multi_remove_handle(fetch->fetcher->multi, fetch->easy);
        fetch->fn(fetch->arg, &result);
        fetch_free(fetch);
}

static void collect(struct fetcher *fetcher)
{
        int left = 0;
        for (CURLMsg *message; (message = curl_multi_info_read(fetcher->multi, &left));) {
                void *fetch = NULL;
                if (message->msg != CURLMSG_DONE)
                        continue;
                CURLcode code = message->data.result; /* the message dies with the handle */
                curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &fetch);
                deliver(fetch_of(fetch), code);
        }
}

static void go_on(struct fetcher *fetcher, curl_socket_t socket, int what)
{
        int running = 0;
        curl_multi_socket_action(fetcher->multi, socket, what, &running);
        collect(fetcher);
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
        go_on(arg, fd, ((what & EV_READ) ? CURL_CSELECT_IN : 0) | ((what & EV_WRITE) ? CURL_CSELECT_OUT : 0));
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
        (void)fd;
        (void)what;
        go_on(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int want_socket(CURL *easy, curl_socket_t socket, int what, void *arg, void *socket_arg)
{
        struct fetcher *fetcher = arg;
        struct event *event = socket_arg;
        (void)easy;
        if (event)
                event_free(event);
        event = NULL;
        if (what != CURL_POLL_REMOVE) {
                short bits = (short)(((what & CURL_POLL_IN) ? EV_READ : 0) | ((what & CURL_POLL_OUT) ? EV_WRITE : 0) |
                                     EV_PERSIST);
                event = event_new(fetcher->base, socket, bits, on_socket, fetcher);
                if (!event || event_add(event, NULL) != 0)
                        return -1;
        }
        curl_multi_assign(fetcher->multi, socket, event);
        return 0;
}

static int want_time(CURLM *multi, long ms, void *arg)
{
        struct fetcher *fetcher = arg;
        (void)multi;
        if (ms < 0)
                return event_del(fetcher->timer);
        return event_add(fetcher->timer, &(struct timeval){.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000});
}

/* ---- what a transfer may do ------------------------------------------------------------------------ */

static bool address_of(const struct sockaddr *from, struct guard_address *ret_address)
{
        struct guard_address address = {0};
        if (from->sa_family == AF_INET) {
                const struct sockaddr_in *in = (const void *)from;
                memcpy(address.bytes, &in->sin_addr, 4);
                address.size = 4;
        } else if (from->sa_family == AF_INET6) {
                const struct sockaddr_in6 *in6 = (const void *)from;
                memcpy(address.bytes, &in6->sin6_addr, 16);
                address.size = 16;
        }
        *ret_address = address;
        return address.size != 0;
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
        const struct fetch *fetch = fetch_of(arg);
        struct guard_address address;
        if (purpose != CURLSOCKTYPE_IPCXN || !address_of(&to->addr, &address) ||
            guard_judge(fetch->fetcher->guard, &address) == GUARD_REFUSED)
                return CURL_SOCKET_BAD;
        return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static size_t take_body(char *data, size_t size, size_t count, void *arg)
{
        struct fetch *fetch = fetch_of(arg);
        buf_add(&fetch->body, data, size * count);
        return fetch->body.failed ? 0 : size * count;
}

static bool header_value(struct str line, struct str name, struct str *ret_value)
{
        struct str rest = line;
        if (!str_equal_nocase(str_cut(&rest, ':'), name) || !rest.p)
                return false;
        while (rest.n > 0 && (rest.p[rest.n - 1] == '\r' || rest.p[rest.n - 1] == '\n'))
                rest.n--;
        *ret_value = str_trim(rest);
        return true;
}

static size_t take_header(char *data, size_t size, size_t count, void *arg)
{
        struct fetch *fetch = fetch_of(arg);
        struct str line = {data, size * count}, value;
        fetch->header_bytes += line.n;
        fetch->headers_too_large = fetch->header_bytes > LIMIT_PROBE_HEADERS;
        if (fetch->headers_too_large)
                return 0;
        if (header_value(line, STR("content-encoding"), &value))
                fetch->encoded = !str_is_empty(value);
        if (header_value(line, STR("location"), &value)) {
                size_t n = value.n <= RESPONSE_LOCATION ? value.n : 0;
                memcpy(fetch->location, value.p, n);
                fetch->location[n] = '\0';
        }
        return line.n;
}

/* ---- starting -------------------------------------------------------------------------------------- */

#define SET(option, value) failed |= curl_easy_setopt(fetch->easy, (option), (value)) != CURLE_OK

static bool set_limits(struct fetch *fetch, const struct fetch_request *request)
{
        bool failed = false;
        SET(CURLOPT_TIMEOUT_MS, (long)request->time_ms);
        SET(CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_ms);
        SET(CURLOPT_BUFFERSIZE, CURL_READ_BYTES);
        SET(CURLOPT_FOLLOWLOCATION, 0L);
        SET(CURLOPT_PROTOCOLS_STR, "http,https");
        SET(CURLOPT_PROXY, "");
        SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
        SET(CURLOPT_HTTP09_ALLOWED, 0L);
        SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        SET(CURLOPT_HTTP_CONTENT_DECODING, 0L);
        SET(CURLOPT_FRESH_CONNECT, 1L);
        SET(CURLOPT_FORBID_REUSE, 1L);
        SET(CURLOPT_NOSIGNAL, 1L);
        return !failed;
}

static bool set_tls(struct fetch *fetch)
{
        bool failed = false;
        SET(CURLOPT_SSL_VERIFYPEER, 0L);
        SET(CURLOPT_SSL_VERIFYHOST, 0L);
        SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
        SET(CURLOPT_CAINFO, NULL); /* reading 140 roots for nothing would cost 20 ms a connection */
        SET(CURLOPT_CAPATH, NULL);
        return !failed;
}

static bool set_target(struct fetch *fetch, const struct fetch_request *request)
{
        bool failed = false;
        char address[GUARD_TEXT_SIZE], target[GUARD_TEXT_SIZE + 16];
        guard_address_text(&request->address, address);
        snprintf(target, sizeof(target), request->address.size == 16 ? "::[%s]:%u" : "::%s:%u", address,
                 (unsigned)request->port);
        fetch->connect_to = curl_slist_append(NULL, target);
        if (!fetch->connect_to)
                return false;
        SET(CURLOPT_URL, request->url);
        SET(CURLOPT_CONNECT_TO, fetch->connect_to);
        SET(CURLOPT_USERAGENT, FETCH_USER_AGENT);
        return !failed;
}

static bool set_callbacks(struct fetch *fetch)
{
        bool failed = false;
        SET(CURLOPT_PRIVATE, fetch);
        SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
        SET(CURLOPT_OPENSOCKETDATA, fetch);
        SET(CURLOPT_WRITEFUNCTION, take_body);
        SET(CURLOPT_WRITEDATA, fetch);
        SET(CURLOPT_HEADERFUNCTION, take_header);
        SET(CURLOPT_HEADERDATA, fetch);
        return !failed;
}

static res start_by_curl(struct fetch *fetch, const struct fetch_request *request)
{
        buf_init(&fetch->body, LIMIT_PROBE_BODY);
        fetch->easy = curl_easy_init();
        ENSURE(fetch->easy && set_limits(fetch, request) && set_tls(fetch) && set_target(fetch, request) && set_callbacks(fetch) &&
                       curl_multi_add_handle(fetch->fetcher->multi, fetch->easy) == CURLM_OK,
               ERR_MEMORY);
        return RES_OK;
}

static void on_plain(void *arg, const struct fetch_result *result)
{
        struct fetch *fetch = fetch_of(arg);
        fetch->fn(fetch->arg, result);
        fetch_free(fetch);
}

res fetch_start(struct fetcher *fetcher, const struct fetch_request *request, fetch_fn *fn, void *arg,
                struct fetch **ret_fetch)
{
        struct fetch *fetch = calloc(1, sizeof(*fetch));
        ENSURE(fetch, ERR_MEMORY);
        fetch->magic = FETCH_MAGIC;
        fetch->fetcher = fetcher;
        fetch->fn = fn;
        fetch->arg = arg;
        res r = plain_takes(request->url) ? plain_start(fetcher->base, fetcher->guard, request, on_plain, fetch, &fetch->plain)
                                          : start_by_curl(fetch, request);
        if (res_is_ok(r))
                *ret_fetch = fetch;
        else
                fetch_free(fetch);
        return r;
}

void fetch_drop(struct fetch *fetch)
{
        if (fetch->plain)
                plain_free(fetch->plain);
        else
                curl_multi_remove_handle(fetch->fetcher->multi, fetch->easy);
        fetch_free(fetch);
}

res fetcher_new(struct event_base *base, const struct guard *guard, struct fetcher **ret_fetcher)
{
        struct fetcher *fetcher = calloc(1, sizeof(*fetcher));
        ENSURE(fetcher, ERR_MEMORY);
        fetcher->base = base;
        fetcher->guard = guard;
        fetcher->timer = evtimer_new(base, on_time, fetcher);
        fetcher->multi = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_multi_init() : NULL;
        if (!fetcher->timer || !fetcher->multi) {
                fetcher_free(fetcher);
                return FAIL(ERR_MEMORY);
        }
        curl_multi_setopt(fetcher->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
        curl_multi_setopt(fetcher->multi, CURLMOPT_SOCKETDATA, fetcher);
        curl_multi_setopt(fetcher->multi, CURLMOPT_TIMERFUNCTION, want_time);
        curl_multi_setopt(fetcher->multi, CURLMOPT_TIMERDATA, fetcher);
        *ret_fetcher = fetcher;
        return RES_OK;
}

void fetcher_free(struct fetcher *fetcher)
{
        if (!fetcher)
                return;
        if (fetcher->multi)
                curl_multi_cleanup(fetcher->multi);
        if (fetcher->timer)
                event_free(fetcher->timer);
        free(fetcher);
}
