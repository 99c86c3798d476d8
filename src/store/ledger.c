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

enum { INSERT, SUM, LIST };
static const struct sql statements[] = {
        [INSERT] = SQL("ledger_insert", "INSERT INTO ledger (" LEDGER ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"),
        [SUM] = SQL("ledger_sum",
                "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM ledger WHERE account_id = $1 AND book = $2 AND currency = $3"),
        [LIST] = SQL_ROW("ledger_list", columns,
                "SELECT " LEDGER " FROM ledger WHERE account_id = $1 AND book = $2 AND entry_id < $3 ORDER BY entry_id DESC LIMIT $4"),
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

/* A transaction is named after its first entry. */
res store_ledger_insert(struct store_tx *tx, struct ledger_row *rows, size_t n)
{
        TRY(check_balance(rows, n));
        for (size_t i = 0; i < n; i++) {
                TRY(store_new_id(tx, STORE_ID_LEDGER, &rows[i].entry_id));
                rows[i].transaction_id = rows[0].entry_id;
                TRY(insert(tx, &rows[i]));
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
