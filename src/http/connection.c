/* A doubly linked list under a lock, and a thread that looks through it every second. */
#include "http/connection.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"

/*
 * The client closed its side and nothing of it waits to be read.  The library is told of changes only, and misses an end
 * that came together with the last bytes; twice in a row, because a request may just be on its way through the library.
 */
static bool http_connection_is_left(struct http_connection *connection)
{
        struct pollfd waiting = {.fd = connection->fd, .events = POLLRDHUP};
        const bool left_before = connection->left;
        int unread = 0;

        connection->left = poll(&waiting, 1, 0) == 1 && ioctl(connection->fd, FIONREAD, &unread) == 0 && unread == 0;
        return connection->left && left_before;
}

static void http_connections_sweep(struct http_connections *connections)
{
        const int64_t now_ms = clock_mono_ms();

        for (struct http_connection *at = connections->head; at; at = at->next) {
                const int64_t deadline_ms = atomic_load_explicit(&at->deadline_ms, memory_order_relaxed);

                if (deadline_ms == 0)
                        at->left = false;
                else if (now_ms > deadline_ms || http_connection_is_left(at))
                        shutdown(at->fd, SHUT_RDWR); /* the library sees the end and closes */
        }
}

static void *http_connections_run(void *arg)
{
        struct http_connections *connections = arg;

        pthread_mutex_lock(&connections->lock);
        while (!connections->stopping) {
                struct timespec until;

                clock_gettime(CLOCK_MONOTONIC, &until);
                until.tv_sec++;
                pthread_cond_timedwait(&connections->woken, &connections->lock, &until);
                http_connections_sweep(connections);
        }
        pthread_mutex_unlock(&connections->lock);
        return NULL;
}

res http_connections_init(struct http_connections *connections)
{
        pthread_condattr_t attr;
        sigset_t all, before;
        int failed;

        *connections = (struct http_connections){0};
        pthread_mutex_init(&connections->lock, NULL);
        pthread_condattr_init(&attr);
        pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        pthread_cond_init(&connections->woken, &attr);
        pthread_condattr_destroy(&attr);
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        failed = pthread_create(&connections->sweeper, NULL, http_connections_run, connections);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        ENSURE(failed == 0, ERR_MEMORY);
        return RES_OK;
}

void http_connections_done(struct http_connections *connections)
{
        pthread_mutex_lock(&connections->lock);
        connections->stopping = true;
        pthread_cond_signal(&connections->woken);
        pthread_mutex_unlock(&connections->lock);
        pthread_join(connections->sweeper, NULL);
        pthread_cond_destroy(&connections->woken);
        pthread_mutex_destroy(&connections->lock);
}

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

struct http_connection *http_connection_open(struct http_connections *connections, int fd,
                                             const struct sockaddr *address)
{
        struct http_connection *connection = calloc(1, sizeof(*connection));
        const int on = 1;

        if (!connection)
                return NULL;
        connection->magic = HTTP_CONNECTION_MAGIC;
        connection->fd = fd;
        http_connection_name_peer(connection, address);
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
                         sizeof(on)); /* fails on a unix socket, which has no delay */
        http_connection_await(connection, LIMIT_HTTP_REQUEST_MS);
        pthread_mutex_lock(&connections->lock);
        connection->next = connections->head;
        connection->link = &connections->head;
        if (connection->next)
                connection->next->link = &connection->next;
        connections->head = connection;
        connection->refused = ++connections->count > LIMIT_HTTP_CONNECTIONS;
        connection->refused_status = 503;
        pthread_mutex_unlock(&connections->lock);
        return connection;
}

void http_connection_close(struct http_connections *connections, struct http_connection *connection)
{
        assert(connection->magic == HTTP_CONNECTION_MAGIC);
        pthread_mutex_lock(&connections->lock);
        *connection->link = connection->next;
        if (connection->next)
                connection->next->link = connection->link;
        connections->count--;
        pthread_mutex_unlock(&connections->lock);
        free(connection);
}

void http_connection_await(struct http_connection *connection, int64_t within_ms)
{
        atomic_store_explicit(&connection->deadline_ms, clock_mono_ms() + within_ms, memory_order_relaxed);
}

void http_connection_hold(struct http_connection *connection)
{
        atomic_store_explicit(&connection->deadline_ms, 0, memory_order_relaxed);
}

bool http_connection_is_own(int fd)
{
        struct ucred peer = {0};
        socklen_t size = sizeof(peer);

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
                return false;
        return peer.uid == geteuid() || peer.uid == 0;
}
