/*
 * Rate limits by whatever text names the one who asks: token buckets in a table of fixed size.  A bucket fills steadily
 * up to its burst; when the table is crowded the bucket unused for longest is given away, and its owner starts full.
 */
#pragma once

#include "core/act.h"

struct rate;

enum rate_kind {
        RATE_ACME_ACCOUNT,  /* new ACME accounts of one address; of version 6: of one /64, here and in the last */
        RATE_ACME_ORDER,    /* new orders of one ACME account */
        RATE_ACME_NAME,     /* certificates for one registrable domain, over all accounts: orders alone would let a stranger use it up */
        RATE_ACME_FAILURE,  /* failed challenges of one account for one name */
        RATE_ACME_REQUEST,  /* requests of one address */
        RATE_KIND_COUNT
};

MUST res rate_new(struct rate **ret_rate);
void rate_free(struct rate *rate);
/*
 * Take a token.  ERR_RATE, with a sentence and act->retry_after_sec, when there is none.  With limits.rate off, or without
 * a table (core->rate NULL), always RES_OK.
 */
MUST res rate_take(struct act *act, enum rate_kind kind, struct str who);
/* Is there one, without taking it? */
MUST res rate_look(struct act *act, enum rate_kind kind, struct str who);
