/*
 * An open connection: who is at its other end, what of a request has come, what of a reply has left.  It belongs to the
 * thread of one engine.  Idle it is this struct and, with TLS, a session; buffers are there only while something waits in
 * them.  Private to http/.
 */
#pragma once

#include <sys/socket.h>

#include "http/call.h"
#include "http/deadline.h"
#include "http/reader.h"
#include "http/tls.h"

struct http_engine;

#define HTTP_CONNECTION_MAGIC 0x48434f4eu

enum http_connection_state {
        HTTP_CONNECTION_HEAD,    /* a request may begin, or has begun */
        HTTP_CONNECTION_BODY,    /* its body arrives */
        HTTP_CONNECTION_WORKING, /* its call is somebody else's: nothing is read, and nothing ends it */
        HTTP_CONNECTION_SENDING, /* its reply leaves */
        HTTP_CONNECTION_LINGER,  /* refused in the middle: what still comes is thrown away, until the client has read why */
        HTTP_CONNECTION_DEAD,    /* to be closed by whoever runs it */
};

struct http_connection {
        struct http_deadline deadline; /* first: found by it; set while it is the client's turn */
        struct http_link all, again;   /* in the engine's rings: of all, and of those that had more than a fair turn */
        unsigned magic;
        int fd;
        struct http_engine *engine;
        enum http_connection_state state;
        int refused_status; /* over the limit, or a foreign user at the local socket: what each request hears; else 0 */
        char peer[46];
        bool readable;    /* the kernel may have more for us; told by epoll once, so remembered */
        bool hung_up;     /* the client closed its side: reading goes on up to the end */
        bool told_writes; /* epoll tells when the socket takes more */
        bool fresh;       /* what is in `in` was not looked at yet */
        int64_t request_until_ms; /* for the whole request to be here; 0: none has begun */

        struct http_session session; /* TLS: session.ssl */
        bool has_shaken;             /* hands */
        struct buf unsent;           /* records that the socket did not take */

        struct buf in; /* of a head that is not whole, or what came behind a request */
        struct http_head_scan scan;
        struct http_call *call;
        bool is_chunked;
        size_t body_left;
        struct http_chunks chunks;
        size_t drained; /* while lingering */

        struct str head, body; /* the reply; borrowed, the body from the call */
        size_t sent;           /* of both */
        size_t slice_end;      /* of it the deadline was set last */
};

static inline struct http_connection *http_connection_of_deadline(struct http_deadline *deadline)
{
        return (struct http_connection *)deadline;
}

/* Of an accepted socket, which it owns from then on; NULL: out of memory, the socket is still the caller's.  `address` may be NULL. */
struct http_connection *http_connection_new(int fd, const struct sockaddr *address);
/* Closes the socket, takes it out of every ring, frees the call unless somebody works on it (it must not be so). */
void http_connection_free(struct http_connection *connection);
/* Is the other end of the unix socket this process's uid or root? */
bool http_connection_is_own(int fd);
