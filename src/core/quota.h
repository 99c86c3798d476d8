/* Free allowance (QTA): counters by identity and level, home domains first, packages last, 20 a primary domain. */
#pragma once

#include "core/act.h"
#include "store/store.h"

struct quota_slot {
        struct str certificate_id, domain /* the primary one */, counter /* home, any, package */;
        int64_t returns_at; /* 0 = reserved while pending */
};
struct quota_domain { /* a primary domain's own counter, over all accounts (QTA-02..04, QTA-19) */
        struct str domain;
        int64_t used, external; /* here; issued by other platforms (QTA-03, SIL-43) */
        int64_t next_return_at; /* when the next slot comes back; 0 = none is held yet */
};
struct quota_state {
        int64_t home_limit, home_used, any_limit, any_used, package_limit, package_used, domain_limit;
        const struct quota_slot *slots;
        size_t slot_count;
        const struct quota_domain *domains; /* those that the account's slots belong to, and the one asked about */
        size_t domain_count;
};
/* `domain`: a name that somebody thinks of applying for; "" = none. */
MUST res quota_describe(struct act *act, struct str domain, struct quota_state *ret_state);
/*
 * All below run inside a transaction, so that they are exact under concurrency.  A certificate that has no slot
 * (a paid one: QTA-20) is none of their business: they do nothing and succeed.
 *
 * Take a slot for a new application: ERR_QUOTA, ERR_QUOTA_DOMAIN with a sentence.
 */
MUST res quota_reserve(struct act *act, struct store_tx *tx, struct str certificate_id, struct str primary_domain);
/* Would it be given now?  Takes nothing. */
MUST res quota_look(struct act *act, struct store_tx *tx, struct str primary_domain);
/* Issue: reserved becomes held until end_at. */
MUST res quota_hold(struct act *act, struct store_tx *tx, struct str certificate_id, int64_t end_at);
/* Before issue (cancel, failure, delete): everything back (SIL-13, SIL-14).  Once issued it does as quota_return_account. */
MUST res quota_release(struct act *act, struct store_tx *tx, struct str certificate_id);
/* After issue: account's slot back at once on revocation or expiry (QTA-05); the domain's only on expiry (QTA-06). */
MUST res quota_return_account(struct act *act, struct store_tx *tx, struct str certificate_id);
/* The slot of one certificate is another's from now on. */
MUST res quota_move(struct act *act, struct store_tx *tx, struct str from_id, struct str to_id);
/* Expiry.  A slot whose end has come counts no more even before this is called. */
MUST res quota_return_all(struct act *act, struct store_tx *tx, struct str certificate_id);
