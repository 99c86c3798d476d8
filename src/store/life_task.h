/* Look-ups and deletions that are asked about later (bound resources, deletion after a look).  Table life_task. */
#pragma once

#include "store/store.h"

struct life_task_row {
        int64_t task_id; /* given by the caller */
        int64_t account_id;
        struct str kind, certificate_id;
        int64_t status;
        struct str message, names;
        int64_t user_id, created_at, finished_at;
};
MUST res store_life_task_insert(struct store_tx *tx, const struct life_task_row *row);
MUST res store_life_task_get(struct store_conn *c, struct arena *a, int64_t account_id, int64_t task_id,
                             struct life_task_row *ret_row);
/* status, message, finished_at.  ERR_NOT_FOUND. */
MUST res store_life_task_update(struct store_tx *tx, const struct life_task_row *row);
/* Those of the account from before `before_sec` go. */
MUST res store_life_task_drop(struct store_tx *tx, int64_t account_id, int64_t before_sec);
