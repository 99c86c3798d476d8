/*
 * For fuzz targets that play the server against an inner program's own handlers: a frame as the reader would give it,
 * with the body aligned, and each part in a block of its own size, so that a sanitizer sees the first byte too many.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/answer.h"
#include "fuzz_check.h"

struct fuzz_frame {
        struct frame frame; /* borrows from the two */
        uint8_t *body, *tail;
};

static inline uint8_t *fuzz_block(struct bytes first, struct bytes then)
{
        uint8_t *p = malloc(first.n + then.n + !(first.n + then.n));

        FUZZ_CHECK(p);
        if (first.n)
                memcpy(p, first.p, first.n);
        if (then.n)
                memcpy(p + first.n, then.p, then.n);
        return p;
}

static inline void fuzz_frame_make(struct fuzz_frame *made, uint32_t type, struct bytes body, struct bytes tail_first,
                                   struct bytes tail)
{
        made->body = fuzz_block(body, (struct bytes){0});
        made->tail = fuzz_block(tail_first, tail);
        made->frame = (struct frame){
                .head = {.type = type, .slot = 1, .body = (uint32_t)body.n, .tail = (uint32_t)(tail_first.n + tail.n)},
                .body = made->body,
                .tail = made->tail};
}

static inline void fuzz_frame_done(struct fuzz_frame *made)
{
        free(made->body);
        free(made->tail);
}

/* A part of a message that the harness mends: the member's bytes, where the body has them. */
static inline void fuzz_put_u32(struct fuzz_frame *made, size_t at, size_t value)
{
        const uint32_t n = (uint32_t)value;

        if (at + sizeof n <= made->frame.head.body)
                memcpy(made->body + at, &n, sizeof n);
}

/* The next message of a row: kind, flags, length (two bytes, little end first), bytes. */
static inline bool fuzz_message_next(struct bytes *in, unsigned *ret_kind, unsigned *ret_flags, struct bytes *ret_bytes)
{
        if (in->n < 4)
                return false;
        const size_t wanted = (size_t)in->p[2] | (size_t)in->p[3] << 8, n = wanted < in->n - 4 ? wanted : in->n - 4;

        *ret_kind = in->p[0];
        *ret_flags = in->p[1];
        *ret_bytes = bytes_of(in->p + 4, n);
        *in = bytes_of(in->p + 4 + n, in->n - 4 - n);
        return true;
}
