/* The operation log: hash-chained, written in the act's own transaction (store/log.h), read by the account. */
#pragma once

#include "core/act.h"
#include "store/log.h"
#include "store/store.h"

/* Inside the act's transaction: one entry of the record.  `type` is one of api.md §5, `action` a sentence. */
MUST res act_log(struct act *act, struct store_tx *tx, struct str certificate_id, const char *type, const char *action);

/*
 * The words of `type`: those of api.md §5 first, then our own.  A new one is a row of the table in log.c, so that whoever
 * filters by type can look them up; a test reads the sources and finds those that are not in it.
 */
bool log_type_is_known(struct str type);

struct log_query {
        int64_t offset, limit, from_sec, to_sec; /* 0 = default: the last 15 days */
        struct str type;                         /* "" = any */
};
struct log_page {
        const struct log_row *v;
        const struct str *user_uins; /* one a row: who did it; "" = the service by itself (a job) */
        size_t n;
        int64_t total;     /* in the window */
        int64_t all_total; /* of the account */
};
MUST res log_list(struct act *act, const struct log_query *query, struct log_page *ret_page);
/*
 * The timeline of one certificate: every entry from its beginning to now, oldest first, also when it is deleted meanwhile.
 * ERR_CERT_NOT_FOUND: the account never had it.
 */
MUST res log_timeline(struct act *act, struct str certificate_id, struct log_page *ret_page);
