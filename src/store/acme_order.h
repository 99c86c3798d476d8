/* Orders of ACME accounts: names, the authorizations that they need, and the certificate that came of them. */
#pragma once

#include "store/store.h"

struct acme_order_row {
        int64_t order_id; /* 0 in insert = make one */
        int64_t acme_id, account_id;
        struct str state, identifiers, authorizations, certificate_id, replaces, error;
        int64_t not_after; /* 0 = not asked */
        int64_t created_at, expires_at;
};
MUST res store_acme_order_insert(struct store_tx *tx, struct acme_order_row *row);
MUST res store_acme_order_get(struct store_conn *c, struct arena *a, int64_t account_id, int64_t acme_id, int64_t order_id,
                              struct acme_order_row *ret_row);
/* state, certificate_id, error. ERR_NOT_FOUND. */
MUST res store_acme_order_update(struct store_tx *tx, const struct acme_order_row *row);
/* Oldest first, after `after_id`. */
MUST res store_acme_order_list(struct store_conn *c, struct arena *a, int64_t account_id, int64_t acme_id, int64_t after_id,
                               int64_t limit, const struct acme_order_row **ret_rows, size_t *ret_n);
MUST res store_acme_order_get_by_certificate(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id,
                                             struct acme_order_row *ret_row);
/* Orders that replace this certificate (RFC 9773 §5). */
MUST res store_acme_order_list_replacing(struct store_conn *c, struct arena *a, int64_t account_id, struct str replaces,
                                         const struct acme_order_row **ret_rows, size_t *ret_n);
