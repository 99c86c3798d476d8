/*
 * Signed OCSP answers in memory, so that most questions cost neither the store nor a signature.  Bounded: a set of four
 * places for each hash, the one made first gives way.  Only answers about certificates of ours are put in, so nobody can
 * fill it with invented serials.  Shared by all threads.
 */
#pragma once

#include "base/buf.h"
#include "base/res.h"
#include "base/str.h"
#include "pki/ocsp.h"

#define OCSP_FIELDS_MAX 256

struct issuer;
struct ocsp_cache;

struct ocsp_key {
        const struct issuer *issuer;
        enum pki_digest digest;
        struct bytes serial; /* magnitude */
};

/* What HTTP says about an answer (RFC 5019 §6.2).  this_update 0: it is for this asker and moment alone. */
struct ocsp_meta {
        int64_t this_update, next_update;
        char etag[35];
        char fields[OCSP_FIELDS_MAX]; /* all of that as header lines, put together once */
};

MUST res ocsp_cache_new(struct ocsp_cache **ret_cache);
void ocsp_cache_free(struct ocsp_cache *cache);
/* Appends an answer whose nextUpdate is after `good_until_sec`; false: there is none. */
bool ocsp_cache_get(struct ocsp_cache *cache, const struct ocsp_key *key, int64_t good_until_sec, struct buf *out,
                    struct ocsp_meta *ret_meta);
/*
 * Take the generation before the store is read; a put with an older one than the newest ocsp_cache_forget() does nothing,
 * because what was read may be older than the revocation.  `shard` is that of the certificate's CRL.  Copies.
 */
uint64_t ocsp_cache_generation(struct ocsp_cache *cache);
void ocsp_cache_put(struct ocsp_cache *cache, const struct ocsp_key *key, int64_t shard, struct bytes answer,
                    const struct ocsp_meta *meta, uint64_t generation);
/* Something of this shard was revoked. */
void ocsp_cache_forget(struct ocsp_cache *cache, struct str issuer, int64_t shard);
