/*
 * One thread that writes for all who do not wait for it.  What is to be written is pushed as a step, by any thread; all steps that wait
 * are one group of the store, with one commit and one sync, and each is called back when that is durable, or refused for good.
 * While a round commits, the next gathers, so the more there is to write the less each costs.  Whoever sleeps until his
 * transaction is durable uses store_run(), and shares a commit with these where they meet.
 */
#pragma once

#include <stdatomic.h>

#include "base/res.h"
#include "store/store.h"

struct writer;

struct writer_step {             /* the pusher's memory, the writer's until `done` is called; then it may go */
        struct store_work work;  /* without fn: there is nothing to write, it only goes on with the round */
        int64_t owner;           /* whose turn it is, where more wait than a round holds */
        /*
         * On the writer's thread, with what store_run() would return; what it reads is of one moment for the whole round.  It may push and
         * do what is quick; everybody waits for it.
         */
        void (*done)(void *arg, res stored);
        void *arg;
        struct writer_step *next; /* the writer's own */
};

MUST res writer_new(struct store *store, struct writer **ret_writer);
MUST res writer_start(struct writer *writer);
/* Those at work who will push something soon, counted by whoever knows: where they are many, a round of few waits for more, as it does
 * where many owners pushed lately. */
void writer_expect(struct writer *writer, const atomic_int *at_work);
/* How long a round that begins now would wait for more, 0 = not at all: whoever gathers for it may do the same. */
int writer_gather_ms(struct writer *writer);
void writer_push(struct writer *writer, struct writer_step *step);
/* What was pushed is done; then nobody may push any more.  NULL is fine. */
void writer_stop(struct writer *writer);
void writer_free(struct writer *writer); /* NULL is fine */

/* The next round, taken off the queue of n: all, or where more wait than a round holds, their owners' in turn. */
#define WRITER_ROUND 64
size_t writer_take(struct writer_step **queue, struct writer_step *taken[WRITER_ROUND], size_t n);
