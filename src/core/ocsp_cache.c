/* See ocsp_cache.h.  The serials are our own random numbers, so a piece of one is the hash. */
#include "core/ocsp_cache.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "core/issuers.h"

#define OCSP_WAYS 4
#define OCSP_SETS (LIMIT_OCSP_CACHE / OCSP_WAYS)
#define OCSP_LOCKS 64
#define OCSP_SERIAL_MAX 20 /* RFC 5280 §4.1.2.2 */

struct ocsp_kept {
        struct ocsp_meta meta;
        size_t size;
        uint8_t answer[];
};

struct ocsp_entry { /* small: four of them are looked at for a question */
        const struct issuer *issuer;
        int64_t shard;
        uint32_t digest, serial_size;
        uint8_t serial[OCSP_SERIAL_MAX];
        struct ocsp_kept *kept; /* NULL = free */
};

struct ocsp_cache {
        pthread_mutex_t locks[OCSP_LOCKS]; /* set i is under lock i % OCSP_LOCKS */
        _Atomic uint64_t generation;
        struct ocsp_entry sets[OCSP_SETS][OCSP_WAYS];
};

res ocsp_cache_new(struct ocsp_cache **ret_cache)
{
        struct ocsp_cache *cache = calloc(1, sizeof *cache);

        ENSURE(cache != NULL, ERR_MEMORY);
        for (size_t i = 0; i < OCSP_LOCKS; i++)
                pthread_mutex_init(&cache->locks[i], NULL);
        *ret_cache = cache;
        return RES_OK;
}

void ocsp_cache_free(struct ocsp_cache *cache)
{
        if (cache == NULL)
                return;
        for (size_t i = 0; i < OCSP_SETS; i++)
                for (size_t way = 0; way < OCSP_WAYS; way++)
                        free(cache->sets[i][way].kept);
        for (size_t i = 0; i < OCSP_LOCKS; i++)
                pthread_mutex_destroy(&cache->locks[i]);
        free(cache);
}

static size_t ocsp_set_of(const struct ocsp_key *key)
{
        uint64_t hash = 0;
        size_t n = key->serial.n < sizeof hash ? key->serial.n : sizeof hash;

        memcpy(&hash, key->serial.p + key->serial.n - n, n);
        return (size_t)((hash ^ (uint64_t)key->digest) % OCSP_SETS);
}

static bool ocsp_entry_is(const struct ocsp_entry *entry, const struct ocsp_key *key)
{
        return entry->kept != NULL && entry->issuer == key->issuer && entry->digest == (uint32_t)key->digest &&
               entry->serial_size == key->serial.n && memcmp(entry->serial, key->serial.p, key->serial.n) == 0;
}

static void ocsp_entry_clear(struct ocsp_entry *entry)
{
        free(entry->kept);
        *entry = (struct ocsp_entry){.kept = NULL};
}

bool ocsp_cache_get(struct ocsp_cache *cache, const struct ocsp_key *key, int64_t good_until_sec, struct buf *out,
                    struct ocsp_meta *ret_meta)
{
        const size_t set = ocsp_set_of(key);
        const struct ocsp_kept *found = NULL;

        pthread_mutex_lock(&cache->locks[set % OCSP_LOCKS]);
        for (size_t way = 0; way < OCSP_WAYS && found == NULL; way++)
                if (ocsp_entry_is(&cache->sets[set][way], key) && cache->sets[set][way].kept->meta.next_update > good_until_sec)
                        found = cache->sets[set][way].kept;
        if (found != NULL) {
                buf_add(out, found->answer, found->size);
                *ret_meta = found->meta;
        }
        pthread_mutex_unlock(&cache->locks[set % OCSP_LOCKS]);
        return found != NULL;
}

uint64_t ocsp_cache_generation(struct ocsp_cache *cache)
{
        return atomic_load(&cache->generation);
}

/* Its own place, a free one, or that of the oldest. */
static struct ocsp_entry *ocsp_place_for(struct ocsp_entry *ways, const struct ocsp_key *key)
{
        struct ocsp_entry *place = &ways[0];

        for (size_t way = 0; way < OCSP_WAYS; way++) {
                if (ocsp_entry_is(&ways[way], key))
                        return &ways[way];
                if (ways[way].kept == NULL ||
                    (place->kept != NULL && ways[way].kept->meta.this_update < place->kept->meta.this_update))
                        place = &ways[way];
        }
        return place;
}

static struct ocsp_kept *ocsp_kept_new(struct bytes answer, const struct ocsp_meta *meta)
{
        struct ocsp_kept *kept = malloc(sizeof *kept + answer.n);

        if (kept == NULL)
                return NULL;
        kept->meta = *meta;
        kept->size = answer.n;
        memcpy(kept->answer, answer.p, answer.n);
        return kept;
}

void ocsp_cache_put(struct ocsp_cache *cache, const struct ocsp_key *key, int64_t shard, struct bytes answer,
                    const struct ocsp_meta *meta, uint64_t generation)
{
        const size_t set = ocsp_set_of(key);
        struct ocsp_kept *kept = answer.n > 0 && key->serial.n <= OCSP_SERIAL_MAX ? ocsp_kept_new(answer, meta) : NULL;

        if (kept == NULL) /* without memory there is one answer less in the cache */
                return;
        pthread_mutex_lock(&cache->locks[set % OCSP_LOCKS]);
        if (generation != atomic_load(&cache->generation)) {
                free(kept);
        } else {
                struct ocsp_entry *place = ocsp_place_for(cache->sets[set], key);

                ocsp_entry_clear(place);
                *place = (struct ocsp_entry){.issuer = key->issuer, .shard = shard, .digest = (uint32_t)key->digest,
                                             .serial_size = (uint32_t)key->serial.n, .kept = kept};
                memcpy(place->serial, key->serial.p, key->serial.n);
        }
        pthread_mutex_unlock(&cache->locks[set % OCSP_LOCKS]);
}

/* The generation goes up before a lock is taken: a put that still saw the old one is done before, and is forgotten here. */
void ocsp_cache_forget(struct ocsp_cache *cache, struct str issuer, int64_t shard)
{
        atomic_fetch_add(&cache->generation, 1);
        for (size_t set = 0; set < OCSP_SETS; set++) {
                pthread_mutex_lock(&cache->locks[set % OCSP_LOCKS]);
                for (size_t way = 0; way < OCSP_WAYS; way++) {
                        struct ocsp_entry *entry = &cache->sets[set][way];

                        if (entry->kept != NULL && entry->shard == shard && str_equals(issuer, entry->issuer->name))
                                ocsp_entry_clear(entry);
                }
                pthread_mutex_unlock(&cache->locks[set % OCSP_LOCKS]);
        }
}
