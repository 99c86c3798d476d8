/*
 * Keys that were reported as compromised, by the SHA-256 of their SubjectPublicKeyInfo.  Of the whole installation: such
 * a key is never certified or stored again for anybody (BR 4.9.1.1, BR 6.1.1.3).
 */
#pragma once

#include "store/store.h"

struct blocked_key_row {
        struct bytes spki_hash;
        int64_t account_id, user_id; /* who told */
        struct str source;           /* owner, proof, operator */
        int64_t created_at;
};
/* One that is blocked already stays as it was. */
MUST res store_blocked_key_put(struct store_tx *tx, const struct blocked_key_row *row);
MUST res store_blocked_key_has(struct store_conn *c, struct bytes spki_hash, bool *ret_has);
