/*
 * Owned, growing bytes with a ceiling given at init.  Going over the ceiling, or out of memory,
 * marks the buffer as failed; every later add is a no-op, and buf_check() tells at the end, so
 * that a builder reads as a plain list of adds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/res.h"
#include "base/str.h"

struct buf {
        uint8_t *p;
        size_t n, capacity, ceiling;
        bool failed, too_large; /* too_large: it was the ceiling, not memory */
};

void buf_init(struct buf *buf, size_t ceiling_bytes);
void buf_done(struct buf *buf);  /* frees; for CLEAN() */
void buf_wipe(struct buf *buf);  /* wipes, then frees: for buffers that held secrets */
void buf_clear(struct buf *buf); /* empty for reuse; keeps the memory, forgets the failure */
void buf_add(struct buf *buf, const void *bytes, size_t n);
void buf_add_str(struct buf *buf, struct str s);
void buf_add_text(struct buf *buf, const char *text);
void buf_add_byte(struct buf *buf, uint8_t byte);
void buf_add_u16(struct buf *buf, uint16_t v); /* big-endian */
void buf_add_u32(struct buf *buf, uint32_t v); /* big-endian */
void buf_add_u64(struct buf *buf, uint64_t v); /* big-endian */
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
MUST res buf_make_room(struct buf *buf, size_t n); /* the next n bytes cannot fail then; marks nothing when it fails */
uint8_t *buf_grow(struct buf *buf, size_t n); /* n more bytes, zeroed, to be filled by the caller; NULL once failed */
MUST res buf_check(const struct buf *buf);    /* ERR_TOO_LARGE or ERR_MEMORY once an add failed */
static inline struct str buf_str(const struct buf *buf) /* borrows */
{
        return (struct str){(const char *)buf->p, buf->n};
}
static inline struct bytes buf_bytes(const struct buf *buf) /* borrows */
{
        return (struct bytes){buf->p, buf->n};
}
/*
 * The text in an arena, for those who have nothing to fail with: where memory was out the process ends, as arena_alloc() does,
 * because half a text must not pass for the whole.
 */
char *buf_copy(const struct buf *buf, struct arena *arena);
struct str buf_dup(const struct buf *buf, struct arena *arena);
const char *buf_c(struct buf *buf); /* NUL-terminated view (the NUL is not counted); "" once failed */
