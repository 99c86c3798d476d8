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
        int64_t full_minor; /* before the discount */
        struct str paid_by, package_id;
        int64_t expires_at, ended_at, term_start_at, term_end_at, auto_renew, renews_order_id;
        struct str origin_certificate_id;
        int64_t upgraded;
        struct str fixed_domain;
        int64_t project_id;
        struct str tags, client_token;
};
MUST res store_order_insert(struct store_tx *tx, struct order_row *row); /* ERR_STORE_CONFLICT: the client token is taken */
MUST res store_order_get(struct store_conn *c, struct arena *a, int64_t account_id, int64_t order_id, struct order_row *ret_row);
/* state, paid_at, paid_by, package_id, expires_at, ended_at, term_start_at, term_end_at, auto_renew.  ERR_NOT_FOUND. */
MUST res store_order_update(struct store_tx *tx, const struct order_row *row);
MUST res store_order_get_by_token(struct store_conn *c, struct arena *a, int64_t account_id, struct str client_token,
                                  struct order_row *ret_row);
/* What an account has ordered; free ones are no orders to a person who pays. */
struct store_order_filter {
        int64_t account_id;
        struct str state, package_type; /* "" = any but free; any */
        int64_t marker;                 /* only order_id below it; 0 = from the newest */
        int64_t offset, limit;
};
MUST res store_order_search(struct store_conn *c, struct arena *a, const struct store_order_filter *filter,
                            const struct order_row **ret_rows, size_t *ret_n, int64_t *ret_total);
/* System: unpaid orders of all accounts whose time is over. */
MUST res store_order_list_overdue(struct store_conn *c, struct arena *a, int64_t now_sec, int64_t limit,
                                  const struct order_row **ret_rows, size_t *ret_n);
/* Newest first, before `before_id` (0 = from the newest). */
