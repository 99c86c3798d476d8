/* Requests to revoke a certificate.  Table revocation; the newest of a certificate counts. */
#pragma once

#include "store/store.h"

struct revocation_row {
        int64_t revocation_id; /* given by the caller, rising with time */
        int64_t account_id;
        struct str certificate_id, state;
        int64_t reason;
        struct str reason_text;
        int64_t filed_by, filed_at, deadline_at, decided_by, decided_at;
        struct str note;
};
MUST res store_revocation_insert(struct store_tx *tx, const struct revocation_row *row);
/* The newest of a certificate.  ERR_NOT_FOUND. */
MUST res store_revocation_get(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id,
                              struct revocation_row *ret_row);
/* state, deadline_at, decided_by, decided_at, note.  ERR_NOT_FOUND. */
MUST res store_revocation_update(struct store_tx *tx, const struct revocation_row *row);
/* System: by id, whoever's it is; what a reviewer decides about. */
MUST res store_revocation_find(struct store_conn *c, struct arena *a, int64_t revocation_id, struct revocation_row *ret_row);
/* System: those that wait for a reviewer, the oldest first, after `after_id`. */
MUST res store_revocation_queue(struct store_conn *c, struct arena *a, int64_t after_id, int64_t limit,
                                const struct revocation_row **ret_rows, size_t *ret_n);
