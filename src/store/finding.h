/* What the signer's log and the database do not agree about, a serial number each (core/reconcile). */
#pragma once

#include "store/store.h"

struct finding_row {
        struct bytes serial;
        struct str kind, text;
        int64_t found_at;
};
/* Known already: the first one stays. */
MUST res store_finding_put(struct store_tx *tx, const struct finding_row *row);
MUST res store_finding_drop(struct store_tx *tx, struct bytes serial); /* none is fine */
/* System: oldest first. */
MUST res store_finding_list(struct store_conn *c, struct arena *a, int64_t limit, const struct finding_row **ret_rows, size_t *ret_n);
