/*
 * CRLs (RFC 5280 §5): one a shard of LIMIT_CRL_SHARD certificates, made on schedule, kept in the store for the next
 * start and in memory for everybody who asks.
 */
#pragma once

#include "base/buf.h"
#include "core/act.h"
#include "core/job.h"

#define CRL_LIFE_SEC (7LL * 86400)   /* nextUpdate: BR 7.2 allows 10 days */
#define CRL_RENEW_SEC 86400LL        /* made anew each day (BR 4.9.7: at least every 7) */
#define CRL_GAP_SEC 10               /* and after a revocation, but not for each of a thousand in a row */

struct crl_shard_row;

/* What is served. */
struct crl_cache;
MUST res crl_cache_new(struct crl_cache **ret_cache);
void crl_cache_free(struct crl_cache *cache);
struct crl_meta {
        int64_t number, this_update, next_update;
        char etag[35];
};
/* The newest list of a shard, appended to `out` (NULL: not wanted); false: there is no such shard. */
bool crl_cache_get(struct crl_cache *cache, struct str issuer, int64_t shard, struct buf *out, struct crl_meta *ret_meta);
int64_t crl_cache_number(struct crl_cache *cache, struct str issuer, int64_t shard); /* 0: none */

/* At start: each issuing intermediate has its first shard; what the store has goes into the cache; the rest is made now. */
MUST res crl_begin(struct act *act, struct crl_cache *cache);
/* Put what the store has of this shard into the cache.  ERR_SIGNATURE, ERR_FORMAT: it is not what was signed. */
MUST res crl_serve_stored(struct act *act, struct crl_cache *cache, const struct crl_shard_row *shard);
/* Job JOB_CRL: make what is due.  context = the cache. */
void crl_job(struct act *act, const struct job_row *job, void *context);
