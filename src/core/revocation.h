/*
 * A revocation becomes visible.  Whoever revokes calls store_issued_revoke() and nothing else: the shard's count goes up in
 * the same transaction.  A thread of the server reads the counts each second; where one moved it drops the shard's cached
 * OCSP answers and wakes the job that makes the CRL.  So it does not matter which program or node revoked, nor whether it
 * died right afterwards.  CRLs that another node made are taken over here too.
 */
#pragma once

#include "core/core.h"

struct crl_cache;
struct revocation_watch;

/* Begins to watch; what is revoked before this returns is the business of crl_begin(). */
MUST res revocation_watch_start(struct core *core, struct crl_cache *crls, struct revocation_watch **ret_watch);
void revocation_watch_stop(struct revocation_watch *watch); /* frees; NULL is fine */
