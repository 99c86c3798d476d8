/* Deadlines of connections: who trickles is cut off, who waits for us is not; and the limit of connections. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include "base/limits.h"
#include "http/connection.h"

static bool is_ended(int fd, int within_ms)
{
        struct pollfd waiting = {.fd = fd, .events = POLLIN};
        char byte;

        return poll(&waiting, 1, within_ms) == 1 && recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

static void the_overdue_are_cut_off_and_the_waiting_are_not(void **state)
{
        struct http_connections connections;
        struct http_connection *late, *held, *timely;
        int a[2], b[2], c[2];

        (void)state;
        assert_int_equal(http_connections_init(&connections).err, ERR_NONE);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, a) | socketpair(AF_UNIX, SOCK_STREAM, 0, b) |
                                 socketpair(AF_UNIX, SOCK_STREAM, 0, c),
                         0);
        late = http_connection_open(&connections, a[0], NULL);
        held = http_connection_open(&connections, b[0], NULL);
        timely = http_connection_open(&connections, c[0], NULL);
        http_connection_await(late, 1);
        http_connection_await(held, 1);
        http_connection_hold(held);
        assert_true(is_ended(a[1], 5000));
        assert_false(is_ended(b[1], 50));
        assert_false(is_ended(c[1], 0));
        http_connection_close(&connections, held);
        http_connection_close(&connections, timely);
        http_connection_close(&connections, late);
        assert_int_equal(connections.count, 0);
        assert_null(connections.head);
        http_connections_done(&connections);
        for (int i = 0; i < 2; i++)
                close(a[i]), close(b[i]), close(c[i]);
}

static void over_the_limit_connections_are_refused(void **state)
{
        struct http_connections connections;
        struct http_connection *last, *over;

        (void)state;
        assert_int_equal(http_connections_init(&connections).err, ERR_NONE);
        connections.count = LIMIT_HTTP_CONNECTIONS - 1;
        last = http_connection_open(&connections, -1, NULL);
        over = http_connection_open(&connections, -1, NULL);
        assert_false(last->refused);
        assert_true(over->refused);
        assert_int_equal(over->refused_status, 503);
        http_connection_close(&connections, last);
        http_connection_close(&connections, over);
        http_connections_done(&connections);
}

static void peers_are_named(void **state)
{
        const struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x01020304)};
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6}, mapped = {.sin6_family = AF_INET6};
        struct http_connections connections;
        struct http_connection *connection[4];

        (void)state;
        inet_pton(AF_INET6, "2001:db8::1", &v6.sin6_addr);
        inet_pton(AF_INET6, "::ffff:1.2.3.4", &mapped.sin6_addr);
        assert_int_equal(http_connections_init(&connections).err, ERR_NONE);
        connection[0] = http_connection_open(&connections, -1, (const struct sockaddr *)&v4);
        connection[1] = http_connection_open(&connections, -1, (const struct sockaddr *)&v6);
        connection[2] = http_connection_open(&connections, -1, (const struct sockaddr *)&mapped);
        connection[3] = http_connection_open(&connections, -1, NULL);
        assert_string_equal(connection[0]->peer, "1.2.3.4");
        assert_string_equal(connection[1]->peer, "2001:db8::1");
        assert_string_equal(connection[2]->peer, "1.2.3.4");
        assert_string_equal(connection[3]->peer, "");
        for (int i = 0; i < 4; i++)
                http_connection_close(&connections, connection[i]);
        http_connections_done(&connections);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_overdue_are_cut_off_and_the_waiting_are_not),
                cmocka_unit_test(over_the_limit_connections_are_refused),
                cmocka_unit_test(peers_are_named),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
