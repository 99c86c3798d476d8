/*
 * The operation log.  Each row carries SHA-256 over the previous row's hash and its own content, so that a changed,
 * removed or inserted row shows; it is written in the transaction of the act that it tells of.
 */
#pragma once

#include "store/store.h"

struct log_row {
        int64_t seq; /* given by append: 1, 2, … without gaps */
        int64_t account_id, user_id;
        struct str certificate_id, type, action;
        int64_t created_at;
        struct bytes hash; /* made by append */
};
/* Fills in seq; ignores seq and hash of the input. */
MUST res store_log_append(struct store_tx *tx, struct log_row *row);
struct store_log_filter {
        int64_t account_id, from_sec, to_sec; /* from <= created_at < to */
        struct str type;                      /* "" = any */
        int64_t offset, limit;
};
/* Newest first. */
MUST res store_log_list(struct store_conn *c, struct arena *a, const struct store_log_filter *filter,
                        const struct log_row **ret_rows, size_t *ret_n);
/* Whatever offset and limit say. */
MUST res store_log_count(struct store_conn *c, const struct store_log_filter *filter, int64_t *ret_count);
MUST res store_log_count_all(struct store_conn *c, int64_t account_id, int64_t *ret_count);
/* All of one certificate, deleted ones too, oldest first.  None: it is not this account's. */
MUST res store_log_list_certificate(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id,
                                    int64_t limit, const struct log_row **ret_rows, size_t *ret_n);
struct log_verdict {
        int64_t checked;  /* rows that fit */
        int64_t bad_seq;  /* 0 = the chain holds; else the first row that is changed, missing or misplaced */
};
/* Walk the whole chain.  progress(arg, checked, total) now and then; may be NULL.  ERR_STORE only if it cannot be read. */
MUST res store_log_verify(struct store_conn *c, void (*progress)(void *arg, int64_t checked, int64_t total), void *arg,
                          struct log_verdict *ret_verdict);
