/* Capacity doubles up to the ceiling; once failed, a buffer keeps what it has and takes nothing more. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/secret.h"

enum { BUF_FIRST_BYTES = 256 };

void buf_init(struct buf *buf, size_t ceiling_bytes)
{
        *buf = (struct buf){.ceiling = ceiling_bytes};
}

void buf_done(struct buf *buf)
{
        free(buf->p);
        *buf = (struct buf){0};
}

void buf_wipe(struct buf *buf)
{
        if (buf->p)
                secret_wipe(buf->p, buf->capacity);
        buf_done(buf);
}

void buf_clear(struct buf *buf)
{
        buf->n = 0;
        buf->failed = buf->too_large = false;
}

/* A moved block is wiped before it is given back: any buffer may hold a secret, and growth is rare. */
static bool buf_move(struct buf *buf, size_t capacity)
{
        uint8_t *p = malloc(capacity);

        if (!p)
                return false;
        if (buf->p) {
                memcpy(p, buf->p, buf->n);
                secret_wipe(buf->p, buf->n);
                free(buf->p);
        }
        buf->p = p;
        buf->capacity = capacity;
        return true;
}

/* Room for n more bytes, and for `uncounted` ones after them that the ceiling does not know (a NUL). */
static bool buf_reserve(struct buf *buf, size_t n, size_t uncounted)
{
        size_t capacity = buf->capacity;
        size_t most;

        if (buf->failed)
                return false;
        if (n > buf->ceiling - buf->n) {
                buf->failed = buf->too_large = true;
                return false;
        }
        if (n + uncounted <= capacity - buf->n)
                return true;
        most = buf->ceiling + uncounted;
        while (capacity - buf->n < n + uncounted) {
                capacity = capacity < BUF_FIRST_BYTES / 2 ? BUF_FIRST_BYTES : capacity > most / 2 ? most : capacity * 2;
                capacity = capacity > most ? most : capacity;
        }
        buf->failed = !buf_move(buf, capacity);
        return !buf->failed;
}

res buf_make_room(struct buf *buf, size_t n)
{
        const bool failed_before = buf->failed;
        const bool made = buf_reserve(buf, n, 0);

        if (!made && !failed_before) {
                const bool too_large = buf->too_large;

                buf->failed = buf->too_large = false;
                return FAIL(too_large ? ERR_TOO_LARGE : ERR_MEMORY);
        }
        return made ? RES_OK : buf_check(buf);
}

void buf_add(struct buf *buf, const void *bytes, size_t n)
{
        if (n == 0 || !buf_reserve(buf, n, 0))
                return;
        memcpy(buf->p + buf->n, bytes, n);
        buf->n += n;
}

void buf_add_str(struct buf *buf, struct str s)
{
        buf_add(buf, s.p, s.n);
}

void buf_add_text(struct buf *buf, const char *text)
{
        buf_add(buf, text, strlen(text));
}

void buf_add_byte(struct buf *buf, uint8_t byte)
{
        if (buf_reserve(buf, 1, 0))
                buf->p[buf->n++] = byte;
}

static void buf_add_big_endian(struct buf *buf, uint64_t v, unsigned size)
{
        uint8_t bytes[8];

        for (unsigned i = 0; i < size; i++)
                bytes[i] = (uint8_t)(v >> 8 * (size - 1 - i));
        buf_add(buf, bytes, size);
}

void buf_add_u16(struct buf *buf, uint16_t v)
{
        buf_add_big_endian(buf, v, 2);
}

void buf_add_u32(struct buf *buf, uint32_t v)
{
        buf_add_big_endian(buf, v, 4);
}

void buf_add_u64(struct buf *buf, uint64_t v)
{
        buf_add_big_endian(buf, v, 8);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
        va_list args;
        int n;

        va_start(args, format);
        n = vsnprintf(NULL, 0, format, args);
        va_end(args);
        if (n < 0)
                buf->failed = true;
        if (n < 0 || !buf_reserve(buf, (size_t)n, 1))
                return;
        va_start(args, format);
        vsnprintf((char *)buf->p + buf->n, (size_t)n + 1, format, args);
        va_end(args);
        buf->n += (size_t)n;
}

uint8_t *buf_grow(struct buf *buf, size_t n)
{
        uint8_t *p;

        if (!buf_reserve(buf, n, 1))
                return NULL;
        p = buf->p + buf->n;
        memset(p, 0, n);
        buf->n += n;
        return p;
}

res buf_check(const struct buf *buf)
{
        if (!buf->failed)
                return RES_OK;
        return FAIL(buf->too_large ? ERR_TOO_LARGE : ERR_MEMORY);
}

char *buf_copy(const struct buf *buf, struct arena *arena)
{
        if (buf->failed && !buf->too_large)
                arena_exhausted();
        return str_copy(arena, buf_str(buf));
}

struct str buf_dup(const struct buf *buf, struct arena *arena)
{
        return (struct str){buf_copy(buf, arena), buf->n};
}

const char *buf_c(struct buf *buf)
{
        if (!buf_reserve(buf, 0, 1))
                return "";
        buf->p[buf->n] = 0;
        return (const char *)buf->p;
}
