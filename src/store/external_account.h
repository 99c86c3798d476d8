/* Keys for external account binding (RFC 8555 §7.3.4). */
#pragma once

#include "store/store.h"

struct external_account_row {
        int64_t external_id; /* 0 in insert = make one */
        int64_t account_id;
        struct str key_id;
        struct bytes sealed;
        int64_t seal_version;
        struct str label, names, tags;
        int64_t use_count, used_at, disabled, created_at;
};
MUST res store_external_account_insert(struct store_tx *tx, struct external_account_row *row); /* ERR_STORE_CONFLICT */
/* An id for a row to be inserted later: the sealed key is bound to it. */
MUST res store_external_account_new_id(struct store_tx *tx, int64_t *ret_id);
/* System: how the account behind a binding is found. */
MUST res store_external_account_get_by_key_id(struct store_conn *c, struct arena *a, struct str key_id,
                                              struct external_account_row *ret_row);
MUST res store_external_account_get(struct store_conn *c, struct arena *a, int64_t account_id, int64_t external_id,
                                    struct external_account_row *ret_row);
MUST res store_external_account_list(struct store_conn *c, struct arena *a, int64_t account_id,
                                     const struct external_account_row **ret_rows, size_t *ret_n);
MUST res store_external_account_use(struct store_tx *tx, int64_t account_id, int64_t external_id, int64_t now_sec);
MUST res store_external_account_set_disabled(struct store_tx *tx, int64_t account_id, struct str key_id, bool disabled); /* ERR_NOT_FOUND */
