/* Certificates that take the place of another one of the same order.  Table reissue; one row a new certificate. */
#pragma once

#include "store/store.h"

struct reissue_row {
        struct str certificate_id; /* the new one */
        int64_t account_id, order_id;
        struct str origin_id, primary_domain;
        int64_t end_at; /* the origin's, which stays (RIS-06) */
        struct str csr_type, reason;
        int64_t created_at;
};
MUST res store_reissue_insert(struct store_tx *tx, const struct reissue_row *row);
MUST res store_reissue_get(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id,
                           struct reissue_row *ret_row);
/* Those of the account below a primary domain that are under way: neither issued nor failed, cancelled or deleted (RIS-04). */
MUST res store_reissue_count_running(struct store_conn *c, int64_t account_id, struct str primary_domain, int64_t *ret_count);
/* Those of an order that came to a certificate, whatever became of it (RIS-03). */
MUST res store_reissue_count_done(struct store_conn *c, int64_t account_id, int64_t order_id, int64_t *ret_count);
/* Those asked for one certificate, oldest first. */
MUST res store_reissue_list(struct store_conn *c, struct arena *a, int64_t account_id, int64_t order_id, struct str origin_id,
                            const struct reissue_row **ret_rows, size_t *ret_n);
