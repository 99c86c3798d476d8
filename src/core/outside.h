/*
 * Request threads that wait for the outside world: a look at a name, a CAA record.  Hosts and name servers may be slow on
 * purpose, and threads are few; so only some may wait at once, and of one account only half of these.  Who finds no room
 * does without waiting: the work goes on by itself and the client asks again.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTSIDE_MAX 24        /* of the server's 32 workers: the others stay for what waits for nobody outside */
#define OUTSIDE_ACCOUNT_MAX 8

struct core;

struct outside { /* embedded in struct core; all zero = nobody waits */
        pthread_mutex_t lock;
        int64_t accounts[OUTSIDE_MAX];
        size_t count;
};

/* True: wait, and leave afterwards. */
bool outside_enter(struct core *core, int64_t account_id);
void outside_leave(struct core *core, int64_t account_id);
