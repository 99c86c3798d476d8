/* The writing side of the table of served CRLs (core/crl.h has the reading side). */
#pragma once

#include "core/crl.h"
#include "store/crl_shard.h"

MUST res crl_cache_put(struct crl_cache *cache, const struct crl_row *row); /* copies */
