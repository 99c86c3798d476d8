/* Free allowance (QTA): counters by identity and level, home domains first, packages last, 20 a primary domain. */
#pragma once

#include "core/act.h"
#include "store/store.h"

struct quota_slot {
        struct str certificate_id, domain;
        int64_t returns_at; /* 0 = reserved while pending */
};
struct quota_state {
        int64_t home_limit, home_used, any_limit, any_used, package_limit, package_used, domain_limit;
        const struct quota_slot *slots;
        size_t slot_count;
};
MUST res quota_describe(struct act *act, struct quota_state *ret_state);
/* Inside a transaction: take a slot for a new application, or ERR_QUOTA / ERR_QUOTA_DOMAIN.  Exact under concurrency. */
MUST res quota_reserve(struct act *act, struct store_tx *tx, struct str certificate_id, struct str primary_domain);
/* Issue: reserved becomes held until end_at. */
MUST res quota_hold(struct act *act, struct store_tx *tx, struct str certificate_id, int64_t end_at);
/* Before issue (cancel, failure, delete): everything back (SIL-13, SIL-14). */
MUST res quota_release(struct act *act, struct store_tx *tx, struct str certificate_id);
/* After issue: account's slot back at once on revocation or expiry (QTA-05); the domain's only on expiry (QTA-06). */
MUST res quota_return_account(struct act *act, struct store_tx *tx, struct str certificate_id);
MUST res quota_return_all(struct act *act, struct store_tx *tx, struct str certificate_id);
