/* Subjects' keys: public part, CSR, and the private part as the vault sealed it.  Table cert_key. */
#pragma once

#include "store/store.h"

struct cert_key_row {
        int64_t key_id; /* 0 in insert = make one */
        int64_t account_id, key_type;
        struct bytes spki, spki_hash, csr, sealed;
        int64_t seal_version, password_set, created_at;
        int64_t used_order; /* the order that was submitted with it; 0 = none yet (CSR-32) */
};
/* Every key that comes in comes in here.  ERR_KEY_BLOCKED: it was reported as compromised, by anybody, at any time. */
MUST res store_key_insert(struct store_tx *tx, struct cert_key_row *row);
MUST res store_key_get(struct store_conn *c, struct arena *a, int64_t account_id, int64_t key_id,
                       struct cert_key_row *ret_row);
/* Is the private part kept here?  False where the customer kept it or it was erased. */
MUST res store_key_is_here(struct store_conn *c, int64_t account_id, int64_t key_id, bool *ret_here);
/* The account's newest key of this SPKI hash.  ERR_NOT_FOUND. */
MUST res store_key_find(struct store_conn *c, struct arena *a, int64_t account_id, struct bytes spki_hash,
                        struct cert_key_row *ret_row);
MUST res store_key_set_used(struct store_tx *tx, int64_t account_id, int64_t key_id, int64_t order_id);
/* Was this key submitted with an order other than these two, in any account?  (System: CSR-32 looks over all.) */
MUST res store_key_is_used(struct store_conn *c, struct bytes spki_hash, int64_t order_id, int64_t other_order_id,
                           bool *ret_used);
/* Does any account have a key of this SPKI hash?  (System: a key belongs to one certificate holder.) */
MUST res store_key_is_known(struct store_conn *c, struct bytes spki_hash, bool *ret_known);
/*
 * Does another account have a key of this SPKI hash?  One that it uploaded with its certificate does not count: clients that renew with
 * the same key would stop when what they left on the disk is imported elsewhere.  (System.)
 */
MUST res store_key_is_others(struct store_conn *c, struct bytes spki_hash, int64_t account_id, bool *ret_others);
/* Seal again under a newer master key. */
/* Forget the private part for good. */
MUST res store_key_erase(struct store_tx *tx, int64_t account_id, int64_t key_id);
/* How many undeleted certificates have this key: a reissue may keep its origin's. */
MUST res store_key_count_users(struct store_conn *c, int64_t account_id, int64_t key_id, int64_t *ret_count);
