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
                cmocka_unit_test(the_local_socket_serves_the_own_user),
                cmocka_unit_test(the_local_socket_refuses_another_user),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
