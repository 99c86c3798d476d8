/* Benefit packages: points that an account spends on certificates.  Table benefit_package. */
#pragma once

#include "store/store.h"

struct benefit_row {
        int64_t package_seq; /* 0 in insert = make one */
        struct str package_id;
        int64_t account_id;
        struct str kind;
        int64_t total, balance;
        struct str state; /* usable, used, refund */
        int64_t created_at, updated_at, expires_at;
};
MUST res store_benefit_insert(struct store_tx *tx, struct benefit_row *row); /* ERR_STORE_CONFLICT: the id is taken */
MUST res store_benefit_get(struct store_conn *c, struct arena *a, int64_t account_id, struct str package_id,
                           struct benefit_row *ret_row);
/* balance, state, updated_at, expires_at.  ERR_NOT_FOUND. */
MUST res store_benefit_update(struct store_tx *tx, const struct benefit_row *row);
/* All of an account, oldest first; an account has a handful. */
MUST res store_benefit_list(struct store_conn *c, struct arena *a, int64_t account_id, const struct benefit_row **ret_rows,
                            size_t *ret_n);
