/*
 * One request from its first line to the end of its reply.  The functions here put the request together out of pieces
 * (head, parts of the body) and know nothing of the sockets that they came through; private to http/.
 */
#pragma once

#include "http/http.h"
#include "http/pool.h"

struct http_connection;

enum http_call_state {
        HTTP_CALL_NEW,
        HTTP_CALL_READING, /* the headers are known, the body arrives */
        HTTP_CALL_WORKING, /* a worker, or who took it for later, owns the call */
        HTTP_CALL_READY,   /* the reply is filled */
};

struct http_call {
        unsigned magic;
        enum http_call_state state;
        struct http_job job;
        struct http_request request;
        struct http_reply reply;
        struct buf body;
        size_t header_room, body_seen;
        struct tc3_header *headers;
        bool needs_host; /* HTTP/1.1; OCSP clients still speak 1.0, often without */
        bool counted;    /* in the server's `busy` */
        bool close;      /* no further request on this connection */
        struct http_connection *connection;
        struct http_call *done_next; /* in the engine's list of what is done */
};

#define HTTP_CALL_MAGIC 0x48435431u

static inline struct http_call *http_call_of(const struct http_job *job)
{
        return (struct http_call *)((uintptr_t)job - offsetof(struct http_call, job));
}

/* Heap object; its arena is its own. */
struct http_call *http_call_new(void);
void http_call_free(struct http_call *call);
/* Frees one and makes another of its memory, which is wiped.  Until http_call_begin() it may lie about. */
struct http_call *http_call_renew(struct http_call *call);
/* A request begins: its name and its time. */
void http_call_begin(struct http_call *call, int64_t now_ms);
/* A head that http_head_find() found, copied: 0, or the status that refuses it, its own or that of http_call_check(). */
int http_call_set_head(struct http_call *call, struct str head);
/* The request target, as received; borrows it until the call is freed. */
void http_call_set_target(struct http_call *call, struct str target);
/* Borrows name and value until the call is freed. */
void http_call_add_header(struct http_call *call, struct str name, struct str value);
/*
 * After the last header: 0 if the request may go on, else the status that refuses it: 400 for what two readers
 * could read differently (RFC 9112 §6.3, §3.2: both lengths, several lengths or hosts, no host, a coding in 1.0), 413, 414, 501.
 */
int http_call_check(const struct http_call *call);
/* Of a request that was checked. */
bool http_call_is_chunked(const struct http_call *call);
size_t http_call_length(const struct http_call *call); /* as announced; 0 if it was not */
/* May the connection be kept after it (RFC 9112 §9.3)? */
bool http_call_keeps(const struct http_call *call);
/* Over the body limit the rest is thrown away; false once so much came that only hanging up helps. */
bool http_call_add_body(struct http_call *call, const void *bytes, size_t n);
/* After the last byte of the body: 0, 413 or 503. */
int http_call_finish_body(struct http_call *call);
/* Fill the reply with a plain sentence; what a handler may have written is dropped. */
void http_call_refuse(struct http_call *call, int status);
/* What the client gets when the handler left the reply broken (body over its ceiling, no memory). */
void http_call_mend_reply(struct http_call *call);
