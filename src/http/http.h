/*
 * The listener behind a narrow header: sockets, HTTP/1.1 and TLS are below it, and nobody else knows of them.
 *
 * A listener takes requests on sockets that the parent bound.  Each complete request goes to the router:
 * a `direct` route is answered on the listener's own thread and must not block or touch the store; any other is
 * handed to the worker pool, where a plain sequential handler fills the reply.  The connection is suspended
 * meanwhile.  Limits (body, header, connections, idle) are in limits.h; over them the client gets a clear 413/431/503.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "base/tc3.h"

struct http_server;

struct http_request {
        struct arena *arena; /* freed after the reply was sent */
        struct str method;
        struct str path;  /* as received, before '?', not decoded */
        struct str query; /* raw, after '?' */
        const struct tc3_header *headers;
        size_t header_count;
        struct bytes body;
        char peer[46]; /* address of the client */
        char request_id[37];
        int64_t started_ms; /* monotonic */
        bool is_local;      /* came through the control socket */
        void *begun;        /* the handlers' own: what `direct` leaves to `later` or to the worker; in the arena */
};

struct http_reply {
        int status; /* 0 counts as 200 */
        const char *content_type;
        struct buf body;                  /* owned by the request; init'ed with LIMIT_REPLY_BYTES */
        const struct tc3_header *headers; /* more headers, in the arena */
        size_t header_count;
        struct str fields; /* instead of content_type and headers: whole header lines, CRLF after each; NULL: none */
};

/* Absent: p == NULL.  Names in any case. */
struct str http_header(const struct http_request *request, const char *name);

typedef void http_handler(void *context, struct http_request *request, struct http_reply *reply);

struct http_routes {
        void *context;
        /* true: answered here and now, on the listener's thread. */
        bool (*direct)(void *context, struct http_request *request, struct http_reply *reply);
        /* Everything else, on a worker thread. */
        http_handler *handle;
};

/* The reply to a request that was taken for later is filled: once; request and reply may be gone when it returns. */
void http_request_done(struct http_request *request);

struct http_tls { /* PEM text, exchanged at run time */
        const char *cert_chain;
        const char *key;
};

/* Worker threads; one pool may serve several listeners.  Stop it after the last of them. */
struct http_pool;
MUST res http_pool_start(unsigned threads, struct http_pool **ret_pool);
void http_pool_stop(struct http_pool *pool);

struct http_config {
        int listen_fd; /* bound and listening; closed by http_server_stop() */
        bool tls;
        bool is_local;          /* a unix socket: only the own uid and root are served (SO_PEERCRED) */
        unsigned workers;       /* threads of a pool of its own; 0 = all routes are direct, or `pool` is given */
        struct http_pool *pool; /* shared pool, or NULL */
        size_t connection_bytes; /* for an address and headers; 0 = LIMIT_HTTP_CONNECTION_BYTES */
        unsigned listeners;     /* threads that read and write the sockets; 0 = 1 */
        struct http_routes routes;
        /*
         * NULL, or asked on the listener's thread before a worker is: true if somebody has taken the request, who fills the
         * reply and calls http_request_done(), from any thread, perhaps before this returns.  It must not block.
         */
        bool (*later)(void *context, struct http_request *request, struct http_reply *reply);
        http_handler *too_large; /* words for a body over LIMIT_HTTP_BODY, on the listener's thread; NULL: a plain 413 */
};

/*
 * Ignores SIGPIPE and raises the process's limit of open files as far as it goes.  ERR_CRYPTO: the certificate or key
 * is bad; ERR_IO: the listener did not start.  On failure listen_fd is still the caller's.
 */
MUST res http_server_start(const struct http_config *config, const struct http_tls *tls,
                           struct http_server **ret_server);
/* Exchange the listener's certificate without a restart; new connections get it.  Copies. */
MUST res http_server_set_tls(struct http_server *server, const struct http_tls *tls);
/*
 * Take no new connections, finish requests in flight, stop, free.  After wait_ms requests that no worker has begun get
 * 503; those that a worker has begun are waited for (the limits of what handlers call bound them).
 */
void http_server_stop(struct http_server *server, int wait_ms);
