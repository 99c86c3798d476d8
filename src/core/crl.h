/*
 * CRLs (RFC 5280 §5): one a shard of LIMIT_CRL_SHARD certificates, made on schedule, kept in the store for the next
 * start and in memory for everybody who asks.
 */
#pragma once

#include "core/act.h"
#include "core/job.h"

#define CRL_LIFE_SEC (7LL * 86400)   /* nextUpdate: BR 7.2 allows 10 days */
#define CRL_RENEW_SEC 86400LL        /* made anew each day (BR 4.9.7: at least every 7) */

/* What is served; immutable once put, freed when replaced and nobody reads. */
struct crl_cache;
MUST res crl_cache_new(struct crl_cache **ret_cache);
void crl_cache_free(struct crl_cache *cache);
/* The newest list of a shard, copied into the arena; false: there is no such shard. */
bool crl_cache_get(struct crl_cache *cache, struct arena *arena, struct str issuer, int64_t shard, struct bytes *ret_der,
                   int64_t *ret_this_update, int64_t *ret_next_update);

/* At start: each issuing intermediate has its first shard; what the store has goes into the cache; the rest is made now. */
MUST res crl_begin(struct act *act, struct crl_cache *cache);
/* Job JOB_CRL: make what is due.  context = the cache. */
void crl_job(struct act *act, const struct job_row *job, void *context);
