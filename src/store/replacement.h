/* Replacements of many certificates at an operator's word (core/replacement), and the certificates of each. */
#pragma once

#include "store/store.h"

struct replacement_row {
        int64_t replacement_id;
        struct str state; /* listing, running, done, stopped */
        int64_t method;
        struct str issuer, profile;
        int64_t from_at, to_at, reason;
        struct str note;
        int64_t per_minute, grace_sec, deadline_at, listed_to, list_end, next_open_at, user_id, created_at;
};
struct replacement_item_row {
        int64_t replacement_id, issued_id, account_id;
        struct str certificate_id, state; /* waiting, open, ready, revoked, ended */
        int64_t due_at, opened_at;
        struct str successor_id;
};
struct replacement_count {
        struct str state;
        int64_t count;
};

/* All of these are the installation's, over all accounts. */
MUST res store_replacement_insert(struct store_tx *tx, const struct replacement_row *row);
/* state, listed_to, next_open_at.  ERR_NOT_FOUND, also when it was stopped. */
MUST res store_replacement_update(struct store_tx *tx, const struct replacement_row *row);
MUST res store_replacement_get(struct store_conn *c, struct arena *a, int64_t replacement_id, struct replacement_row *ret_row);
/* Newest first. */
MUST res store_replacement_list(struct store_conn *c, struct arena *a, int64_t limit, const struct replacement_row **ret_rows, size_t *ret_n);
MUST res store_replacement_count(struct store_conn *c, struct arena *a, int64_t replacement_id, const struct replacement_count **ret_rows,
                                 size_t *ret_n);

/* What `row` selects of the rows of issued behind listed_to, up to list_end: good, and not at their end; method is not looked at. */
MUST res store_replacement_select(struct store_conn *c, struct arena *a, const struct replacement_row *row, int64_t now_sec, int64_t limit,
                                  const struct replacement_item_row **ret_rows, size_t *ret_n);
MUST res store_replacement_newest(struct store_conn *c, int64_t *ret_issued_id); /* 0 = none at all */

MUST res store_replacement_item_insert(struct store_tx *tx, const struct replacement_item_row *row); /* there already is fine */
/* state, due_at, opened_at, successor_id.  ERR_NOT_FOUND. */
MUST res store_replacement_item_update(struct store_tx *tx, const struct replacement_item_row *row);
MUST res store_replacement_item_list(struct store_conn *c, struct arena *a, int64_t replacement_id, struct str state, int64_t due_at,
                                     int64_t limit, const struct replacement_item_row **ret_rows, size_t *ret_n);
/* When the newest replacement of this certificate began with it; 0 = none did.  For RFC 9773. */
MUST res store_replacement_opened_at(struct store_conn *c, int64_t issued_id, int64_t *ret_opened_at);
