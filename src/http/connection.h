/*
 * The open connections of a listener: how many, from whom, and until when each must have sent its next request or
 * taken its reply.  A client that trickles a byte at a time never looks idle; this deadline is what ends it.  One that
 * left in the middle of a request is noticed here too.  Private to http/.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "http/http.h"

#define HTTP_CONNECTION_MAGIC 0x48434f4eu

struct http_connection {
        unsigned magic;
        int fd;       /* the library's; valid while the connection is in the list */
        bool refused; /* over the limit, or a foreign user at the local socket */
        int refused_status;
        char peer[46];
        _Atomic int64_t deadline_ms; /* monotonic; 0 = none, because it is our turn */
        bool left;                   /* the client's side was closed when the sweeper last looked */
        struct http_server *server;
        struct http_connection *next, **link;
};

struct http_connections {
        pthread_mutex_t lock;
        pthread_cond_t woken;
        struct http_connection *head;
        size_t count;
        bool stopping;
        pthread_t sweeper;
};

/* Starts the thread that ends overdue connections. */
MUST res http_connections_init(struct http_connections *connections);
void http_connections_done(struct http_connections *connections);
/* NULL: out of memory.  `address` may be NULL. */
struct http_connection *http_connection_open(struct http_connections *connections, int fd,
                                             const struct sockaddr *address);
void http_connection_close(struct http_connections *connections, struct http_connection *connection);
/* The client's turn begins: it has so long for a whole request, or for taking a reply. */
void http_connection_await(struct http_connection *connection, int64_t within_ms);
/* Our turn. */
void http_connection_hold(struct http_connection *connection);
/* Is the other end of the unix socket this process's uid or root? */
bool http_connection_is_own(int fd);
