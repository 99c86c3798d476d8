/*
 * A thread that waits for sockets.  Each engine has its own connections; several may accept from one listening socket.  Whoever
 * works on a call gives it back through a list without a lock, and wakes the engine only if it sleeps.  Private to http/.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "http/connection.h"

struct http_server;

enum { HTTP_DATE_SIZE = 40 };

struct http_engine {
        struct http_server *server;
        pthread_t thread;
        bool has_thread;
        int epoll_fd, wake_fd;
        _Atomic(struct http_call *) done; /* newest first */
        _Atomic bool sleeps, ending;
        bool accepts;            /* the listening socket is watched */
        int64_t accept_again_ms; /* it was not for want of descriptors; 0: it is or will not be */
        int64_t now_ms;          /* monotonic, of this round */

        struct http_link all, again;
        struct http_deadlines waiting, lingering;

        uint8_t *records; /* TLS: what recv() brought */
        uint8_t *text;    /* what the clients wrote */
        uint8_t *record;  /* TLS: what is to be one */
        struct buf out;   /* records to be sent */
        struct buf head;  /* of a reply */
        char date[HTTP_DATE_SIZE]; /* of now, a header line (RFC 9110 §6.6.1) */
        size_t date_n;
        int64_t date_ms;         /* monotonic */
        struct http_call *spare; /* the memory of a call that is over, for the next; or NULL */
};

/* Embedded.  ERR_MEMORY, ERR_IO; http_engine_done() is fine after a failure. */
MUST res http_engine_init(struct http_engine *engine, struct http_server *server);
MUST res http_engine_start(struct http_engine *engine); /* its thread */
/* Look at the server's `stopping`, at `ending`, and at what is done; from any thread. */
void http_engine_wake(struct http_engine *engine);
/* End the thread and close every connection; nobody may work on a call any more. */
void http_engine_done(struct http_engine *engine);
/* Frees a connection of the engine's, on its thread. */
void http_engine_close(struct http_connection *connection);
/* From any thread: the call's reply is filled.  The call may be gone when it returns, the engine is not (`working`). */
void http_engine_give_back(struct http_engine *engine, struct http_call *call);
