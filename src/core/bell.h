/*
 * Waiting for something that another thread will bring about, without a thread that sleeps: a call is left here, and whoever
 * rings makes it.
 */
#pragma once

#include <stdint.h>

#include "base/res.h"
#include "base/str.h"

struct bell;

MUST res bell_new(struct bell **ret_bell);
void bell_free(struct bell *bell); /* calls that are left are made, as if their time had come */
uint64_t bell_key(struct str text);
/*
 * To be made once: by the next ring of its key, on the thread that rings, or by the bell's own thread when the time has come.
 * `outcome` is what the ringer knows of it, borrowed: what was stored, of the type that belongs to the key; NULL where
 * the time has come or it is to be read.  It must be quick, and is called without a lock.
 */
struct bell_call { /* the caller's memory, the bell's until `fn` is called; then it may go */
        uint64_t key;
        int64_t until_ms; /* monotonic */
        void (*fn)(void *arg, const void *outcome);
        void *arg;
        struct bell_call *next; /* the bell's own */
};
/* Before the thing is begun that will ring: nobody looks whether it has come already.  `fn` may be called before it returns. */
void bell_leave(struct bell *bell, struct bell_call *call);
void bell_ring(struct bell *bell, uint64_t key, const void *outcome); /* a bell of NULL is fine */
