/*
 * What HTTP/1.1 looks like on the wire, read strictly (RFC 9112): bytes in, verdict out, nothing kept but a few counts.
 * Whatever two readers could understand differently is refused: a line that ends without CR, a blank before a colon, a folded
 * header, a NUL.  However the same bytes are cut into pieces, the verdict is the same.  Private to http/.
 */
#pragma once

#include "base/str.h"
#include "base/tc3.h"

enum { HTTP_READ_MORE = -1, HTTP_READ_OK = 0 }; /* any other verdict is the status that refuses */

/* -- the head: request line and headers ---------------------------------------------------------- */

struct http_head_scan { /* zeroed before the first byte */
        size_t seen, line; /* so far looked at; where the line begins that is not whole */
        bool skipped;      /* the one empty line that may stand before a request (RFC 9112 §2.2) */
};

/*
 * Is the whole head in `bytes`?  They begin where they began at the call before.  HTTP_READ_OK: it is *ret_size bytes long, with
 * the empty line that ends it.  400: a line ends without CR; 414, 431: it does not fit in `room`.
 */
int http_head_find(struct http_head_scan *scan, struct str bytes, size_t room, size_t *ret_size);
/* The next line of a head that http_head_find() found; empty at its end. */
struct str http_head_line(struct str *rest);

struct http_request_line {
        struct str method, target;
        bool is_1_0;
};

/* 400, or 505 for a version that is not 1.x.  The target may be any text without blanks. */
int http_request_line(struct str line, struct http_request_line *ret_line);
/* 400 for what is no `name: value` (RFC 9112 §5); the value is trimmed. */
int http_field_line(struct str line, struct tc3_header *ret_field);
/* RFC 9110 §5.6.2 */
bool http_is_token(struct str s);

/* -- a chunked body (RFC 9112 §7.1) --------------------------------------------------------------- */

enum http_chunk_state {
        HTTP_CHUNK_SIZE,
        HTTP_CHUNK_EXTENSION,
        HTTP_CHUNK_SIZE_LF,
        HTTP_CHUNK_DATA,
        HTTP_CHUNK_DATA_CR,
        HTTP_CHUNK_DATA_LF,
        HTTP_CHUNK_TRAILER,
        HTTP_CHUNK_TRAILER_NAME,
        HTTP_CHUNK_TRAILER_VALUE,
        HTTP_CHUNK_TRAILER_LF,
        HTTP_CHUNK_LAST_LF,
        HTTP_CHUNK_ENDED,
        HTTP_CHUNK_BAD,
};

struct http_chunks { /* zeroed before the first byte */
        enum http_chunk_state state;
        uint64_t left;   /* of this chunk */
        unsigned digits; /* of its size */
        unsigned extra;  /* bytes of extensions and trailers, which are read and forgotten */
};

/*
 * Takes bytes off *in.  HTTP_READ_MORE: all were taken; HTTP_READ_OK: *ret_part is the next part of the body, which goes on unless
 * state is HTTP_CHUNK_ENDED (then it is empty, and *in is what follows the body); 400.
 */
int http_chunks_next(struct http_chunks *chunks, struct str *in, struct str *ret_part);
