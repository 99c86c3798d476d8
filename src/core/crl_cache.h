/* The writing side of the table of served CRLs (core/crl.h has the reading side). */
#pragma once

#include "core/crl.h"
#include "pki/crl.h"
#include "store/crl_shard.h"

/* Serve this list, joined in `crl`, whose memory the cache keeps; der = what pki_crl_join() told. */
MUST res crl_cache_take(struct crl_cache *cache, const struct crl_row *row, struct pki_crl *crl, struct bytes der);
