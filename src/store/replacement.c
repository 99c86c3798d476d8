/* Replacements; their lists are walked by (state, due_at), so that a hundred thousand cost what is due. */
#include "store/replacement.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct replacement_row, replacement_id), COLUMN(struct replacement_row, state), COLUMN(struct replacement_row, method),
        COLUMN(struct replacement_row, issuer), COLUMN(struct replacement_row, profile), COLUMN(struct replacement_row, from_at),
        COLUMN(struct replacement_row, to_at), COLUMN(struct replacement_row, reason), COLUMN(struct replacement_row, note),
        COLUMN(struct replacement_row, per_minute), COLUMN(struct replacement_row, grace_sec), COLUMN(struct replacement_row, deadline_at),
        COLUMN(struct replacement_row, listed_to), COLUMN(struct replacement_row, list_end), COLUMN(struct replacement_row, next_open_at),
        COLUMN(struct replacement_row, user_id), COLUMN(struct replacement_row, created_at), COLUMNS_END
};
static const struct column item_columns[] = {
        COLUMN(struct replacement_item_row, replacement_id), COLUMN(struct replacement_item_row, issued_id),
        COLUMN(struct replacement_item_row, account_id), COLUMN(struct replacement_item_row, certificate_id),
        COLUMN(struct replacement_item_row, state), COLUMN(struct replacement_item_row, due_at),
        COLUMN(struct replacement_item_row, opened_at), COLUMN(struct replacement_item_row, successor_id), COLUMNS_END
};
static const struct column select_columns[] = {
        COLUMN(struct replacement_item_row, issued_id), COLUMN(struct replacement_item_row, account_id),
        COLUMN(struct replacement_item_row, certificate_id), COLUMNS_END
};
static const struct column count_columns[] = {COLUMN(struct replacement_count, state), COLUMN(struct replacement_count, count), COLUMNS_END};
#define REPLACEMENT "replacement_id, state, method, issuer, profile, from_at, to_at, reason, note, per_minute, grace_sec, deadline_at, " \
        "listed_to, list_end, next_open_at, user_id, created_at"
#define ITEM "replacement_id, issued_id, account_id, certificate_id, state, due_at, opened_at, successor_id"

enum { INSERT, UPDATE, GET, LIST, COUNT, SELECT, NEWEST, ITEM_INSERT, ITEM_UPDATE, ITEM_LIST, OPENED_AT };
static const struct sql statements[] = {
        [INSERT] = SQL_SYSTEM("replacement_insert", "INSERT INTO replacement (" REPLACEMENT ")"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"),
        [UPDATE] = SQL_SYSTEM("replacement_update",
                "UPDATE replacement SET state = $2, listed_to = $3, next_open_at = $4 WHERE replacement_id = $1 AND state <> 'stopped'"),
        [GET] = SQL_SYSTEM_ROW("replacement_get", columns, "SELECT " REPLACEMENT " FROM replacement WHERE replacement_id = $1"),
        [LIST] = SQL_SYSTEM_ROW("replacement_list", columns, "SELECT " REPLACEMENT " FROM replacement ORDER BY replacement_id DESC LIMIT $1"),
        [COUNT] = SQL_SYSTEM_ROW("replacement_count", count_columns,
                "SELECT state, COUNT(*) AS count FROM replacement_item WHERE replacement_id = $1 GROUP BY state ORDER BY state"),
        [SELECT] = SQL_SYSTEM_ROW("replacement_select", select_columns,
                "SELECT issued_id, account_id, certificate_id FROM issued WHERE issued_id > $1 AND issued_id <= $2 AND state = 'issued'"
                " AND revoked_at = 0 AND not_after > $3 AND ($4 = '' OR issuer = $4) AND ($5 = '' OR profile = $5)"
                " AND created_at >= $6 AND created_at < $7 ORDER BY issued_id LIMIT $8"),
        [NEWEST] = SQL_SYSTEM("replacement_newest", "SELECT COALESCE(MAX(issued_id), 0) FROM issued"),
        [ITEM_INSERT] = SQL("replacement_item_insert", "INSERT INTO replacement_item (" ITEM ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
                " ON CONFLICT (replacement_id, issued_id) DO NOTHING"),
        [ITEM_UPDATE] = SQL_SYSTEM("replacement_item_update",
                "UPDATE replacement_item SET state = $3, due_at = $4, opened_at = $5, successor_id = $6"
                " WHERE replacement_id = $1 AND issued_id = $2"),
        [ITEM_LIST] = SQL_SYSTEM_ROW("replacement_item_list", item_columns,
                "SELECT " ITEM " FROM replacement_item WHERE replacement_id = $1 AND state = $2 AND due_at <= $3 ORDER BY due_at LIMIT $4"),
        [OPENED_AT] = SQL_SYSTEM("replacement_opened_at",
                "SELECT COALESCE(MAX(opened_at), 0) FROM replacement_item WHERE issued_id = $1"),
};
const struct sql_set sql_replacement = SQL_SET(SQL_SET_REPLACEMENT, statements);

res store_replacement_insert(struct store_tx *tx, const struct replacement_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_replacement, INSERT);

        query_row(&q, columns, row);
        return query_run(&q);
}

res store_replacement_update(struct store_tx *tx, const struct replacement_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_replacement, UPDATE);

        query_int(&q, row->replacement_id);
        query_str(&q, row->state);
        query_int(&q, row->listed_to);
        query_int(&q, row->next_open_at);
        return query_run_one(&q);
}

res store_replacement_get(struct store_conn *c, struct arena *a, int64_t replacement_id, struct replacement_row *ret_row)
{
        struct query q = query_of(c, &sql_replacement, GET);

        query_int(&q, replacement_id);
        return query_get(&q, a, columns, ret_row);
}

res store_replacement_list(struct store_conn *c, struct arena *a, int64_t limit, const struct replacement_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_replacement, LIST);

        query_int(&q, limit);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}

res store_replacement_count(struct store_conn *c, struct arena *a, int64_t replacement_id, const struct replacement_count **ret_rows,
                            size_t *ret_n)
{
        struct query q = query_of(c, &sql_replacement, COUNT);

        query_int(&q, replacement_id);
        return QUERY_LIST(&q, a, count_columns, ret_rows, ret_n);
}

res store_replacement_select(struct store_conn *c, struct arena *a, const struct replacement_row *row, int64_t now_sec, int64_t limit,
                             const struct replacement_item_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_replacement, SELECT);

        query_int(&q, row->listed_to);
        query_int(&q, row->list_end);
        query_int(&q, now_sec);
        query_str(&q, row->issuer);
        query_str(&q, row->profile);
        query_int(&q, row->from_at);
        query_int(&q, row->to_at);
        query_int(&q, limit);
        return QUERY_LIST(&q, a, select_columns, ret_rows, ret_n);
}

res store_replacement_newest(struct store_conn *c, int64_t *ret_issued_id)
{
        struct query q = query_of(c, &sql_replacement, NEWEST);

        return query_value(&q, ret_issued_id);
}

res store_replacement_item_insert(struct store_tx *tx, const struct replacement_item_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_replacement, ITEM_INSERT);

        query_row(&q, item_columns, row);
        return query_run(&q);
}

res store_replacement_item_update(struct store_tx *tx, const struct replacement_item_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_replacement, ITEM_UPDATE);

        query_int(&q, row->replacement_id);
        query_int(&q, row->issued_id);
        query_str(&q, row->state);
        query_int(&q, row->due_at);
        query_int(&q, row->opened_at);
        query_str(&q, row->successor_id);
        return query_run_one(&q);
}

res store_replacement_item_list(struct store_conn *c, struct arena *a, int64_t replacement_id, struct str state, int64_t due_at,
                                int64_t limit, const struct replacement_item_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_replacement, ITEM_LIST);

        query_int(&q, replacement_id);
        query_str(&q, state);
        query_int(&q, due_at);
        query_int(&q, limit);
        return QUERY_LIST(&q, a, item_columns, ret_rows, ret_n);
}

res store_replacement_opened_at(struct store_conn *c, int64_t issued_id, int64_t *ret_opened_at)
{
        struct query q = query_of(c, &sql_replacement, OPENED_AT);

        query_int(&q, issued_id);
        return query_value(&q, ret_opened_at);
}
