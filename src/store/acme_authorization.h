/* Authorizations: that an ACME account may have certificates for a name, and how that was, or is to be, proved. */
#pragma once

#include "store/store.h"

struct acme_authorization_row {
        int64_t authorization_id; /* 0 in insert = make one */
        int64_t acme_id, account_id;
        struct str name;
        int64_t is_address, is_wildcard;
        struct str state, token;
        int64_t method;
        struct str error;
        int64_t tried_at, validated_at, evidence_id, caa_checked_at, created_at, expires_at;
};
MUST res store_acme_authorization_insert(struct store_tx *tx, struct acme_authorization_row *row);
MUST res store_acme_authorization_get(struct store_conn *c, struct arena *a, int64_t account_id, int64_t authorization_id,
                                      struct acme_authorization_row *ret_row);
/* Everything that is not fixed at the start: state, method, error, times, evidence.  ERR_NOT_FOUND. */
MUST res store_acme_authorization_update(struct store_tx *tx, const struct acme_authorization_row *row);
/* The account's newest ones for this very name, at most `limit`. */
MUST res store_acme_authorization_find(struct store_conn *c, struct arena *a, int64_t account_id, int64_t acme_id, struct str name,
                                       bool is_wildcard, int64_t limit, const struct acme_authorization_row **ret_rows, size_t *ret_n);
/* What this method proved of the name before then, for any ACME account of the account, has expired (core/replacement). */
MUST res store_acme_authorization_void(struct store_tx *tx, int64_t account_id, struct str name, int64_t method, int64_t before_sec, int64_t now_sec);
/* System: looks that nobody finished, begun before `before_sec`. */
MUST res store_acme_authorization_list_processing(struct store_conn *c, struct arena *a, int64_t before_sec, int64_t limit,
                                                  const struct acme_authorization_row **ret_rows, size_t *ret_n);
