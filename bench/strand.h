/*
 * Many clients in one thread: each is a strand with a stack of its own, written top to bottom, that gives way while its socket
 * has nothing.  A thread for each would make every answer of the service wake another thread, on the service's account.
 */
#pragma once

typedef void strand_fn(void *arg);

/* Runs with the next strand_run(), or, from inside a strand, as soon as that one gives way. */
void strand_new(strand_fn *fn, void *arg);
/* Until every strand has ended, save those that strand_serve() made. */
void strand_run(void);
/* The same for one that never ends. */
void strand_serve(strand_fn *fn, void *arg);

/* Inside a strand.  fd: non-blocking, from now on the strand's own. */
void strand_own(int fd);
void strand_wait(void); /* until something happens on it */
void strand_sleep(int ms);
/* Until all strands of strand_new() are here; the last one runs `then`. */
void strand_meet(void (*then)(void *arg), void *arg);
