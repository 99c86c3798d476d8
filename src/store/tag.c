/* Tags of certificates. */
#include "store/tag.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct tag_row, account_id), COLUMN(struct tag_row, certificate_id),
        COLUMN(struct tag_row, tag_key), COLUMN(struct tag_row, tag_value),
        COLUMNS_END
};
#define TAG "account_id, certificate_id, tag_key, tag_value"

enum { PUT, FOLLOW, DELETE, DELETE_ALL, LIST };
static const struct sql statements[] = {
        [PUT] = SQL("tag_put",
                "INSERT INTO tag (" TAG ", certificate_seq, status, project_id, end_at, uploaded)"
                " SELECT $1, $2, $3, $4, seq, status, project_id, end_at, CASE WHEN source = 'upload' THEN 1 ELSE 0 END"
                " FROM certificate WHERE account_id = $1 AND certificate_id = $2"
                " ON CONFLICT (account_id, certificate_id, tag_key) DO UPDATE SET tag_value = excluded.tag_value"),
        [FOLLOW] = SQL("tag_follow",
                "UPDATE tag SET status = $3, project_id = $4, end_at = $5, uploaded = $6 WHERE account_id = $1 AND certificate_id = $2"),
        [DELETE] = SQL("tag_delete", "DELETE FROM tag WHERE account_id = $1 AND certificate_id = $2 AND tag_key = $3"),
        [DELETE_ALL] = SQL("tag_delete_all", "DELETE FROM tag WHERE account_id = $1 AND certificate_id = $2"),
        [LIST] = SQL_ROW("tag_list", columns, "SELECT " TAG " FROM tag WHERE account_id = $1 AND certificate_id = $2 ORDER BY tag_key"),
};
const struct sql_set sql_tag = SQL_SET(SQL_SET_TAG, statements);

res store_tag_put(struct store_tx *tx, const struct tag_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_tag, PUT);

        query_row(&q, columns, row);
        return query_run(&q);
}

res store_tag_follow(struct store_tx *tx, const struct certificate_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_tag, FOLLOW);

        query_int(&q, row->account_id);
        query_str(&q, row->certificate_id);
        query_int(&q, row->status);
        query_int(&q, row->project_id);
        query_int(&q, row->end_at);
        query_int(&q, str_equals(row->source, "upload"));
        return query_run(&q);
}

res store_tag_delete(struct store_tx *tx, int64_t account_id, struct str certificate_id, struct str tag_key)
{
        struct query q = query_of(store_tx_conn(tx), &sql_tag, DELETE);

        query_int(&q, account_id);
        query_str(&q, certificate_id);
        query_str(&q, tag_key);
        return query_run(&q);
}

res store_tag_delete_all(struct store_tx *tx, int64_t account_id, struct str certificate_id)
{
        struct query q = query_of(store_tx_conn(tx), &sql_tag, DELETE_ALL);

        query_int(&q, account_id);
        query_str(&q, certificate_id);
        return query_run(&q);
}

res store_tag_list(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id,
                   const struct tag_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_tag, LIST);

        query_int(&q, account_id);
        query_str(&q, certificate_id);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}
