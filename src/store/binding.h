/* What serves a certificate: targets of deployment, registered one by one.  Table binding. */
#pragma once

#include "store/store.h"

struct binding_row {
        int64_t account_id;
        struct str certificate_id, resource_type, region, resource_id, name, domain;
        int64_t created_at;
};
/* The same one again takes the newer name and domain. */
MUST res store_binding_put(struct store_tx *tx, const struct binding_row *row);
/* By type, region and resource id.  ERR_NOT_FOUND. */
MUST res store_binding_delete(struct store_tx *tx, const struct binding_row *key);
MUST res store_binding_delete_all(struct store_tx *tx, int64_t account_id, struct str certificate_id);
/* Of one certificate, by type, region and id. */
MUST res store_binding_list(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id,
                            const struct binding_row **ret_rows, size_t *ret_n);
MUST res store_binding_count(struct store_conn *c, int64_t account_id, struct str certificate_id, int64_t *ret_count);
