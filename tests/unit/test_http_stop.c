/* Stopping with requests in flight, one pool under two listeners, and the local socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <sys/wait.h>

#include "http/server.h"
#include "http_help.h"

static void *stop_now(void *arg)
{
        struct help *help = arg;

        http_server_stop(help->server, 60000);
        return NULL;
}

static void *stop_soon_done(void *arg)
{
        struct help *help = arg;

        http_server_stop(help->server, 100);
        return NULL;
}

static void start(struct help *help, unsigned workers, struct http_pool *pool)
{
        struct http_config config = {.workers = workers, .pool = pool, .routes = {help, help_direct, help_handle}};

        config.listen_fd = help_listen(&help->port);
        assert_int_equal(http_server_start(&config, NULL, &help->server).err, ERR_NONE);
}

/* Until so many requests have come whole. */
static void wait_until_busy(struct help *help, size_t n)
{
        for (size_t busy = 0; busy < n; usleep(1000)) {
                pthread_mutex_lock(&help->server->lock);
                busy = help->server->busy;
                pthread_mutex_unlock(&help->server->lock);
        }
}

static void requests_in_flight_are_finished(void **state)
{
        struct help help = {.hold = true};
        pthread_t stopper;
        int fds[4];

        (void)state;
        start(&help, 4, NULL);
        for (int i = 0; i < 4; i++) {
                fds[i] = help_connect(help.port);
                help_write(fds[i], "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        wait_until_busy(&help, 4);
        pthread_create(&stopper, NULL, stop_now, &help);
        while (!help.server->stopping)
                usleep(1000);
        help.hold = false;
        for (int i = 0; i < 4; i++) {
                char *reply = help_read(fds[i]);

                assert_non_null(strstr(reply, "HTTP/1.1 200"));
                assert_non_null(strstr(reply, "Connection: close"));
                free(reply);
                close(fds[i]);
        }
        pthread_join(stopper, NULL);
        assert_int_equal(help.handled, 4);
}

static void new_connections_are_not_taken_while_stopping(void **state)
{
        struct help help = {0};
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd;

        (void)state;
        start(&help, 1, NULL);
        http_server_stop(help.server, 1000);
        fd = socket(AF_INET, SOCK_STREAM, 0);
        address.sin_port = htons(help.port);
        assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), -1);
        assert_int_equal(errno, ECONNREFUSED);
        close(fd);
}

/* One worker is held by the first request; the second has not begun when the time is over. */
static void after_the_time_waiting_requests_are_refused_and_begun_ones_finished(void **state)
{
        struct help help = {.hold = true};
        pthread_t stopper;
        int first, second;

        (void)state;
        start(&help, 1, NULL);
        first = help_connect(help.port);
        help_write(first, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
        wait_until_busy(&help, 1);
        second = help_connect(help.port);
        help_write(second, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
        wait_until_busy(&help, 2);
        pthread_create(&stopper, NULL, stop_soon_done, &help);
        help_expect(help_read(second), "HTTP/1.1 503");
        help.hold = false;
        help_expect(help_read(first), "HTTP/1.1 200");
        pthread_join(stopper, NULL);
        assert_int_equal(help.handled, 1);
        close(first);
        close(second);
}

static void idle_connections_do_not_delay_the_stop(void **state)
{
        struct help help = {0};
        int64_t begun;
        int fd;

        (void)state;
        start(&help, 1, NULL);
        fd = help_connect(help.port);
        help_write(fd, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
        help_expect(help_read(fd), "HTTP/1.1 200");
        usleep(50000);
        begun = clock_mono_ms();
        http_server_stop(help.server, 60000);
        assert_true(clock_mono_ms() - begun < 30000); /* not the time that it was given */
        assert_true(help_is_closed(fd, 30000));
        close(fd);
}

static void one_pool_serves_two_listeners(void **state)
{
        struct help a = {.delay_ms = 200}, b = {0};
        struct http_pool *pool = NULL;
        int fd;

        (void)state;
        assert_int_equal(http_pool_start(2, &pool).err, ERR_NONE);
        start(&a, 0, pool);
        start(&b, 0, pool);
        fd = help_connect(a.port);
        help_write(fd, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
        help_expect(help_exchange(b.port, "GET /y HTTP/1.1\r\nHost: a\r\n\r\n"), "|/y|");
        http_server_stop(b.server, 1000); /* leaves the other's requests alone */
        help_expect(help_read(fd), "|/x|");
        http_server_stop(a.server, 1000);
        http_pool_stop(pool);
        close(fd);
}

static void without_workers_every_route_is_direct(void **state)
{
        struct help help = {0};

        (void)state;
        start(&help, 0, NULL);
        help_expect(help_exchange(help.port, "GET /direct HTTP/1.1\r\nHost: a\r\n\r\n"), "direct");
        help_expect(help_exchange(help.port, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 503");
        http_server_stop(help.server, 1000);
}

/* -- the local socket --------------------------------------------------------------------------- */

static int unix_listen(struct sockaddr_un *address)
{
        char dir[] = "/tmp/chancery-http-XXXXXX";
        const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_non_null(mkdtemp(dir));
        assert_int_equal(chmod(dir, 0777), 0);
        *address = (struct sockaddr_un){.sun_family = AF_UNIX};
        snprintf(address->sun_path, sizeof(address->sun_path), "%s/s", dir);
        assert_int_equal(bind(fd, (struct sockaddr *)address, sizeof(*address)), 0);
        assert_int_equal(chmod(address->sun_path, 0777), 0);
        assert_int_equal(listen(fd, 10), 0);
        return fd;
}

static void unix_remove(struct sockaddr_un *address)
{
        unlink(address->sun_path);
        *strrchr(address->sun_path, '/') = '\0';
        rmdir(address->sun_path);
}

static char *unix_exchange(const struct sockaddr_un *address)
{
        const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        char *reply;

        assert_int_equal(connect(fd, (const struct sockaddr *)address, sizeof(*address)), 0);
        help_write(fd, "POST /account HTTP/1.1\r\nHost: local\r\nContent-Length: 2\r\n\r\n{}");
        reply = help_read(fd);
        close(fd);
        return reply;
}

/* ---- requests that somebody else takes ---- */

struct taken {
        struct http_request *request;
        struct http_reply *reply;
        int delay_ms;
};

static void *answer_taken(void *arg)
{
        struct taken *taken = arg;

        usleep((unsigned)taken->delay_ms * 1000);
        buf_printf(&taken->reply->body, "taken %.*s", (int)taken->request->body.n, (const char *)taken->request->body.p);
        http_request_done(taken->request);
        return NULL;
}

/* /later is answered by a thread of its own, /now before this returns; the rest is not taken. */
static bool take(void *context, struct http_request *request, struct http_reply *reply)
{
        struct help *help = context;
        struct taken *taken = arena_alloc(request->arena, sizeof(*taken));
        pthread_t thread;

        *taken = (struct taken){request, reply, help->delay_ms};
        if (str_equals(request->path, "/now")) {
                taken->delay_ms = 0;
                (void)answer_taken(taken);
                return true;
        }
        if (!str_equals(request->path, "/later"))
                return false;
        help->handled++;
        assert_int_equal(pthread_create(&thread, NULL, answer_taken, taken), 0);
        pthread_detach(thread);
        return true;
}

static void start_taking(struct help *help, unsigned workers)
{
        struct http_config config = {.workers = workers, .routes = {help, help_direct, help_handle}, .later = take};

        config.listen_fd = help_listen(&help->port);
        assert_int_equal(http_server_start(&config, NULL, &help->server).err, ERR_NONE);
}

static char *ask_on(int fd, const char *path, const char *body)
{
        char text[200];

        snprintf(text, sizeof(text), "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n%s", path, strlen(body), body);
        help_write(fd, text);
        return help_read(fd);
}

static void what_somebody_takes_is_answered_by_them(void **state)
{
        static const struct {
                const char *path, *with_workers, *without;
        } cases[] = {
                {"/now", "taken abc", "taken abc"}, {"/later", "taken abc", "taken abc"}, {"/direct", "direct", "direct"},
                {"/x", "POST|/x||abc", "HTTP/1.1 503"},
        };

        (void)state;
        for (unsigned workers = 0; workers < 2; workers++) {
                struct help help = {.delay_ms = 20};

                start_taking(&help, workers);
                for (int round = 0; round < 3; round++) { /* on one connection as long as it lasts */
                        const int fd = help_connect(help.port);

                        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                                char *reply = ask_on(fd, cases[i].path, "abc");

                                assert_non_null(strstr(reply, workers ? cases[i].with_workers : cases[i].without));
                                free(reply);
                        }
                        close(fd);
                }
                http_server_stop(help.server, 2000);
        }
}

/* As a worker that has begun: it is waited for, also beyond the time that others are given. */
static void what_somebody_has_taken_is_finished_when_stopping(void **state)
{
        struct help help = {.delay_ms = 400};
        pthread_t stopper;
        int fds[3];

        (void)state;
        start_taking(&help, 0);
        for (int i = 0; i < 3; i++) {
                fds[i] = help_connect(help.port);
                help_write(fds[i], "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
                while (help.handled == i)
                        usleep(1000);
        }
        close(fds[2]); /* who has hung up */
        pthread_create(&stopper, NULL, stop_soon_done, &help);
        for (int i = 0; i < 2; i++) {
                char *reply = help_read(fds[i]);

                assert_non_null(strstr(reply, "HTTP/1.1 200"));
                assert_non_null(strstr(reply, "taken"));
                free(reply);
                close(fds[i]);
        }
        pthread_join(stopper, NULL);
}

static void the_local_socket_serves_the_own_user(void **state)
{
        struct help help = {0};
        struct sockaddr_un address;
        struct http_config config = {.is_local = true, .workers = 1, .routes = {&help, help_direct, help_handle}};

        (void)state;
        config.listen_fd = unix_listen(&address);
        assert_int_equal(http_server_start(&config, NULL, &help.server).err, ERR_NONE);
        help_expect(unix_exchange(&address), "POST|/account||{}||1");
        http_server_stop(help.server, 1000);
        unix_remove(&address);
}

/* A child that is another user asks; it exits with 0 if it was refused. */
static int refused_as(uid_t uid, const struct sockaddr_un *address)
{
        const pid_t pid = fork();
        int status = 0;

        assert_true(pid >= 0);
        if (pid == 0) {
                char *reply = setuid(uid) == 0 ? unix_exchange(address) : NULL;

                _exit(reply && strstr(reply, "HTTP/1.1 403") ? 0 : 1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Another uid can only be played by root; elsewhere there is nothing to play with. */
static void the_local_socket_refuses_another_user(void **state)
{
        struct help help = {0};
        struct sockaddr_un address;
        struct http_config config = {.is_local = true, .workers = 1, .routes = {&help, help_direct, help_handle}};

        (void)state;
        if (geteuid() != 0)
                return;
        config.listen_fd = unix_listen(&address);
        assert_int_equal(http_server_start(&config, NULL, &help.server).err, ERR_NONE);
        assert_int_equal(refused_as(65534, &address), 0);
        assert_int_equal(help.handled, 0);
        http_server_stop(help.server, 1000);
        unix_remove(&address);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(requests_in_flight_are_finished),
                cmocka_unit_test(new_connections_are_not_taken_while_stopping),
                cmocka_unit_test(after_the_time_waiting_requests_are_refused_and_begun_ones_finished),
                cmocka_unit_test(idle_connections_do_not_delay_the_stop),
                cmocka_unit_test(one_pool_serves_two_listeners),
                cmocka_unit_test(without_workers_every_route_is_direct),
                cmocka_unit_test(what_somebody_takes_is_answered_by_them),
                cmocka_unit_test(what_somebody_has_taken_is_finished_when_stopping),
                cmocka_unit_test(the_local_socket_serves_the_own_user),
                cmocka_unit_test(the_local_socket_refuses_another_user),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
