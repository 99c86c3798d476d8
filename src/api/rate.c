/*
 * See rate.h.  Tokens are counted in thousandths, so that a millisecond's share of a rate of n a second is n.
 * Buckets live in sets of eight chosen by a hash of their owner; one lock a set, so that threads rarely meet.
 */
#include "api/rate.h"

#include <pthread.h>
#include <stdlib.h>

#define RATE_SETS 512 /* 4,096 buckets: about 1,300 accounts active at once, 150 KB */
#define RATE_WAYS 8
#define RATE_TOKEN 1000

struct bucket {
        int64_t account_id; /* 0 = free */
        int64_t used_ms;
        int64_t tokens; /* thousandths */
        enum api_rate_class class;
};

struct bucket_set {
        pthread_mutex_t lock;
        struct bucket v[RATE_WAYS];
};

struct api_rate {
        struct bucket_set sets[RATE_SETS];
};

/* A person never meets these; a program that polls a thousand certificates every ten seconds does not either. */
static const struct {
        int64_t per_sec, burst;
} rates[API_RATE_COUNT] = {
        [API_RATE_READ] = {100, 300},
        [API_RATE_WRITE] = {50, 150},
        [API_RATE_HEAVY] = {20, 100},
};

struct api_rate *api_rate_new(void)
{
        struct api_rate *rate = calloc(1, sizeof *rate);

        if (rate == NULL)
                return NULL;
        for (size_t i = 0; i < RATE_SETS; i++)
                pthread_mutex_init(&rate->sets[i].lock, /* attr= */ NULL);
        return rate;
}

void api_rate_free(struct api_rate *rate)
{
        if (rate == NULL)
                return;
        for (size_t i = 0; i < RATE_SETS; i++)
                pthread_mutex_destroy(&rate->sets[i].lock);
        free(rate);
}

static struct bucket_set *set_of(struct api_rate *rate, int64_t account_id, enum api_rate_class class)
{
        uint64_t h = ((uint64_t)account_id + (uint64_t) class) * 0x9E3779B97F4A7C15u;

        return &rate->sets[(h >> 32) % RATE_SETS];
}

/* The owner's bucket, or the one unused for longest made the owner's and full. */
static struct bucket *bucket_of(struct bucket_set *set, int64_t account_id, enum api_rate_class class, int64_t now_ms)
{
        struct bucket *oldest = &set->v[0];

        for (size_t i = 0; i < RATE_WAYS; i++) {
                struct bucket *b = &set->v[i];

                if (b->account_id == account_id && b->class == class)
                        return b;
                if (b->account_id == 0 || (oldest->account_id != 0 && b->used_ms < oldest->used_ms))
                        oldest = b;
        }
        *oldest = (struct bucket){
                .account_id = account_id, .class = class, .used_ms = now_ms, .tokens = rates[class].burst * RATE_TOKEN};
        return oldest;
}

static bool bucket_take(struct bucket *b, int64_t now_ms)
{
        const int64_t full = rates[b->class].burst * RATE_TOKEN;
        int64_t passed_ms = now_ms - b->used_ms;

        if (passed_ms > full) /* long enough for any rate; keeps the product small */
                passed_ms = full;
        if (passed_ms > 0) {
                b->tokens += passed_ms * rates[b->class].per_sec;
                b->used_ms = now_ms;
        }
        if (b->tokens > full)
                b->tokens = full;
        if (b->tokens < RATE_TOKEN)
                return false;
        b->tokens -= RATE_TOKEN;
        return true;
}

bool api_rate_take(struct api_rate *rate, int64_t account_id, enum api_rate_class class, int64_t now_ms)
{
        struct bucket_set *set = set_of(rate, account_id, class);
        bool has = false;

        pthread_mutex_lock(&set->lock);
        has = bucket_take(bucket_of(set, account_id, class, now_ms), now_ms);
        pthread_mutex_unlock(&set->lock);
        return has;
}
