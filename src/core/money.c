/* See money.h. */
#include "core/money.h"

#include "core/core.h"

res money_balance(struct act *act, struct store_conn *c, int64_t *ret_minor)
{
        return store_balance_get(c, act->account_id, MONEY_CURRENCY, ret_minor);
}

const char *money_text(struct arena *arena, int64_t amount_minor)
{
        return arena_printf(arena, "%s%lld.%02lld CNY", amount_minor < 0 ? "-" : "",
                            (long long)(amount_minor < 0 ? -amount_minor : amount_minor) / 100,
                            (long long)(amount_minor < 0 ? -amount_minor : amount_minor) % 100);
}

struct money_move {
        int64_t amount_minor; /* into the balance */
        struct str other_book, note;
        int64_t order_id;
};

static res money_move(struct act *act, struct store_tx *tx, const struct money_move *move)
{
        struct ledger_row entry = {
                .account_id = act->account_id,
                .amount_minor = move->amount_minor,
                .book = LEDGER_BALANCE,
                .currency = MONEY_CURRENCY,
                .order_id = move->order_id,
                .note = move->note,
                .created_at = act->now_sec,
        };
        struct ledger_row entries[] = {entry, entry};

        if (move->amount_minor == 0)
                return RES_OK;
        entries[1].book = move->other_book;
        entries[1].amount_minor = -move->amount_minor;
        return store_ledger_insert(tx, entries, 2);
}

static MUST res money_check(struct act *act, struct store_tx *tx, int64_t amount_minor)
{
        int64_t have = 0;

        TRY(money_balance(act, store_tx_conn(tx), &have));
        if (have >= amount_minor)
                return RES_OK;
        return act_fail(act, ERR_TRADE, "This costs %s and the balance is %s; ask an operator for credit.",
                        money_text(act->arena, amount_minor), money_text(act->arena, have));
}

res money_spend(struct act *act, struct store_tx *tx, int64_t order_id, int64_t amount_minor)
{
        TRY(money_check(act, tx, amount_minor));
        return money_move(act, tx, &(struct money_move){-amount_minor, STR("sales"), STR("paid"), order_id});
}

res money_return(struct act *act, struct store_tx *tx, int64_t order_id, int64_t amount_minor)
{
        return money_move(act, tx, &(struct money_move){amount_minor, STR("sales"), STR("refunded"), order_id});
}

res money_grant(struct act *act, struct store_tx *tx, int64_t amount_minor, struct str note)
{
        int64_t have = 0;

        if (amount_minor > LIMIT_MONEY_MINOR || amount_minor < -LIMIT_MONEY_MINOR)
                return act_fail(act, ERR_PARAM_VALUE, "At most %s are moved at once.",
                                money_text(act->arena, LIMIT_MONEY_MINOR));
        if (amount_minor < 0)
                TRY(money_check(act, tx, -amount_minor));
        TRY(money_balance(act, store_tx_conn(tx), &have));
        if (have + amount_minor > LIMIT_MONEY_MINOR)
                return act_fail(act, ERR_PARAM_VALUE, "A balance holds at most %s.",
                                money_text(act->arena, LIMIT_MONEY_MINOR));
        return money_move(act, tx, &(struct money_move){amount_minor, STR("granted"), note, 0});
}

res money_describe(struct act *act, int64_t marker, int64_t limit, struct money_page *ret_page)
{
        struct store_conn *c = NULL;
        struct money_page page = {0};

        limit = limit > LIMIT_LIST_MAX ? LIMIT_LIST_MAX : limit;
        TRY(store_read(act->core->store, &c));
        TRY(money_balance(act, c, &page.balance_minor));
        TRY(store_ledger_list(c, act->arena, act->account_id, LEDGER_BALANCE, marker, limit, &page.v, &page.n));
        page.next_marker = page.n > 0 && (int64_t)page.n == limit ? page.v[page.n - 1].entry_id : 0;
        *ret_page = page;
        return RES_OK;
}
