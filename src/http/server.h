/* A listener's state, shared by its two files: server.c starts, counts and stops; handle.c answers.  Private to http/. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "http/call.h"
#include "http/connection.h"
#include "http/tls.h"

struct MHD_Daemon;
struct MHD_OptionItem;

#define HTTP_SERVER_MAGIC 0x48535256u

struct http_server {
        unsigned magic;
        struct http_config config;
        struct http_pool *pool, *own_pool;
        struct http_identity *identity;
        struct http_connections connections;
        bool has_connections;
        struct MHD_Daemon *daemon;
        pthread_mutex_t lock;
        pthread_cond_t finished; /* signalled when a count below falls to 0 */
        size_t working;          /* suspended calls */
        size_t busy;             /* calls from their last byte in to their last byte out */
        _Atomic bool stopping;
};

/* One more, or one less, of `working` or `busy`. */
void http_server_begin(struct http_server *server, size_t *count);
void http_server_end(struct http_server *server, size_t *count);

/* The library with our callbacks; NULL if it does not start. */
struct MHD_Daemon *http_daemon_start(struct http_server *server);
/* For a call whose worker is done with it, or that gets none. */
void http_call_resume(struct http_call *call);
