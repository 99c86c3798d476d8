/*
 * See nonce.h.  What is kept is a keyed 64-bit hash of (key, nonce, time stamp) and when it may be forgotten, in a
 * table of fixed size; the hash key is drawn at start, so that nobody can aim at one corner of it.
 */
#include "api/nonce.h"

#include "base/buf.h"
#include "base/digest.h"
#include "base/limits.h"
#include "base/random.h"

#include <pthread.h>
#include <stdlib.h>

#define NONCE_SETS 4096 /* × 16 ways = 65,536 requests in ten minutes, 1 MB once used; v1 is the old way */
#define NONCE_WAYS 16

struct nonce_set {
        struct {
                uint64_t hash;
                int64_t forget_sec;
        } v[NONCE_WAYS];
};

struct nonces {
        pthread_mutex_t lock;
        uint8_t key[32];
        struct nonce_set sets[NONCE_SETS];
};

struct nonces *nonces_new(void)
{
        struct nonces *nonces = calloc(1, sizeof *nonces);

        if (nonces == NULL)
                return NULL;
        pthread_mutex_init(&nonces->lock, /* attr= */ NULL);
        random_bytes(nonces->key, sizeof nonces->key);
        return nonces;
}

void nonces_free(struct nonces *nonces)
{
        if (nonces == NULL)
                return;
        pthread_mutex_destroy(&nonces->lock);
        free(nonces);
}

/* Lengths go in first, so that no two triples read the same. */
static res nonce_hash(const struct nonces *nonces, struct str secret_id, struct str nonce, int64_t stamp_sec,
                      uint64_t *ret_hash)
{
        CLEAN(buf_done) struct buf text = {0};
        uint8_t digest[DIGEST_SHA256_SIZE];

        buf_init(&text, LIMIT_AUTH_HEADER + 1024);
        buf_add(&text, nonces->key, sizeof nonces->key);
        buf_add_u64(&text, secret_id.n);
        buf_add_u64(&text, (uint64_t)stamp_sec);
        buf_add_str(&text, secret_id);
        buf_add_str(&text, nonce);
        TRY(buf_check(&text));
        digest_sha256(buf_bytes(&text), digest);
        memcpy(ret_hash, digest, sizeof *ret_hash);
        return RES_OK;
}

static res set_use(struct nonce_set *set, uint64_t hash, int64_t forget_sec, int64_t now_sec)
{
        size_t free_way = NONCE_WAYS;

        for (size_t i = 0; i < NONCE_WAYS; i++) {
                if (set->v[i].forget_sec < now_sec)
                        free_way = i;
                else
                        ENSURE(set->v[i].hash != hash, ERR_AUTH_SIGNATURE);
        }
        ENSURE(free_way < NONCE_WAYS, ERR_RATE);
        set->v[free_way].hash = hash;
        set->v[free_way].forget_sec = forget_sec;
        return RES_OK;
}

res nonces_use(struct nonces *nonces, struct str secret_id, struct str nonce, int64_t stamp_sec, int64_t now_sec)
{
        uint64_t hash = 0;

        TRY(nonce_hash(nonces, secret_id, nonce, stamp_sec, &hash));
        pthread_mutex_lock(&nonces->lock);
        res r = set_use(&nonces->sets[hash % NONCE_SETS], hash, stamp_sec + LIMIT_AUTH_WINDOW_SEC, now_sec);
        pthread_mutex_unlock(&nonces->lock);
        return r;
}
