/* A small table behind a read-write lock: the listener's thread copies a list out, the job puts a newer one in. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "core/crl_cache.h"

#define CRL_ISSUER_NAME 48

struct crl_entry_cached {
        char issuer[CRL_ISSUER_NAME];
        int64_t shard;
        struct crl_meta meta;
        struct buf memory; /* the list is its end, from `at` */
        size_t at;
};

struct crl_cache {
        pthread_rwlock_t lock;
        struct crl_entry_cached *v;
        size_t n, capacity;
};

res crl_cache_new(struct crl_cache **ret_cache)
{
        struct crl_cache *cache = calloc(1, sizeof *cache);

        ENSURE(cache != NULL, ERR_MEMORY);
        pthread_rwlock_init(&cache->lock, NULL);
        *ret_cache = cache;
        return RES_OK;
}

void crl_cache_free(struct crl_cache *cache)
{
        if (cache == NULL)
                return;
        for (size_t i = 0; i < cache->n; i++)
                buf_done(&cache->v[i].memory);
        free(cache->v);
        pthread_rwlock_destroy(&cache->lock);
        free(cache);
}

/* A list's number is its own; its last bytes are those of a signature, which no other list has. */
static void crl_fill_etag(const struct crl_row *row, char etag[35])
{
        char hex[17];
        size_t n = row->signature.n < 8 ? row->signature.n : 8;

        hex_lower(bytes_of(row->signature.p + row->signature.n - n, n), hex);
        snprintf(etag, 35, "\"%llx-%s\"", (unsigned long long)row->crl_number & 0xffffffffff, hex);
}

static struct crl_entry_cached *cache_find(struct crl_cache *cache, struct str issuer, int64_t shard)
{
        for (size_t i = 0; i < cache->n; i++)
                if (cache->v[i].shard == shard && str_equals(issuer, cache->v[i].issuer))
                        return &cache->v[i];
        return NULL;
}

static struct crl_entry_cached *cache_find_or_add(struct crl_cache *cache, struct str issuer, int64_t shard)
{
        struct crl_entry_cached *entry = cache_find(cache, issuer, shard);

        if (entry != NULL)
                return entry;
        if (cache->n == cache->capacity) {
                size_t capacity = cache->capacity ? cache->capacity * 2 : 8;
                struct crl_entry_cached *v = realloc(cache->v, capacity * sizeof *v);

                if (v == NULL)
                        return NULL;
                cache->v = v;
                cache->capacity = capacity;
        }
        entry = &cache->v[cache->n++];
        *entry = (struct crl_entry_cached){.shard = shard};
        memcpy(entry->issuer, issuer.p, issuer.n);
        return entry;
}

/* Without the room that was left over when it was made. */
static struct buf take_memory(struct pki_crl *crl)
{
        struct buf memory = pki_crl_take_memory(crl);
        uint8_t *p = realloc(memory.p, memory.n);

        if (p != NULL) {
                memory.p = p;
                memory.capacity = memory.n;
        }
        return memory;
}

res crl_cache_take(struct crl_cache *cache, const struct crl_row *row, struct pki_crl *crl, struct bytes der)
{
        ENSURE(row->issuer.n < CRL_ISSUER_NAME, ERR_TOO_LARGE);
        struct crl_meta meta = {.number = row->crl_number, .this_update = row->this_update, .next_update = row->next_update};

        crl_fill_etag(row, meta.etag);
        pthread_rwlock_wrlock(&cache->lock);
        struct crl_entry_cached *entry = cache_find_or_add(cache, row->issuer, row->shard);

        if (entry != NULL && entry->meta.number < meta.number) { /* else another thread was faster with a newer one */
                buf_done(&entry->memory);
                entry->memory = take_memory(crl);
                entry->at = entry->memory.n - der.n;
                entry->meta = meta;
        }
        pthread_rwlock_unlock(&cache->lock);
        return entry ? RES_OK : FAIL(ERR_MEMORY);
}

bool crl_cache_get(struct crl_cache *cache, struct str issuer, int64_t shard, struct buf *out, struct crl_meta *ret_meta)
{
        pthread_rwlock_rdlock(&cache->lock);
        const struct crl_entry_cached *entry = cache_find(cache, issuer, shard);

        if (entry != NULL) {
                *ret_meta = entry->meta;
                if (out != NULL)
                        buf_add(out, entry->memory.p + entry->at, entry->memory.n - entry->at);
        }
        pthread_rwlock_unlock(&cache->lock);
        return entry != NULL;
}

int64_t crl_cache_number(struct crl_cache *cache, struct str issuer, int64_t shard)
{
        struct crl_meta meta = {0};

        return crl_cache_get(cache, issuer, shard, /* out= */ NULL, &meta) ? meta.number : 0;
}
