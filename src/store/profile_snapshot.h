/* Profiles as they were when something was issued under them, found by the hash of their text. */
#pragma once

#include "store/store.h"

struct profile_snapshot_row {
        struct bytes hash;
        struct str name, body;
        int64_t created_at;
};
MUST res store_profile_snapshot_put(struct store_tx *tx, const struct profile_snapshot_row *row); /* there already is fine */
MUST res store_profile_snapshot_get(struct store_conn *c, struct arena *a, struct bytes hash, struct profile_snapshot_row *ret_row);
