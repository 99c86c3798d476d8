/* Orders: term, money, and the catalogue's row as it was bought.  Table cert_order. */
#pragma once

#include "store/store.h"

struct order_row {
        int64_t order_id; /* 0 in insert = make one */
        int64_t account_id;
        struct str package_type, product;
        int64_t term_months, domain_count, price_minor;
        struct str currency, state;
        int64_t created_at, paid_at;
};
MUST res store_order_insert(struct store_tx *tx, struct order_row *row);
MUST res store_order_get(struct store_conn *c, struct arena *a, int64_t account_id, int64_t order_id, struct order_row *ret_row);
MUST res store_order_set_state(struct store_tx *tx, int64_t account_id, int64_t order_id, struct str state, int64_t paid_at); /* ERR_NOT_FOUND */
/* Newest first, before `before_id` (0 = from the newest). */
MUST res store_order_list(struct store_conn *c, struct arena *a, int64_t account_id, int64_t before_id, int64_t limit,
                          const struct order_row **ret_rows, size_t *ret_n);
