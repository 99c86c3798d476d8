/*
 * A chain of blocks, the newest first.  A small thing is cut from the newest block; a thing larger than
 * half a block gets a block of its own, put behind the newest so that the room there is not lost.
 * Blocks come from calloc, so whatever was never handed out twice is zero already; a block that is kept for the next use is
 * wiped as far as it was used, which is less than a new one costs, and nobody may look at it until then (AddressSanitizer).
 */
#include "base/arena.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sanitizer/asan_interface.h>

enum { ARENA_BLOCK_BYTES = 8192, ARENA_ALIGN = 16 };

struct arena_block {
        struct arena_block *next;
        size_t used, size;
        _Alignas(ARENA_ALIGN) unsigned char bytes[];
};

struct arena_tied {
        struct arena_tied *next;
        void (*fn)(void *object);
        void *object;
};

struct arena {
        struct arena_block *blocks;
        struct arena_tied *tied;
        size_t total, ceiling;
};

static _Noreturn void arena_die(const char *why, size_t wanted)
{
        fprintf(stderr, "arena: %s (%zu bytes wanted)\n", why, wanted);
        abort();
}

_Noreturn void arena_exhausted(void)
{
        arena_die("out of memory", 0);
}

struct arena *arena_new(size_t ceiling_bytes)
{
        struct arena *arena = calloc(1, sizeof(*arena));

        if (!arena)
                arena_die("out of memory", sizeof(*arena));
        arena->ceiling = ceiling_bytes;
        return arena;
}

/* Runs what is tied, frees the blocks; the first of the usual size is returned instead, or NULL. */
static struct arena_block *arena_empty(struct arena *arena)
{
        struct arena_block *kept = NULL;

        for (struct arena_tied *tied = arena->tied; tied; tied = tied->next)
                tied->fn(tied->object);
        for (struct arena_block *block = arena->blocks, *next; block; block = next) {
                next = block->next;
                if (!kept && block->size == ARENA_BLOCK_BYTES)
                        kept = block;
                else
                        free(block);
        }
        return kept;
}

void arena_free(struct arena *arena)
{
        if (!arena)
                return;
        free(arena_empty(arena));
        free(arena);
}

void arena_clear(struct arena *arena)
{
        struct arena_block *kept = arena_empty(arena);

        if (kept) {
                memset(kept->bytes, 0, kept->used);
                kept->next = NULL;
                kept->used = 0;
                ASAN_POISON_MEMORY_REGION(kept->bytes, kept->size);
        }
        *arena = (struct arena){.blocks = kept, .total = kept ? kept->size : 0, .ceiling = arena->ceiling};
}

void arena_free_ptr(struct arena **arena)
{
        arena_free(*arena);
        *arena = NULL;
}

static struct arena_block *arena_block_new(struct arena *arena, size_t size)
{
        struct arena_block *block;

        if (size > arena->ceiling || arena->total > arena->ceiling - size)
                arena_die("over the ceiling", size);
        block = calloc(1, sizeof(*block) + size);
        if (!block)
                arena_die("out of memory", size);
        block->size = size;
        arena->total += size;
        return block;
}

/* A block for `size` bytes more, chained; a large one stays behind the newest. */
static struct arena_block *arena_block_add(struct arena *arena, size_t size)
{
        const bool large = size > ARENA_BLOCK_BYTES / 2;
        struct arena_block *block;
        size_t block_size = large ? size : ARENA_BLOCK_BYTES;

        if (!large && block_size > arena->ceiling - arena->total)
                block_size = size;
        block = arena_block_new(arena, block_size);
        if (large && arena->blocks) {
                block->next = arena->blocks->next;
                arena->blocks->next = block;
        } else {
                block->next = arena->blocks;
                arena->blocks = block;
        }
        return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
        struct arena_block *block = arena->blocks;
        void *p;

        if (size > arena->ceiling)
                arena_die("over the ceiling", size);
        size = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
        if (size == 0)
                size = ARENA_ALIGN;
        if (!block || block->size - block->used < size)
                block = arena_block_add(arena, size);
        if (block->used == 0)
                ASAN_UNPOISON_MEMORY_REGION(block->bytes, block->size);
        p = block->bytes + block->used;
        block->used += size;
        return p;
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
        size_t total;

        if (__builtin_mul_overflow(count, size, &total))
                arena_die("array overflows", count);
        return arena_alloc(arena, total);
}

void *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
        void *p = arena_alloc(arena, size);

        if (size)
                memcpy(p, bytes, size);
        return p;
}

char *arena_strndup(struct arena *arena, const char *text, size_t size)
{
        char *p;

        if (size >= arena->ceiling)
                arena_die("over the ceiling", size);
        p = arena_alloc(arena, size + 1);
        if (size)
                memcpy(p, text, size);
        return p;
}

char *arena_strdup(struct arena *arena, const char *text)
{
        return arena_strndup(arena, text, strlen(text));
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
        struct arena_block *block = arena->blocks;
        const size_t room = block && block->used > 0 ? block->size - block->used : 0;
        char *const here = room > 0 ? (char *)block->bytes + block->used : NULL;
        va_list again;
        char *p;
        int n;

        va_copy(again, args);
        n = vsnprintf(here, room, format, again);
        va_end(again);
        if (n < 0)
                arena_die("format failed", 0);
        const bool whole = (size_t)n < room;

        if (here && !whole)
                memset(here, 0, room); /* what is handed out is zero */
        p = arena_alloc(arena, (size_t)n + 1);
        if (p == here && whole)
                return p;
        if (whole)
                memset(here, 0, (size_t)n);
        vsnprintf(p, (size_t)n + 1, format, args);
        return p;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
        va_list args;
        char *p;

        va_start(args, format);
        p = arena_vprintf(arena, format, args);
        va_end(args);
        return p;
}

void arena_tie(struct arena *arena, void (*fn)(void *object), void *object)
{
        struct arena_tied *tied = arena_new_of(arena, struct arena_tied);

        *tied = (struct arena_tied){.next = arena->tied, .fn = fn, .object = object};
        arena->tied = tied;
}
