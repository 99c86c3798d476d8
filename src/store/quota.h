/* Free allowance in use: quota_use (one row a certificate), home_domain, external_count. */
#pragma once

#include "store/store.h"

struct quota_use_row {
        struct str certificate_id;
        int64_t account_id;
        struct str counter;        /* home, any, package; "" = given back to the account */
        struct str primary_domain; /* "" = given back to the domain */
        int64_t returns_at;        /* 0 = reserved */
        int64_t created_at;
};
MUST res store_quota_insert(struct store_tx *tx, const struct quota_use_row *row); /* ERR_STORE_CONFLICT */
MUST res store_quota_get(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id, struct quota_use_row *ret_row);
/* counter, primary_domain, returns_at.  ERR_NOT_FOUND. */
MUST res store_quota_update(struct store_tx *tx, const struct quota_use_row *row);
MUST res store_quota_delete(struct store_tx *tx, int64_t account_id, struct str certificate_id); /* no row is fine */
MUST res store_quota_list(struct store_conn *c, struct arena *a, int64_t account_id,
                          const struct quota_use_row **ret_rows, size_t *ret_n);
/* System: over all accounts (20 a primary domain); rows whose returns_at has come (0 < returns_at <= now) do not count. */
MUST res store_quota_count_domain(struct store_conn *c, struct str primary_domain, int64_t now_sec, int64_t *ret_count);
/* System: the first moment after now at which the domain gets a slot back; 0 = none is held. */
MUST res store_quota_domain_next(struct store_conn *c, struct str primary_domain, int64_t now_sec, int64_t *ret_returns_at);

MUST res store_home_domain_put(struct store_tx *tx, int64_t account_id, struct str domain, int64_t now_sec); /* there already is fine */
MUST res store_home_domain_delete(struct store_tx *tx, int64_t account_id, struct str domain);
MUST res store_home_domain_has(struct store_conn *c, int64_t account_id, struct str domain, bool *ret_has);
MUST res store_home_domain_list(struct store_conn *c, struct arena *a, int64_t account_id, struct strs *ret_domains);

MUST res store_external_count_put(struct store_tx *tx, struct str primary_domain, int64_t amount);
MUST res store_external_count_get(struct store_conn *c, struct str primary_domain, int64_t *ret_amount); /* none = 0 */
