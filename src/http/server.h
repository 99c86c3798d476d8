/* A listener's state: server.c starts, counts and stops; its engines answer.  Private to http/. */
#pragma once

#include "http/engine.h"

#define HTTP_SERVER_MAGIC 0x48535256u

struct http_server {
        unsigned magic;
        struct http_config config;
        size_t room; /* for a head */
        struct http_pool *pool, *own_pool;
        struct http_identity *identity;
        struct http_engine *engines;
        unsigned engine_count;
        _Atomic size_t connections;
        pthread_mutex_t lock;
        pthread_cond_t finished; /* signalled when a count below falls to 0 */
        _Atomic size_t working;  /* calls that are somebody else's; the last to touch the server counts down under the lock */
        _Atomic size_t busy;     /* calls from their last byte in to their last byte out */
        _Atomic bool stopping;
};

/* One call less in `busy`, on an engine's thread; in `working`, on any. */
void http_server_end_busy(struct http_server *server);
void http_server_end_working(struct http_server *server);
