/* Making and freeing; the life between is in exchange.c and transport.c. */
#include "http/connection.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"

static void http_connection_name_peer(struct http_connection *connection, const struct sockaddr *address)
{
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;

        if (address && address->sa_family == AF_INET) {
                memcpy(&v4, address, sizeof(v4));
                inet_ntop(AF_INET, &v4.sin_addr, connection->peer, sizeof(connection->peer));
        } else if (address && address->sa_family == AF_INET6) {
                memcpy(&v6, address, sizeof(v6));
                if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
                        inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], connection->peer, sizeof(connection->peer));
                else
                        inet_ntop(AF_INET6, &v6.sin6_addr, connection->peer, sizeof(connection->peer));
        }
}

struct http_connection *http_connection_new(int fd, const struct sockaddr *address)
{
        struct http_connection *connection = calloc(1, sizeof(*connection));

        if (!connection)
                return NULL;
        connection->magic = HTTP_CONNECTION_MAGIC;
        connection->fd = fd;
        http_connection_name_peer(connection, address);
        buf_init(&connection->in, 2 * LIMIT_HTTP_CONNECTION_BYTES + LIMIT_HTTP_SLICE);
        buf_init(&connection->unsent, 4 * LIMIT_HTTP_SLICE);
        return connection;
}

void http_connection_free(struct http_connection *connection)
{
        assert(connection->magic == HTTP_CONNECTION_MAGIC && connection->state != HTTP_CONNECTION_WORKING);
        http_deadline_drop(&connection->deadline);
        http_link_remove(&connection->all);
        http_link_remove(&connection->again);
        http_session_close(&connection->session);
        http_call_free(connection->call);
        buf_wipe(&connection->in);
        buf_done(&connection->unsent);
        close(connection->fd);
        connection->magic = 0;
        free(connection);
}

bool http_connection_is_own(int fd)
{
        struct ucred peer = {0};
        socklen_t size = sizeof(peer);

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
                return false;
        return peer.uid == geteuid() || peer.uid == 0;
}
