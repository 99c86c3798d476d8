/*
 * What the hot path remembers: SecretIds with the accounts behind them, and the day's signing keys.
 * Bounded, shared by all threads.  A key's facts live LIMIT_KEY_CACHE_SEC, so that a change made on another node is
 * seen; a change made here calls account_cache_forget().
 */
#pragma once

#include "base/res.h"
#include "base/str.h"
#include "base/tc3.h"

#define ACCOUNT_SEALED_BYTES 256 /* a sealed secret of 32 letters with its nonce and tag is under 100 */

struct account_cache;

struct account_facts {
        int64_t account_id, user_id, key_id, seal_version;
        bool verified;
        char uin[24], user_uin[24], role[16];
        uint8_t sealed[ACCOUNT_SEALED_BYTES];
        size_t sealed_n;
};

MUST res account_cache_new(struct account_cache **ret_cache);
void account_cache_free(struct account_cache *cache); /* wipes everything */
/* After a change to a key, its user or its account: the next request looks again. */
void account_cache_forget(struct account_cache *cache, struct str secret_id);
void account_cache_clear(struct account_cache *cache);

/*
 * Look first; on a miss load and put.  *ret_generation of the miss goes into the put, which does nothing when
 * somebody called forget or clear meanwhile: what was loaded may be older than that change.
 */
bool account_cache_get(struct account_cache *cache, struct str secret_id, int64_t now_sec,
                       struct account_facts *ret_facts, uint64_t *ret_generation);
void account_cache_put(struct account_cache *cache, struct str secret_id, int64_t now_sec,
                       const struct account_facts *facts, uint64_t generation);
bool account_cache_get_signing(struct account_cache *cache, struct str secret_id, struct str date, struct str service,
                               uint8_t ret_key[TC3_KEY_SIZE], uint64_t *ret_generation);
void account_cache_put_signing(struct account_cache *cache, struct str secret_id, struct str date, struct str service,
                               const uint8_t key[TC3_KEY_SIZE], uint64_t generation);
