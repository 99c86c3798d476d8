/* Money: double entry, never changed. */
#include "store/ledger.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct ledger_row, entry_id), COLUMN(struct ledger_row, account_id),
        COLUMN(struct ledger_row, transaction_id), COLUMN(struct ledger_row, book),
        COLUMN(struct ledger_row, amount_minor), COLUMN(struct ledger_row, currency),
        COLUMN(struct ledger_row, order_id), COLUMN(struct ledger_row, note),
        COLUMN(struct ledger_row, created_at),
        COLUMNS_END
};
#define LEDGER "entry_id, account_id, transaction_id, book, amount_minor, currency, order_id, note, created_at"

enum { INSERT, SUM, LIST, BALANCE_GET, BALANCE_ADD, BALANCE_INSERT };
static const struct sql statements[] = {
        [INSERT] = SQL("ledger_insert", "INSERT INTO ledger (" LEDGER ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"),
        [SUM] = SQL("ledger_sum",
                "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM ledger WHERE account_id = $1 AND book = $2 AND currency = $3"),
        [LIST] = SQL_ROW("ledger_list", columns,
                "SELECT " LEDGER " FROM ledger WHERE account_id = $1 AND book = $2 AND entry_id < $3 ORDER BY entry_id DESC LIMIT $4"),
        [BALANCE_GET] = SQL("balance_get", "SELECT amount_minor FROM account_balance WHERE account_id = $1 AND currency = $2"),
        [BALANCE_ADD] = SQL("balance_add",
                "UPDATE account_balance SET amount_minor = amount_minor + $3 WHERE account_id = $1 AND currency = $2 AND amount_minor + $3 >= 0"),
        [BALANCE_INSERT] = SQL("balance_insert", "INSERT INTO account_balance (account_id, currency, amount_minor) VALUES ($1, $2, $3)"),
};
const struct sql_set sql_ledger = SQL_SET(SQL_SET_LEDGER, statements);

/* The entries that share rows[i]'s currency. */
static res sum_of_currency(const struct ledger_row *rows, size_t n, size_t i, int64_t *ret_sum)
{
        int64_t sum = 0;

        for (size_t k = 0; k < n; k++) {
                if (!str_equal(rows[k].currency, rows[i].currency))
                        continue;
                ENSURE(!__builtin_add_overflow(sum, rows[k].amount_minor, &sum), ERR_STORE_CONFLICT);
        }
        *ret_sum = sum;
        return RES_OK;
}

static res check_balance(const struct ledger_row *rows, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                int64_t sum = 0;
                TRY(sum_of_currency(rows, n, i, &sum));
                ENSURE(sum == 0, ERR_STORE_CONFLICT);
        }
        return RES_OK;
}

static res insert(struct store_tx *tx, const struct ledger_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_ledger, INSERT);

        query_row(&q, columns, row);
        return query_run(&q);
}

static res balance_run(struct store_tx *tx, int statement, const struct ledger_row *row, int64_t amount_minor)
{
        struct query q = query_of(store_tx_conn(tx), &sql_ledger, (size_t)statement);

        query_int(&q, row->account_id);
        query_str(&q, row->currency);
        query_int(&q, amount_minor);
        return statement == BALANCE_ADD ? query_run_one(&q) : query_run(&q);
}

/* Update first: an INSERT of a negative amount would meet the CHECK before any ON CONFLICT. */
static res balance_move(struct store_tx *tx, const struct ledger_row *row)
{
        int64_t have = 0, sum = 0;

        if (!str_equal(row->book, LEDGER_BALANCE))
                return RES_OK;
        TRY(store_balance_get(store_tx_conn(tx), row->account_id, row->currency, &have));
        ENSURE(!__builtin_add_overflow(have, row->amount_minor, &sum) && sum >= 0, ERR_STORE_CONFLICT);
        res moved = balance_run(tx, BALANCE_ADD, row, row->amount_minor);

        return moved.err == ERR_NOT_FOUND ? balance_run(tx, BALANCE_INSERT, row, row->amount_minor) : moved;
}

/* A transaction is named after its first entry. */
res store_ledger_insert(struct store_tx *tx, struct ledger_row *rows, size_t n)
{
        TRY(check_balance(rows, n));
        for (size_t i = 0; i < n; i++) {
                TRY(store_new_id(tx, STORE_ID_LEDGER, &rows[i].entry_id));
                rows[i].transaction_id = rows[0].entry_id;
                TRY(insert(tx, &rows[i]));
                TRY(balance_move(tx, &rows[i]));
        }
        return RES_OK;
}

res store_ledger_sum(struct store_conn *c, int64_t account_id, struct str book, struct str currency, int64_t *ret_minor)
{
        struct query q = query_of(c, &sql_ledger, SUM);

        query_int(&q, account_id);
        query_str(&q, book);
        query_str(&q, currency);
        return query_value(&q, ret_minor);
}

res store_ledger_list(struct store_conn *c, struct arena *a, int64_t account_id, struct str book, int64_t before_id,
                      int64_t limit, const struct ledger_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_ledger, LIST);

        query_int(&q, account_id);
        query_str(&q, book);
        query_int(&q, before_id > 0 ? before_id : INT64_MAX);
        query_int(&q, limit);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}

res store_balance_get(struct store_conn *c, int64_t account_id, struct str currency, int64_t *ret_minor)
{
        struct query q = query_of(c, &sql_ledger, BALANCE_GET);

        query_int(&q, account_id);
        query_str(&q, currency);
        *ret_minor = 0;
        res r = query_value(&q, ret_minor);

        return r.err == ERR_NOT_FOUND ? RES_OK : r;
}
