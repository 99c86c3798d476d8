/*
 * Money: a double-entry ledger in the smallest unit of one currency.  Each movement is a transaction of entries that sum
 * to 0: what the account has stands in the book "balance", where it came from or went to in "granted" and "sales".
 * Nothing is ever changed or deleted; a refund is a movement of its own.
 */
#pragma once

#include "core/act.h"
#include "store/ledger.h"
#include "store/store.h"

#define MONEY_CURRENCY STR("CNY")

/* What act->account_id can spend. */
MUST res money_balance(struct act *act, struct store_conn *c, int64_t *ret_minor);

/*
 * Inside a transaction, for act->account_id; amounts are 0 or more.
 * Spend on an order: ERR_TRADE with a sentence when the balance does not cover it; the store's single writer makes two
 * at once impossible.
 */
MUST res money_spend(struct act *act, struct store_tx *tx, int64_t order_id, int64_t amount_minor);
/* Back from an order. */
MUST res money_return(struct act *act, struct store_tx *tx, int64_t order_id, int64_t amount_minor);
/* An operator's credit (above 0) or debit (below 0) with a note.  ERR_TRADE when a debit exceeds the balance. */
MUST res money_grant(struct act *act, struct store_tx *tx, int64_t amount_minor, struct str note);
/* "1234.50 CNY", for sentences. */
const char *money_text(struct arena *arena, int64_t amount_minor);

struct money_page { /* what came and went, newest first */
        int64_t balance_minor;
        const struct ledger_row *v; /* of the book "balance" */
        size_t n;
        int64_t next_marker; /* 0 = the end */
};
MUST res money_describe(struct act *act, int64_t marker, int64_t limit, struct money_page *ret_page);
