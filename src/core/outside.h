/*
 * Request threads that wait: for the outside world, a look at a name, a CAA record; or for the round of issue, which stands
 * while issuing is switched off.  Hosts and name servers may be slow on purpose, and threads are few; so only some may wait at
 * once, and of one account only a third of these.  Who finds no room does without (long) waiting: the work goes on by itself
 * and the client asks again.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTSIDE_MAX 24        /* of the server's 32 workers: the others stay for what waits for nobody outside */
#define OUTSIDE_ACCOUNT_MAX 8

struct outside { /* embedded in struct core, one for each thing that is waited for; all zero = nobody waits */
        pthread_mutex_t lock;
        int64_t accounts[OUTSIDE_MAX];
        size_t count;
};

/* True: wait, and leave afterwards. */
bool outside_enter(struct outside *outside, int64_t account_id);
void outside_leave(struct outside *outside, int64_t account_id);
