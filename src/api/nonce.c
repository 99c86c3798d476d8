/*
 * See nonce.h.  What is kept is a keyed 64-bit hash of (key, nonce, time stamp) and when it may be forgotten, in a
 * table of fixed size; the hash key is drawn at start, so that nobody can aim at one corner of it.
 */
#include "api/nonce.h"

#include "base/limits.h"
#include "base/random.h"

#include <openssl/evp.h>
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

static void digest_free(EVP_MD_CTX **ctx)
{
        EVP_MD_CTX_free(*ctx);
}

/* Lengths go in first, so that no two triples read the same. */
static res nonce_hash(const struct nonces *nonces, struct str secret_id, struct str nonce, int64_t stamp_sec, uint64_t *ret_hash)
{
        CLEAN(digest_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        uint64_t head[3] = {secret_id.n, nonce.n, (uint64_t)stamp_sec};
        uint8_t digest[32];

        ENSURE(ctx != NULL, ERR_MEMORY);
        ENSURE(EVP_DigestInit_ex(ctx, EVP_sha256(), /* engine= */ NULL) == 1 &&
                       EVP_DigestUpdate(ctx, nonces->key, sizeof nonces->key) == 1 &&
                       EVP_DigestUpdate(ctx, head, sizeof head) == 1 &&
                       EVP_DigestUpdate(ctx, secret_id.p, secret_id.n) == 1 &&
                       EVP_DigestUpdate(ctx, nonce.p, nonce.n) == 1 && EVP_DigestFinal_ex(ctx, digest, NULL) == 1,
               ERR_CRYPTO);
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
        res r = RES_OK;

        TRY(nonce_hash(nonces, secret_id, nonce, stamp_sec, &hash));
        pthread_mutex_lock(&nonces->lock);
        r = set_use(&nonces->sets[hash % NONCE_SETS], hash, stamp_sec + LIMIT_AUTH_WINDOW_SEC, now_sec);
        pthread_mutex_unlock(&nonces->lock);
        return r;
}
