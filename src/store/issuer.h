/* The CA as the database knows it: issuers' certificates, and the profiles that were used (by hash). */
#pragma once

#include "store/store.h"

struct issuer_row {
        struct str name, parent; /* parent "" = a root */
        int64_t key_type;
        struct bytes der;
        int64_t not_after, created_at;
};
MUST res store_issuer_put(struct store_tx *tx, const struct issuer_row *row); /* the same name is replaced */
MUST res store_issuer_get(struct store_conn *c, struct arena *a, struct str name, struct issuer_row *ret_row);
MUST res store_issuer_list(struct store_conn *c, struct arena *a, const struct issuer_row **ret_rows, size_t *ret_n);
