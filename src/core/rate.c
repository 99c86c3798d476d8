/* See rate.h.  Sets of eight buckets chosen by a hash, a lock a set; tokens are counted in thousandths. */
#include "core/rate.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/conf.h"
#include "core/bell.h"
#include "core/core.h"

#define RATE_SETS 1024
#define RATE_WAYS 8
#define RATE_TOKEN 1000

struct rate_bucket {
        uint64_t owner; /* 0 = free */
        int64_t used_ms, tokens;
};

struct rate_set {
        pthread_mutex_t lock;
        struct rate_bucket v[RATE_WAYS];
};

struct rate {
        struct rate_set sets[RATE_SETS];
};

static const struct {
        const char *what;
        int64_t burst, per_hour;
        bool by_address;
} rates[RATE_KIND_COUNT] = {
        [RATE_ACME_ACCOUNT] = {"new ACME accounts from this address", 50, 50, true},
        [RATE_ACME_ORDER] = {"new orders of this account", 300, 3600, false},
        [RATE_ACME_NAME] = {"new certificates for this registered domain", 300, 3600, false},
        [RATE_ACME_FAILURE] = {"failed challenges of this account for this name", 5, 5, false},
        [RATE_ACME_REQUEST] = {"requests from this address", 1000, 360000, true},
};

#define RATE_NETWORK_V6 8 /* octets: whoever has one address of version 6 has at least its /64 (RFC 6177), and could come from another each time */

res rate_new(struct rate **ret_rate)
{
        struct rate *rate = calloc(1, sizeof *rate);

        ENSURE(rate != NULL, ERR_MEMORY);
        for (size_t i = 0; i < RATE_SETS; i++)
                pthread_mutex_init(&rate->sets[i].lock, NULL);
        *ret_rate = rate;
        return RES_OK;
}

void rate_free(struct rate *rate)
{
        if (rate == NULL)
                return;
        for (size_t i = 0; i < RATE_SETS; i++)
                pthread_mutex_destroy(&rate->sets[i].lock);
        free(rate);
}

static struct rate_bucket *rate_bucket(struct rate_set *set, enum rate_kind kind, uint64_t owner, int64_t now_ms)
{
        struct rate_bucket *oldest = &set->v[0];

        for (size_t i = 0; i < RATE_WAYS; i++) {
                struct rate_bucket *bucket = &set->v[i];

                if (bucket->owner == owner)
                        return bucket;
                if (bucket->owner == 0 || (oldest->owner != 0 && bucket->used_ms < oldest->used_ms))
                        oldest = bucket;
        }
        *oldest = (struct rate_bucket){.owner = owner, .used_ms = now_ms, .tokens = rates[kind].burst * RATE_TOKEN};
        return oldest;
}

/* 0: there is one; else how many seconds until there will be. */
static int64_t rate_fill(struct rate_bucket *bucket, enum rate_kind kind, int64_t now_ms)
{
        const int64_t full = rates[kind].burst * RATE_TOKEN;
        const int64_t gained = (now_ms - bucket->used_ms) * rates[kind].per_hour / 3600;

        if (gained > 0) {
                bucket->tokens = bucket->tokens + gained < full ? bucket->tokens + gained : full;
                bucket->used_ms = now_ms;
        }
        if (bucket->tokens >= RATE_TOKEN)
                return 0;
        return (RATE_TOKEN - bucket->tokens) * 3600 / rates[kind].per_hour / 1000 + 1;
}

static uint64_t rate_owner(enum rate_kind kind, struct str who)
{
        uint8_t octets[16];

        if (rates[kind].by_address && who.n > 0 && memchr(who.p, ':', who.n) && address_parse(who, octets) == sizeof octets)
                who = (struct str){(const char *)octets, RATE_NETWORK_V6};
        return (bell_key(who) + (uint64_t)kind * 0x9E3779B97F4A7C15u) | 1;
}

static res rate_ask(struct act *act, enum rate_kind kind, struct str who, int64_t tokens)
{
        struct rate *rate = act->core->rate;

        if (rate == NULL || !act->core->conf->limits_rate)
                return RES_OK;
        const uint64_t owner = rate_owner(kind, who);
        struct rate_set *set = &rate->sets[(owner >> 20) % RATE_SETS];
        const int64_t now_ms = clock_mono_ms();

        pthread_mutex_lock(&set->lock);
        struct rate_bucket *bucket = rate_bucket(set, kind, owner, now_ms);
        const int64_t wait_sec = rate_fill(bucket, kind, now_ms);

        if (wait_sec == 0)
                bucket->tokens -= tokens;
        pthread_mutex_unlock(&set->lock);
        if (wait_sec == 0)
                return RES_OK;
        act->retry_after_sec = wait_sec;
        return act_fail(act, ERR_RATE, "Too many %s; try again in %lld s.", rates[kind].what, (long long)wait_sec);
}

res rate_take(struct act *act, enum rate_kind kind, struct str who)
{
        return rate_ask(act, kind, who, RATE_TOKEN);
}

res rate_look(struct act *act, enum rate_kind kind, struct str who)
{
        return rate_ask(act, kind, who, 0);
}
