/* What has to be shown for a certificate, one row a name, and what the last look saw. */
#pragma once

#include "store/store.h"

struct validation_row {
        int64_t validation_id; /* 0 in insert = make one */
        int64_t account_id;
        struct str certificate_id;
        int64_t position;
        struct str name, zone, method, record, value, state;
        int64_t checked_at, verdict;
        struct str detail, found;
        int64_t evidence_id;
        int64_t purpose; /* VALIDATION_… */
};
#define VALIDATION_TO_ISSUE 0  /* what most functions mean */
#define VALIDATION_TO_REVOKE 1 /* the proof that a request to revoke asks for (RVK-16) */
/* After its certificate. */
MUST res store_validation_insert(struct store_tx *tx, struct validation_row *row);
/* state, checked_at, verdict, detail, found, evidence_id.  ERR_NOT_FOUND. */
MUST res store_validation_update(struct store_tx *tx, const struct validation_row *row);
/* Of one certificate, by position: what has to be proved before it is issued. */
MUST res store_validation_list(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id,
                               const struct validation_row **ret_rows, size_t *ret_n);
MUST res store_validation_list_of(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id,
                                  int64_t purpose, const struct validation_row **ret_rows, size_t *ret_n);
MUST res store_validation_delete_all(struct store_tx *tx, int64_t account_id, struct str certificate_id);
MUST res store_validation_delete_revocation(struct store_tx *tx, int64_t account_id, struct str certificate_id);
