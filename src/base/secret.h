/* Bytes that must not leak: wiped on done, kept out of core dumps, compared in constant time, never logged. */
#pragma once

#include "base/res.h"
#include "base/str.h"

struct secret {
        uint8_t *p;
        size_t n;
};

MUST res secret_init(struct secret *secret, size_t size); /* zeroed */
MUST res secret_init_copy(struct secret *secret, const void *bytes, size_t size);
void secret_done(struct secret *secret);           /* wipes and frees; for CLEAN(); {0} is fine */
struct secret secret_take(struct secret *secret);  /* caller owns; the source is emptied */
bool secret_equal(struct bytes a, struct bytes b); /* constant time in the content */
void secret_wipe(void *p, size_t n);
/* For arena_tie(): wipes a NUL-terminated text when the arena is freed. */
void secret_wipe_text(void *text);
/* Once at the start of every program: no core dumps, not dumpable. */
void secret_harden_process(void);
static inline struct bytes secret_bytes(const struct secret *secret)
{
        return (struct bytes){secret->p, secret->n};
}
