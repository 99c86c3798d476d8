/*
 * Tags of certificates.  What changes is told to facet.c, which keeps the sets that lists filter by.
 */
#include "store/tag.h"

#include "store/facet.h"
#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct tag_row, account_id), COLUMN(struct tag_row, certificate_id),
        COLUMN(struct tag_row, tag_key), COLUMN(struct tag_row, tag_value),
        COLUMNS_END
};
#define TAG "account_id, certificate_id, tag_key, tag_value"
#define PLACED_ARENA (1024 * 1024) /* of the tags of one certificate: LIMIT_TAGS of LIMIT_TAG_BYTES */

/* A tag with its certificate's place in the list. */
struct placed_row {
        int64_t certificate_seq;
        struct str tag_key, tag_value;
};
static const struct column placed_columns[] = {
        COLUMN(struct placed_row, certificate_seq), COLUMN(struct placed_row, tag_key), COLUMN(struct placed_row, tag_value), COLUMNS_END
};

enum { SEQ, PUT, DELETE, DELETE_ALL, LIST, PLACED };
static const struct sql statements[] = {
        [SEQ] = SQL("tag_certificate_seq", "SELECT seq FROM certificate WHERE account_id = $1 AND certificate_id = $2"),
        [PUT] = SQL("tag_put",
                "INSERT INTO tag (" TAG ", certificate_seq) VALUES ($1, $2, $3, $4, $5)"
                " ON CONFLICT (account_id, certificate_id, tag_key) DO UPDATE SET tag_value = excluded.tag_value"),
        [DELETE] = SQL("tag_delete", "DELETE FROM tag WHERE account_id = $1 AND certificate_id = $2 AND tag_key = $3"),
        [DELETE_ALL] = SQL("tag_delete_all", "DELETE FROM tag WHERE account_id = $1 AND certificate_id = $2"),
        [LIST] = SQL_ROW("tag_list", columns, "SELECT " TAG " FROM tag WHERE account_id = $1 AND certificate_id = $2 ORDER BY tag_key"),
        [PLACED] = SQL_ROW("tag_placed", placed_columns,
                "SELECT certificate_seq, tag_key, tag_value FROM tag WHERE account_id = $1 AND certificate_id = $2"),
};
const struct sql_set sql_tag = SQL_SET(SQL_SET_TAG, statements);

static struct query tag_query(struct store_conn *c, size_t statement, int64_t account_id, struct str certificate_id)
{
        struct query q = query_of(c, &sql_tag, statement);

        query_int(&q, account_id);
        query_str(&q, certificate_id);
        return q;
}

static res placed(struct store_tx *tx, struct arena *a, int64_t account_id, struct str certificate_id, const struct placed_row **ret_rows,
                  size_t *ret_n)
{
        struct query q = tag_query(store_tx_conn(tx), PLACED, account_id, certificate_id);

        return QUERY_LIST(&q, a, placed_columns, ret_rows, ret_n);
}

static const struct placed_row *placed_of(const struct placed_row *rows, size_t n, struct str tag_key)
{
        for (size_t i = 0; i < n; i++) {
                if (str_equal(rows[i].tag_key, tag_key))
                        return &rows[i];
        }
        return NULL;
}

res store_tag_put(struct store_tx *tx, const struct tag_row *row)
{
        CLEAN(arena_free_ptr) struct arena *a = arena_new(PLACED_ARENA);
        const struct placed_row *rows = NULL;
        int64_t seq = 0;
        size_t n = 0;

        struct query q = tag_query(store_tx_conn(tx), SEQ, row->account_id, row->certificate_id);
        res r = query_value(&q, &seq);
        if (r.err == ERR_NOT_FOUND)
                return RES_OK;
        TRY(r);
        TRY(placed(tx, a, row->account_id, row->certificate_id, &rows, &n));
        const struct placed_row *old = placed_of(rows, n, row->tag_key);
        q = query_of(store_tx_conn(tx), &sql_tag, PUT);
        query_row(&q, columns, row);
        query_int(&q, seq);
        TRY(query_run(&q));
        return facet_tag_changed(tx, row->account_id, seq, row->tag_key, old ? &old->tag_value : NULL, &row->tag_value);
}

res store_tag_delete(struct store_tx *tx, int64_t account_id, struct str certificate_id, struct str tag_key)
{
        CLEAN(arena_free_ptr) struct arena *a = arena_new(PLACED_ARENA);
        const struct placed_row *rows = NULL;
        size_t n = 0;

        TRY(placed(tx, a, account_id, certificate_id, &rows, &n));
        const struct placed_row *old = placed_of(rows, n, tag_key);
        if (!old)
                return RES_OK;
        struct query q = tag_query(store_tx_conn(tx), DELETE, account_id, certificate_id);
        query_str(&q, tag_key);
        TRY(query_run(&q));
        return facet_tag_changed(tx, account_id, old->certificate_seq, tag_key, &old->tag_value, /* new_value= */ NULL);
}

res store_tag_delete_all(struct store_tx *tx, int64_t account_id, struct str certificate_id)
{
        CLEAN(arena_free_ptr) struct arena *a = arena_new(PLACED_ARENA);
        const struct placed_row *rows = NULL;
        size_t n = 0;

        TRY(placed(tx, a, account_id, certificate_id, &rows, &n));
        struct query q = tag_query(store_tx_conn(tx), DELETE_ALL, account_id, certificate_id);
        TRY(query_run(&q));
        for (size_t i = 0; i < n; i++)
                TRY(facet_tag_changed(tx, account_id, rows[i].certificate_seq, rows[i].tag_key, &rows[i].tag_value, /* new_value= */ NULL));
        return RES_OK;
}

res store_tag_list(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id,
                   const struct tag_row **ret_rows, size_t *ret_n)
{
        struct query q = tag_query(c, LIST, account_id, certificate_id);

        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}
