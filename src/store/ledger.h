/* Money: entries of one transaction sum to 0; nothing is ever changed. */
#pragma once

#include "store/store.h"

struct ledger_row {
        int64_t entry_id; /* 0 in insert = make one */
        int64_t account_id, transaction_id;
        struct str book;
        int64_t amount_minor;
        struct str currency;
        int64_t order_id;
        struct str note;
        int64_t created_at;
};
/* The book that is the account's own money: what it has, never below 0 (account_balance keeps the sum). */
#define LEDGER_BALANCE STR("balance")

/* All entries of one transaction at once: transaction_id is made here.  ERR_STORE_CONFLICT unless they sum to 0 in each currency.
 * A balance that would fall below 0: ERR_STORE_CONFLICT as well; whoever spends looks first. */
MUST res store_ledger_insert(struct store_tx *tx, struct ledger_row *rows, size_t n);
/* The sum of the book "balance", at once. */
MUST res store_balance_get(struct store_conn *c, int64_t account_id, struct str currency, int64_t *ret_minor);
/* The same by adding up, for any book: for audits. */
MUST res store_ledger_sum(struct store_conn *c, int64_t account_id, struct str book, struct str currency, int64_t *ret_minor);
/* Newest first, before `before_id` (0 = from the newest). */
MUST res store_ledger_list(struct store_conn *c, struct arena *a, int64_t account_id, struct str book, int64_t before_id,
                           int64_t limit, const struct ledger_row **ret_rows, size_t *ret_n);
