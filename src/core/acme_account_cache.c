/*
 * Which key an account id stands for, remembered for a minute and ready to verify: every signed request asks.  Direct-mapped, of fixed size;
 * a change made here empties the slot, one made on another node is seen when the minute is over.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/limits.h"
#include "core/acme_account_inner.h"
#include "core/core.h"
#include "pki/spki.h"

#define CACHE_SLOTS 2048
#define CACHE_LOCKS 32

struct cache_slot {
        int64_t put_at; /* 0 = empty */
        struct acme_account account;
};

struct acme_account_cache {
        atomic_uint_fast64_t generation;
        pthread_mutex_t locks[CACHE_LOCKS];
        struct cache_slot slots[CACHE_SLOTS];
};

res acme_account_cache_new(struct acme_account_cache **ret_cache)
{
        struct acme_account_cache *cache = calloc(1, sizeof *cache);

        ENSURE(cache != NULL, ERR_MEMORY);
        for (size_t i = 0; i < CACHE_LOCKS; i++)
                pthread_mutex_init(&cache->locks[i], NULL);
        *ret_cache = cache;
        return RES_OK;
}

void acme_account_cache_free(struct acme_account_cache *cache)
{
        if (cache == NULL)
                return;
        for (size_t i = 0; i < CACHE_SLOTS; i++)
                pki_public_free(cache->slots[i].account.ready);
        for (size_t i = 0; i < CACHE_LOCKS; i++)
                pthread_mutex_destroy(&cache->locks[i]);
        free(cache);
}

bool acme_cache_get(struct act *act, int64_t acme_id, struct acme_account *ret_account, uint64_t *ret_generation)
{
        struct acme_account_cache *cache = act->core->acme_accounts;
        const size_t place = (uint64_t)acme_id % CACHE_SLOTS;
        bool found = false;

        if (cache == NULL)
                return false;
        *ret_generation = atomic_load(&cache->generation);
        pthread_mutex_lock(&cache->locks[place % CACHE_LOCKS]);
        const struct cache_slot *slot = &cache->slots[place];

        if (slot->put_at > 0 && slot->account.acme_id == acme_id && act->now_sec - slot->put_at < LIMIT_KEY_CACHE_SEC &&
            act->now_sec >= slot->put_at) {
                *ret_account = slot->account;
                acme_account_hold(act, slot->account.ready);
                found = true;
        }
        pthread_mutex_unlock(&cache->locks[place % CACHE_LOCKS]);
        return found;
}

static void slot_set(struct cache_slot *slot, int64_t put_at, const struct acme_account *account)
{
        pki_public_free(slot->account.ready);
        *slot = (struct cache_slot){put_at, *account};
        pki_public_hold(account->ready);
}

void acme_cache_put(struct act *act, const struct acme_account *account, uint64_t generation)
{
        struct acme_account_cache *cache = act->core->acme_accounts;
        const size_t place = (uint64_t)account->acme_id % CACHE_SLOTS;

        if (cache == NULL)
                return;
        pthread_mutex_lock(&cache->locks[place % CACHE_LOCKS]);
        if (atomic_load(&cache->generation) == generation) /* else what was loaded may be older than a change */
                slot_set(&cache->slots[place], act->now_sec, account);
        pthread_mutex_unlock(&cache->locks[place % CACHE_LOCKS]);
}

void acme_cache_forget(struct act *act, int64_t acme_id)
{
        struct acme_account_cache *cache = act->core->acme_accounts;
        const size_t place = (uint64_t)acme_id % CACHE_SLOTS;

        if (cache == NULL)
                return;
        pthread_mutex_lock(&cache->locks[place % CACHE_LOCKS]);
        atomic_fetch_add(&cache->generation, 1);
        slot_set(&cache->slots[place], /* put_at= */ 0, &(struct acme_account){0});
        pthread_mutex_unlock(&cache->locks[place % CACHE_LOCKS]);
}
