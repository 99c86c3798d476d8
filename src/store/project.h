/* Projects of an account.  Project 0, the default, is always there and has no row. */
#pragma once

#include "store/store.h"

struct project_row {
        int64_t account_id, project_id;
        struct str name, info;
        int64_t disabled, created_at;
};
/* project_id 0 = the account's next one. */
MUST res store_project_insert(struct store_tx *tx, struct project_row *row); /* ERR_STORE_CONFLICT */
/* name, info, disabled.  ERR_NOT_FOUND. */
MUST res store_project_update(struct store_tx *tx, const struct project_row *row);
MUST res store_project_get(struct store_conn *c, struct arena *a, int64_t account_id, int64_t project_id, struct project_row *ret_row);
MUST res store_project_list(struct store_conn *c, struct arena *a, int64_t account_id,
                            const struct project_row **ret_rows, size_t *ret_n);
