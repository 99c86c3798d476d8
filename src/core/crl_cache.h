/* The writing side of the table of served CRLs (core/crl.h has the reading side). */
#pragma once

#include "core/crl.h"
#include "store/crl_shard.h"

/* Serve this list; `der` has row->body's bytes, which the cache keeps: the buffer is emptied, unless it fails. */
MUST res crl_cache_take(struct crl_cache *cache, const struct crl_row *row, struct buf *der);
