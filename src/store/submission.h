/* What was handed in for a bought certificate: organisation, administrator, contact.  Table submission. */
#pragma once

#include "store/store.h"

struct submission_row {
        struct str certificate_id;
        int64_t account_id;
        struct str csr_type; /* online, parse */
        int64_t company_type; /* 1 person, 2 organisation */
        struct str body;      /* JSON object */
        int64_t updated_at;
};
/* The newest takes the place of what was there. */
MUST res store_submission_put(struct store_tx *tx, const struct submission_row *row);
MUST res store_submission_get(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id,
                              struct submission_row *ret_row); /* ERR_NOT_FOUND */
