/*
 * Keys share a fixed number of slots.  A thread looks through the calls that were left, ten times a second and only while there
 * are any: nearly all are made by a ring long before their time.
 */
#include "core/bell.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

#define BELL_SLOTS 256
#define BELL_LATE_MS 100 /* how late a call may be made at most */

struct bell_slot {
        pthread_mutex_t lock;
        struct bell_call *calls;
};

struct bell {
        struct bell_slot slots[BELL_SLOTS];
        atomic_int left; /* calls, in all slots */
        pthread_t thread;
        pthread_mutex_t lock; /* of the thread's sleep */
        pthread_cond_t work;
        bool sleeps, stopping;
};

/* ---- calls whose time has come ------------------------------------------------------------------------------- */

/* Those with this key, or, without one, whose time has come, taken out of the slot; under its lock. */
static struct bell_call *calls_take(struct bell *bell, struct bell_slot *slot, const uint64_t *key, int64_t now_ms)
{
        struct bell_call *taken = NULL, **link = &slot->calls;

        while (*link) {
                struct bell_call *call = *link;

                if (key ? call->key != *key : call->until_ms > now_ms) {
                        link = &call->next;
                        continue;
                }
                *link = call->next;
                call->next = taken;
                taken = call;
                atomic_fetch_sub(&bell->left, 1);
        }
        return taken;
}

static void calls_make(struct bell_call *call, const void *outcome)
{
        for (struct bell_call *next; call; call = next) {
                next = call->next;
                call->fn(call->arg, outcome); /* it is gone from here on */
        }
}

static void calls_make_late(struct bell *bell, int64_t now_ms)
{
        for (size_t i = 0; i < BELL_SLOTS; i++) {
                struct bell_slot *slot = &bell->slots[i];

                pthread_mutex_lock(&slot->lock);
                struct bell_call *late = calls_take(bell, slot, /* key= */ NULL, now_ms);

                pthread_mutex_unlock(&slot->lock);
                calls_make(late, /* outcome= */ NULL);
        }
}

static void *bell_thread(void *arg)
{
        struct bell *bell = arg;

        pthread_mutex_lock(&bell->lock);
        while (!bell->stopping) {
                bell->sleeps = true;
                while (atomic_load(&bell->left) == 0 && !bell->stopping)
                        pthread_cond_wait(&bell->work, &bell->lock);
                bell->sleeps = false;
                const int64_t until_ms = clock_mono_ms() + BELL_LATE_MS;
                const struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};

                if (!bell->stopping)
                        (void)pthread_cond_timedwait(&bell->work, &bell->lock, &until);
                pthread_mutex_unlock(&bell->lock);
                calls_make_late(bell, clock_mono_ms());
                pthread_mutex_lock(&bell->lock);
        }
        pthread_mutex_unlock(&bell->lock);
        return NULL;
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

static void bell_destroy(struct bell *bell)
{
        for (size_t i = 0; i < BELL_SLOTS; i++)
                pthread_mutex_destroy(&bell->slots[i].lock);
        pthread_mutex_destroy(&bell->lock);
        pthread_cond_destroy(&bell->work);
        free(bell);
}

res bell_new(struct bell **ret_bell)
{
        struct bell *bell = calloc(1, sizeof *bell);
        pthread_condattr_t monotonic;

        ENSURE(bell != NULL, ERR_MEMORY);
        pthread_condattr_init(&monotonic);
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        for (size_t i = 0; i < BELL_SLOTS; i++)
                pthread_mutex_init(&bell->slots[i].lock, NULL);
        pthread_mutex_init(&bell->lock, NULL);
        pthread_cond_init(&bell->work, &monotonic);
        pthread_condattr_destroy(&monotonic);
        if (pthread_create(&bell->thread, NULL, bell_thread, bell) != 0) {
                bell_destroy(bell);
                return FAIL(ERR_MEMORY);
        }
        *ret_bell = bell;
        return RES_OK;
}

void bell_free(struct bell *bell)
{
        if (bell == NULL)
                return;
        pthread_mutex_lock(&bell->lock);
        bell->stopping = true;
        pthread_cond_signal(&bell->work);
        pthread_mutex_unlock(&bell->lock);
        pthread_join(bell->thread, NULL);
        calls_make_late(bell, INT64_MAX);
        bell_destroy(bell);
}

/* ---- keys ------------------------------------------------------------------------------------------------------ */

uint64_t bell_key(struct str text)
{
        uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */

        for (size_t i = 0; i < text.n; i++)
                hash = (hash ^ (uint8_t)text.p[i]) * 0x100000001b3u;
        return hash;
}

static struct bell_slot *slot_of(struct bell *bell, uint64_t key)
{
        return &bell->slots[(key * 0x9E3779B97F4A7C15u) >> 56];
}

void bell_leave(struct bell *bell, struct bell_call *call)
{
        struct bell_slot *slot = slot_of(bell, call->key);

        pthread_mutex_lock(&slot->lock);
        call->next = slot->calls;
        slot->calls = call;
        const bool first = atomic_fetch_add(&bell->left, 1) == 0;

        pthread_mutex_unlock(&slot->lock); /* from here on the call may be gone */
        if (!first)
                return;
        pthread_mutex_lock(&bell->lock);
        if (bell->sleeps)
                pthread_cond_signal(&bell->work);
        pthread_mutex_unlock(&bell->lock);
}

void bell_ring(struct bell *bell, uint64_t key, const void *outcome)
{
        if (bell == NULL)
                return;
        struct bell_slot *slot = slot_of(bell, key);

        pthread_mutex_lock(&slot->lock);
        struct bell_call *calls = calls_take(bell, slot, &key, 0);

        pthread_mutex_unlock(&slot->lock);
        calls_make(calls, outcome);
}
