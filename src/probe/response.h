/*
 * An HTTP/1.x response, read as it comes (RFC 9112): status, the two header fields that a validation looks at, body.  Every byte
 * is a stranger's.  Pure: bytes in, a state out; how they are cut makes no difference.  Strict where readers differ: one
 * length, "chunked" alone or none, no field without a name and a colon, no NUL and no CR inside a line; a line may end in LF alone.
 */
#pragma once

#include "base/buf.h"
#include "base/limits.h"

#define RESPONSE_LOCATION 2048 /* longer addresses are no redirect of a validation */

enum response_state {
        RESPONSE_MORE, /* not all is there yet */
        RESPONSE_WHOLE,
        RESPONSE_BROKEN,    /* no HTTP, cut short, or headers over LIMIT_PROBE_HEADERS */
        RESPONSE_TOO_LARGE, /* body over LIMIT_PROBE_BODY */
};

enum response_part { /* what comes next */
                     RESPONSE_STATUS,
                     RESPONSE_FIELD,
                     RESPONSE_BODY,    /* `left` bytes */
                     RESPONSE_TO_END,  /* until the peer closes */
                     RESPONSE_CHUNK,   /* a chunk's size */
                     RESPONSE_DATA,    /* `left` bytes of a chunk */
                     RESPONSE_BORDER,  /* the line's end behind them */
                     RESPONSE_TRAILER, /* fields after the last chunk */
                     RESPONSE_PART_COUNT
};

struct response {
        enum response_state state;
        enum response_part part;
        uint32_t status; /* 0 = none yet; 1xx are passed over */
        bool chunked, has_length, encoded, may_fold;
        uint64_t length, left;
        size_t header_bytes;
        struct buf line, body;
        char location[RESPONSE_LOCATION + 1]; /* "" = none, or absurdly long */
};

void response_init(struct response *response);
void response_done(struct response *response);
/* What follows a whole or broken response is passed over. */
enum response_state response_take(struct response *response, struct bytes in);
/* The peer has closed: never RESPONSE_MORE. */
enum response_state response_end(struct response *response);
