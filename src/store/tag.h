/* Tags of certificates. */
#pragma once

#include "store/certificate.h"

struct tag_row {
        int64_t account_id;
        struct str certificate_id, tag_key, tag_value;
};
MUST res store_tag_put(struct store_tx *tx, const struct tag_row *row); /* a key has one value: the newest; no certificate, no tag */
MUST res store_tag_delete(struct store_tx *tx, int64_t account_id, struct str certificate_id, struct str tag_key); /* none is fine */
MUST res store_tag_delete_all(struct store_tx *tx, int64_t account_id, struct str certificate_id);
MUST res store_tag_list(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id,
                        const struct tag_row **ret_rows, size_t *ret_n);
