/* ACME accounts: a key, and the Chancery account behind it. */
#pragma once

#include "store/store.h"

struct acme_account_row {
        int64_t acme_id; /* 0 in insert = make one */
        int64_t account_id;
        struct str thumbprint;
        struct bytes spki;
        struct str status, contact;
        int64_t terms_agreed, external_id;
        struct str uri;
        int64_t created_at;
};
MUST res store_acme_account_insert(struct store_tx *tx, struct acme_account_row *row); /* ERR_STORE_CONFLICT: the key has one */
/* System: how an account is found by what a request names. */
MUST res store_acme_account_get(struct store_conn *c, struct arena *a, int64_t acme_id, struct acme_account_row *ret_row);
MUST res store_acme_account_get_by_key(struct store_conn *c, struct arena *a, struct str thumbprint,
                                       struct acme_account_row *ret_row);
/* thumbprint, spki, status, contact, terms_agreed, uri.  ERR_NOT_FOUND; ERR_STORE_CONFLICT: the key has an account. */
MUST res store_acme_account_update(struct store_tx *tx, const struct acme_account_row *row);
