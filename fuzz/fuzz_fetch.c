/*
 * HTTP answers as a hostile web server could send them: the input is what a real loopback socket says to a real
 * fetch, once to our own client and once to curl.  What must hold: it ends, within the limits, the texts it hands on are
 * terminated, and an answer that both take for a whole one is the same to both.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "probe/fetch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_MAX 4096

struct seen {
        enum fetch_state state;
        uint32_t status;
        bool encoded;
        size_t size;
        uint8_t body[LIMIT_PROBE_BODY];
        char location[TEXT_MAX];
};

struct scene {
        struct event_base *base;
        struct guard guard;
        struct fetcher *fetcher;
        int listener;
        uint16_t port;
        const uint8_t *data;
        size_t size;
        bool done;
        struct seen *seen;
};

static void on_connection(evutil_socket_t fd, short what, void *arg)
{
        struct scene *scene = arg;
        (void)what;
        int peer = accept(fd, NULL, NULL);
        if (peer < 0)
                return;
        (void)!send(peer, scene->data, scene->size, MSG_NOSIGNAL | MSG_DONTWAIT);
        shutdown(peer, SHUT_WR);
        close(peer);
}

static void on_fetched(void *arg, const struct fetch_result *result)
{
        struct scene *scene = arg;
        if (result->body.n > LIMIT_PROBE_BODY || result->location.n > LIMIT_PROBE_HEADERS ||
            result->location.p[result->location.n] != '\0')
                abort();
        struct seen *seen = scene->seen;
        *seen = (struct seen){.state = result->state, .status = result->status, .encoded = result->encoded, .size = result->body.n};
        if (result->body.n > 0)
                memcpy(seen->body, result->body.p, result->body.n);
        memcpy(seen->location, result->location.p, result->location.n < TEXT_MAX ? result->location.n : TEXT_MAX - 1);
        scene->done = true;
}

static void set_up(struct scene *scene)
{
        char *allowed[] = {(char[]){"127.0.0.1"}};
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t length = sizeof(address);
        scene->base = event_base_new();
        scene->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (!res_is_ok(guard_init(&scene->guard, allowed, 1)) ||
            !res_is_ok(fetcher_new(scene->base, &scene->guard, &scene->fetcher)) ||
            bind(scene->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
            listen(scene->listener, 8) != 0 || getsockname(scene->listener, (struct sockaddr *)&address, &length) != 0)
                abort();
        scene->port = ntohs(address.sin_port);
        event_add(event_new(scene->base, scene->listener, EV_READ | EV_PERSIST, on_connection, scene), NULL);
}

/* curl takes schemes in capitals too, our own client leaves them to it. */
static void fetch_once(struct scene *scene, const char *url, struct seen *seen)
{
        struct fetch *fetch = NULL;
        struct fetch_request request = {.url = url,
                                        .address = {.bytes = {127, 0, 0, 1}, .size = 4},
                                        .port = scene->port,
                                        .time_ms = 2000,
                                        .connect_ms = 2000};
        scene->seen = seen;
        scene->done = false;
        if (!res_is_ok(fetch_start(scene->fetcher, &request, on_fetched, scene, &fetch)))
                abort();
        while (!scene->done)
                event_base_loop(scene->base, EVLOOP_ONCE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct scene scene;
        static struct seen own, curl;
        if (!scene.base)
                set_up(&scene);
        scene.data = data;
        scene.size = size;
        fetch_once(&scene, "http://a.test/", &own);
        if (own.state != FETCH_ANSWERED)
                return 0;
        fetch_once(&scene, "HTTP://a.test/", &curl);
        if (curl.state != FETCH_ANSWERED) /* stricter still about something */
                return 0;
        if (curl.status != own.status || curl.encoded != own.encoded || curl.size != own.size ||
            memcmp(curl.body, own.body, own.size) != 0 || strcmp(curl.location, own.location) != 0)
                abort();
        return 0;
}
