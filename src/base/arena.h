/*
 * An arena holds whatever one request needs and is freed at once after the reply.
 * Memory is zeroed and never NULL: running out of it, or over the ceiling, ends the process
 * (the parent starts it again; the store survives that), so callers carry no failure path.
 * The limits on requests (limits.h) are what keeps an arena small.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct arena *arena_new(size_t ceiling_bytes);
void arena_free(struct arena *arena);                /* runs the destructors, wipes nothing */
void arena_free_ptr(struct arena **arena);           /* for CLEAN() */
void arena_clear(struct arena *arena);               /* as if freed and made anew; a block, wiped, is kept */
_Noreturn void arena_exhausted(void);                /* ends the process: for who could not fill an arena otherwise */
void *arena_alloc(struct arena *arena, size_t size); /* zeroed, aligned for any type */
void *arena_copy(struct arena *arena, const void *bytes, size_t size);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t size);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
/* Call fn(object) when the arena is freed, last tied first. */
void arena_tie(struct arena *arena, void (*fn)(void *object), void *object);

#define arena_new_of(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
/* Ends the process if count * sizeof(type) overflows. */
void *arena_alloc_array(struct arena *arena, size_t count, size_t size);
#define arena_array_of(arena, count, type) ((type *)arena_alloc_array((arena), (count), sizeof(type)))
