/* The operation log: hash-chained, written in the act's own transaction (store/log.h), read by the account. */
#pragma once

#include "core/act.h"
#include "store/log.h"
#include "store/store.h"

/* Inside the act's transaction: one entry of the record.  `type` is one of api.md §5, `action` a sentence. */
MUST res act_log(struct act *act, struct store_tx *tx, struct str certificate_id, const char *type, const char *action);

struct log_query {
        int64_t offset, limit, from_sec, to_sec; /* 0 = default: the last 15 days */
};
struct log_page {
        const struct log_row *v;
        const struct str *user_uins; /* one a row: who did it; "" = the service by itself (a job) */
        size_t n;
        int64_t total;     /* in the window */
        int64_t all_total; /* of the account */
};
MUST res log_list(struct act *act, const struct log_query *query, struct log_page *ret_page);
