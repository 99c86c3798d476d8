/*
 * Two tables of a fixed size, each of many small sets: a text's hash picks the set, the set's least recently used
 * slot makes room.  Nothing is allocated after the start, a stranger who floods it only costs himself look-ups, and
 * what leaves a slot is wiped.
 */
#include "core/account_cache.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/random.h"
#include "base/secret.h"

#define ACCOUNT_WAYS 8
#define ACCOUNT_SETS (LIMIT_KEY_CACHE_ENTRIES / ACCOUNT_WAYS)
#define ACCOUNT_NAME_BYTES 160 /* SecretId, date and service with a byte between; a longer one is not remembered */

struct account_slot {
        uint64_t used; /* 0 = empty */
        uint64_t hash;
        int64_t put_at;
        size_t name_n;
        char name[ACCOUNT_NAME_BYTES];
        union {
                struct account_facts facts;
                uint8_t signing[TC3_KEY_SIZE];
        } of;
};

struct account_cache {
        pthread_mutex_t lock;
        uint64_t seed, tick, generation;
        struct account_slot *facts, *signing;
};

struct account_text { /* the text a slot is found by */
        char p[ACCOUNT_NAME_BYTES];
        size_t n;
        bool too_long;
};

static void account_text_add(struct account_text *text, struct str part)
{
        if (text->too_long || part.n + 1 > sizeof text->p - text->n) {
                text->too_long = true;
                return;
        }
        memcpy(text->p + text->n, part.p, part.n);
        text->n += part.n;
        text->p[text->n++] = '\n'; /* in none of the parts: no two triples give one text */
}

/* FNV-1a from a secret start: callers cannot aim at one set. */
static uint64_t account_hash(const struct account_cache *cache, const struct account_text *text)
{
        uint64_t hash = cache->seed;

        for (size_t i = 0; i < text->n; i++)
                hash = (hash ^ (uint8_t)text->p[i]) * 0x100000001b3u;
        return hash ^ (hash >> 32);
}

static struct account_slot *account_find(struct account_slot *table, uint64_t hash, const struct account_text *text)
{
        struct account_slot *set = table + hash % ACCOUNT_SETS * ACCOUNT_WAYS;

        for (size_t i = 0; i < ACCOUNT_WAYS; i++)
                if (set[i].used && set[i].hash == hash && set[i].name_n == text->n &&
                    memcmp(set[i].name, text->p, text->n) == 0)
                        return set + i;
        return NULL;
}

/* The text's own slot, an empty one, or the least recently used of its set; wiped and named. */
static struct account_slot *account_take_slot(struct account_cache *cache, struct account_slot *table,
                                              const struct account_text *text)
{
        uint64_t hash = account_hash(cache, text);
        struct account_slot *set = table + hash % ACCOUNT_SETS * ACCOUNT_WAYS;
        struct account_slot *slot = account_find(table, hash, text);

        for (size_t i = 0; i < ACCOUNT_WAYS && !slot; i++)
                if (!set[i].used)
                        slot = set + i;
        if (!slot) {
                slot = set;
                for (size_t i = 1; i < ACCOUNT_WAYS; i++)
                        if (set[i].used < slot->used)
                                slot = set + i;
        }
        secret_wipe(slot, sizeof *slot);
        slot->used = ++cache->tick;
        slot->hash = hash;
        slot->name_n = text->n;
        memcpy(slot->name, text->p, text->n);
        return slot;
}

res account_cache_new(struct account_cache **ret_cache)
{
        struct account_cache *cache = calloc(1, sizeof *cache);

        ENSURE(cache, ERR_MEMORY);
        cache->facts = calloc(LIMIT_KEY_CACHE_ENTRIES, sizeof *cache->facts);
        cache->signing = calloc(LIMIT_KEY_CACHE_ENTRIES, sizeof *cache->signing);
        if (!cache->facts || !cache->signing || pthread_mutex_init(&cache->lock, NULL) != 0) {
                free(cache->facts);
                free(cache->signing);
                free(cache);
                return FAIL(ERR_MEMORY);
        }
        cache->seed = random_u64();
        *ret_cache = cache;
        return RES_OK;
}

void account_cache_clear(struct account_cache *cache)
{
        pthread_mutex_lock(&cache->lock);
        cache->generation++;
        /* Untouched pages stay untouched. */
        for (size_t i = 0; i < LIMIT_KEY_CACHE_ENTRIES; i++) {
                if (cache->facts[i].used)
                        secret_wipe(cache->facts + i, sizeof *cache->facts);
                if (cache->signing[i].used)
                        secret_wipe(cache->signing + i, sizeof *cache->signing);
        }
        pthread_mutex_unlock(&cache->lock);
}

void account_cache_free(struct account_cache *cache)
{
        if (!cache)
                return;
        account_cache_clear(cache);
        pthread_mutex_destroy(&cache->lock);
        free(cache->facts);
        free(cache->signing);
        free(cache);
}

void account_cache_forget(struct account_cache *cache, struct str secret_id)
{
        struct account_text text = {.n = 0};
        struct account_slot *slot;

        account_text_add(&text, secret_id);
        if (text.too_long)
                return;
        pthread_mutex_lock(&cache->lock);
        cache->generation++;
        slot = account_find(cache->facts, account_hash(cache, &text), &text);
        if (slot)
                secret_wipe(slot, sizeof *slot);
        for (size_t i = 0; i < LIMIT_KEY_CACHE_ENTRIES; i++) {
                slot = cache->signing + i;
                if (slot->used && slot->name_n > text.n && memcmp(slot->name, text.p, text.n) == 0)
                        secret_wipe(slot, sizeof *slot);
        }
        pthread_mutex_unlock(&cache->lock);
}

bool account_cache_get(struct account_cache *cache, struct str secret_id, int64_t now_sec,
                       struct account_facts *ret_facts, uint64_t *ret_generation)
{
        struct account_text text = {.n = 0};
        struct account_slot *slot = NULL;
        bool fresh;

        account_text_add(&text, secret_id);
        pthread_mutex_lock(&cache->lock);
        *ret_generation = cache->generation;
        if (!text.too_long)
                slot = account_find(cache->facts, account_hash(cache, &text), &text);
        fresh = slot && slot->put_at <= now_sec && now_sec - slot->put_at < LIMIT_KEY_CACHE_SEC;
        if (fresh) {
                slot->used = ++cache->tick;
                *ret_facts = slot->of.facts;
        }
        pthread_mutex_unlock(&cache->lock);
        return fresh;
}

void account_cache_put(struct account_cache *cache, struct str secret_id, int64_t now_sec,
                       const struct account_facts *facts, uint64_t generation)
{
        struct account_text text = {.n = 0};

        account_text_add(&text, secret_id);
        if (text.too_long)
                return;
        pthread_mutex_lock(&cache->lock);
        if (generation == cache->generation) {
                struct account_slot *slot = account_take_slot(cache, cache->facts, &text);
                slot->put_at = now_sec;
                slot->of.facts = *facts;
        }
        pthread_mutex_unlock(&cache->lock);
}

static void account_signing_text(struct account_text *text, struct str secret_id, struct str date, struct str service)
{
        *text = (struct account_text){.n = 0};
        account_text_add(text, secret_id);
        account_text_add(text, date);
        account_text_add(text, service);
}

bool account_cache_get_signing(struct account_cache *cache, struct str secret_id, struct str date, struct str service,
                               uint8_t ret_key[TC3_KEY_SIZE], uint64_t *ret_generation)
{
        struct account_text text;
        struct account_slot *slot = NULL;

        account_signing_text(&text, secret_id, date, service);
        pthread_mutex_lock(&cache->lock);
        *ret_generation = cache->generation;
        if (!text.too_long)
                slot = account_find(cache->signing, account_hash(cache, &text), &text);
        if (slot) {
                slot->used = ++cache->tick;
                memcpy(ret_key, slot->of.signing, TC3_KEY_SIZE);
        }
        pthread_mutex_unlock(&cache->lock);
        return slot != NULL;
}

void account_cache_put_signing(struct account_cache *cache, struct str secret_id, struct str date, struct str service,
                               const uint8_t key[TC3_KEY_SIZE], uint64_t generation)
{
        struct account_text text;

        account_signing_text(&text, secret_id, date, service);
        if (text.too_long)
                return;
        pthread_mutex_lock(&cache->lock);
        if (generation == cache->generation) {
                struct account_slot *slot = account_take_slot(cache, cache->signing, &text);
                memcpy(slot->of.signing, key, TC3_KEY_SIZE);
        }
        pthread_mutex_unlock(&cache->lock);
}
