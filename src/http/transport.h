/*
 * Bytes from and to the client, plain or through TLS: one system call each in the good case.  A broken connection is told by
 * HTTP_IO_END; nothing here frees it.  Private to http/.
 */
#pragma once

#include "http/connection.h"

/* What comes out of one read of records, and the end of one that came before, has room in HTTP_READ_TEXT. */
enum { HTTP_READ_RECORDS = 32 * 1024, HTTP_READ_TEXT = 64 * 1024, HTTP_ONE_RECORD = 16 * 1024 };

enum http_io {
        HTTP_IO_OK,
        HTTP_IO_WAIT, /* epoll will tell */
        HTTP_IO_END,
};

/* Of what the client wrote, the next; it lies in the engine's memory up to the next read.  Empty while hands are shaken. */
enum http_io http_transport_read(struct http_connection *connection, struct str *ret_text);
/* Sends what is left of head and body; `last`: nothing follows on this connection.  OK: all has left. */
enum http_io http_transport_send(struct http_connection *connection, bool last);
/* Sends what the socket did not take before and is no reply: of a handshake, say. */
enum http_io http_transport_flush(struct http_connection *connection);
/* A few bytes (100 Continue), all or none: for an empty socket. */
enum http_io http_transport_say(struct http_connection *connection, struct str text);
/* No more is written; the client sees the end. */
void http_transport_end(struct http_connection *connection);
