/* Keys share a fixed number of slots, so a wait costs no memory and a ring wakes few others. */
#include "core/bell.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define BELL_SLOTS 256

struct bell_slot {
        pthread_mutex_t lock;
        pthread_cond_t rung;
        uint64_t count;
        unsigned waiting;
};

struct bell {
        struct bell_slot slots[BELL_SLOTS];
};

res bell_new(struct bell **ret_bell)
{
        struct bell *bell = calloc(1, sizeof *bell);
        pthread_condattr_t monotonic;

        ENSURE(bell != NULL, ERR_MEMORY);
        pthread_condattr_init(&monotonic);
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        for (size_t i = 0; i < BELL_SLOTS; i++) {
                pthread_mutex_init(&bell->slots[i].lock, NULL);
                pthread_cond_init(&bell->slots[i].rung, &monotonic);
        }
        pthread_condattr_destroy(&monotonic);
        *ret_bell = bell;
        return RES_OK;
}

void bell_free(struct bell *bell)
{
        if (bell == NULL)
                return;
        for (size_t i = 0; i < BELL_SLOTS; i++) {
                pthread_mutex_destroy(&bell->slots[i].lock);
                pthread_cond_destroy(&bell->slots[i].rung);
        }
        free(bell);
}

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

uint64_t bell_count(struct bell *bell, uint64_t key)
{
        struct bell_slot *slot = slot_of(bell, key);

        pthread_mutex_lock(&slot->lock);
        const uint64_t count = slot->count;

        pthread_mutex_unlock(&slot->lock);
        return count;
}

bool bell_wait(struct bell *bell, uint64_t key, uint64_t count, int64_t until_ms)
{
        struct bell_slot *slot = slot_of(bell, key);
        const struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
        bool late = false;

        pthread_mutex_lock(&slot->lock);
        slot->waiting++;
        while (slot->count == count && !late)
                late = pthread_cond_timedwait(&slot->rung, &slot->lock, &until) != 0;
        const bool rung = slot->count != count;

        slot->waiting--;
        pthread_mutex_unlock(&slot->lock);
        return rung;
}

void bell_ring(struct bell *bell, uint64_t key)
{
        if (bell == NULL)
                return;
        struct bell_slot *slot = slot_of(bell, key);

        pthread_mutex_lock(&slot->lock);
        slot->count++;
        if (slot->waiting > 0)
                pthread_cond_broadcast(&slot->rung);
        pthread_mutex_unlock(&slot->lock);
}
