/* Messages shown in the product. */
#pragma once

#include "store/store.h"

struct notice_row {
        int64_t notice_id; /* 0 in insert = make one */
        int64_t account_id;
        struct str certificate_id, kind, text;
        int64_t created_at, read_at;
};
MUST res store_notice_insert(struct store_tx *tx, struct notice_row *row);
/* Newest first, before `before_id` (0 = from the newest). */
MUST res store_notice_list(struct store_conn *c, struct arena *a, int64_t account_id, int64_t before_id, int64_t limit,
                           const struct notice_row **ret_rows, size_t *ret_n);
MUST res store_notice_count_unread(struct store_conn *c, int64_t account_id, int64_t *ret_count);
