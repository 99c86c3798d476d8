/* Connections as things: who is at the other end, and that nothing of one stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

#include "http/connection.h"

static void peers_are_named(void **state)
{
        const struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x01020304)};
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6}, mapped = {.sin6_family = AF_INET6};
        struct http_connection *connection[4];

        (void)state;
        inet_pton(AF_INET6, "2001:db8::1", &v6.sin6_addr);
        inet_pton(AF_INET6, "::ffff:1.2.3.4", &mapped.sin6_addr);
        connection[0] = http_connection_new(-1, (const struct sockaddr *)&v4);
        connection[1] = http_connection_new(-1, (const struct sockaddr *)&v6);
        connection[2] = http_connection_new(-1, (const struct sockaddr *)&mapped);
        connection[3] = http_connection_new(-1, NULL);
        assert_string_equal(connection[0]->peer, "1.2.3.4");
        assert_string_equal(connection[1]->peer, "2001:db8::1");
        assert_string_equal(connection[2]->peer, "1.2.3.4");
        assert_string_equal(connection[3]->peer, "");
        for (int i = 0; i < 4; i++)
                http_connection_free(connection[i]);
}

static void a_freed_one_is_nowhere(void **state)
{
        struct http_deadlines deadlines;
        struct http_link all, again;
        struct http_connection *connection;
        int pair[2];

        (void)state;
        http_deadlines_init(&deadlines, 10);
        http_ring_init(&all);
        http_ring_init(&again);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        connection = http_connection_new(pair[0], NULL);
        http_deadline_set(&deadlines, &connection->deadline, 1);
        http_ring_add(&all, &connection->all);
        http_ring_add(&again, &connection->again);
        connection->call = http_call_new();
        buf_add_text(&connection->in, "GET / HTT");
        http_connection_free(connection);
        assert_null(http_ring_first(&all));
        assert_null(http_ring_first(&again));
        assert_null(http_deadlines_overdue(&deadlines, 1000));
        assert_int_equal(fcntl(pair[0], F_GETFD), -1);
        assert_int_equal(errno, EBADF);
        close(pair[1]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(peers_are_named),
                cmocka_unit_test(a_freed_one_is_nowhere),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
