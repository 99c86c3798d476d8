/* What was proved: (account, exact name, method, value) at a time, until a time; apart from orders. */
#pragma once

#include "store/store.h"

struct evidence_row {
        int64_t evidence_id; /* 0 in insert = make one */
        int64_t account_id;
        struct str name;
        int64_t method;
        struct str value, detail;
        int64_t proved_at, expires_at;
};
MUST res store_evidence_insert(struct store_tx *tx, struct evidence_row *row);
MUST res store_evidence_get(struct store_conn *c, struct arena *a, int64_t account_id, int64_t evidence_id, struct evidence_row *ret_row);
/* What the account has for exactly this name proves nothing from now on. */
MUST res store_evidence_expire(struct store_tx *tx, int64_t account_id, struct str name, int64_t now_sec);
/* The same of what this method proved before then (core/replacement). */
MUST res store_evidence_void(struct store_tx *tx, int64_t account_id, struct str name, int64_t method, int64_t before_sec, int64_t now_sec);
/* The account's evidence for exactly this name that holds at now_sec, the latest to expire first. */
MUST res store_evidence_list(struct store_conn *c, struct arena *a, int64_t account_id, struct str name, int64_t now_sec,
                             const struct evidence_row **ret_rows, size_t *ret_n);
