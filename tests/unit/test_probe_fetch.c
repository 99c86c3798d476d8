/* The guard's second look: a fetch that was given an address nobody may reach connects to nothing, by http as by https. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe/fetch.h"

struct scene {
        struct event_base *base;
        enum fetch_state state;
        bool done;
        int visitors;
};

static void on_visitor(evutil_socket_t listener, short what, void *arg)
{
        struct scene *scene = arg;
        const int fd = accept(listener, NULL, NULL);

        (void)what;
        if (fd >= 0) {
                scene->visitors++;
                close(fd);
        }
}

static void on_fetched(void *arg, const struct fetch_result *result)
{
        struct scene *scene = arg;

        scene->state = result->state;
        scene->done = true;
}

static int listen_here(uint16_t *ret_port)
{
        struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof(here);
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        assert_true(fd >= 0);
        assert_int_equal(bind(fd, (const struct sockaddr *)&here, size), 0);
        assert_int_equal(listen(fd, 8), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&here, &size), 0);
        *ret_port = ntohs(here.sin_port);
        return fd;
}

/* One fetch from 127.0.0.1: how many came there.  */
static int visitors_of(const char *scheme, const char *allowed)
{
        char url[64], cidr[20];
        char *cidrs[] = {cidr};
        struct guard guard;
        struct fetcher *fetcher = NULL;
        struct fetch *fetch = NULL;
        struct fetch_request request = {.url = url, .address = {{127, 0, 0, 1}, 4}, .time_ms = 20000, .connect_ms = 20000};
        struct scene scene = {.base = event_base_new()};
        const int listener = listen_here(&request.port);
        struct event *visit = event_new(scene.base, listener, EV_READ | EV_PERSIST, on_visitor, &scene);

        snprintf(cidr, sizeof(cidr), "%s", allowed);
        snprintf(url, sizeof(url), "%s://maple.test:%u/", scheme, (unsigned)request.port);
        assert_true(res_is_ok(guard_init(&guard, cidrs, 1)));
        assert_true(res_is_ok(fetcher_new(scene.base, &guard, &fetcher)));
        assert_int_equal(event_add(visit, NULL), 0);
        assert_true(res_is_ok(fetch_start(fetcher, &request, on_fetched, &scene, &fetch)));
        while (!scene.done)
                assert_int_equal(event_base_loop(scene.base, EVLOOP_ONCE), 0);
        event_base_loop(scene.base, EVLOOP_NONBLOCK);
        assert_int_not_equal(scene.state, FETCH_ANSWERED);
        event_free(visit);
        close(listener);
        fetcher_free(fetcher);
        guard_done(&guard);
        event_base_free(scene.base);
        return scene.visitors;
}

static void test_guard_at_the_socket(void **state)
{
        (void)state;
        assert_int_equal(visitors_of("http", "127.0.0.2"), 0);
        assert_int_equal(visitors_of("https", "127.0.0.2"), 0);
        assert_int_equal(visitors_of("http", "127.0.0.1"), 1);
        assert_int_equal(visitors_of("https", "127.0.0.1"), 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_guard_at_the_socket),
        };

        return cmocka_run_group_tests_name("probe/fetch", tests, NULL, NULL);
}
