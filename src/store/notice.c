/* Messages shown in the product. */
#include "store/notice.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct notice_row, notice_id), COLUMN(struct notice_row, account_id),
        COLUMN(struct notice_row, certificate_id), COLUMN(struct notice_row, kind),
        COLUMN(struct notice_row, text), COLUMN(struct notice_row, created_at),
        COLUMN(struct notice_row, read_at),
        COLUMNS_END
};
#define NOTICE "notice_id, account_id, certificate_id, kind, text, created_at, read_at"

enum { INSERT, LIST, COUNT_UNREAD };
static const struct sql statements[] = {
        [INSERT] = SQL("notice_insert", "INSERT INTO notice (" NOTICE ") VALUES ($1, $2, $3, $4, $5, $6, $7)"),
        [LIST] = SQL_ROW("notice_list", columns,
                "SELECT " NOTICE " FROM notice WHERE account_id = $1 AND notice_id < $2 ORDER BY notice_id DESC LIMIT $3"),
        [COUNT_UNREAD] = SQL("notice_count_unread", "SELECT COUNT(*) FROM notice WHERE account_id = $1 AND read_at = 0"),
};
const struct sql_set sql_notice = SQL_SET(SQL_SET_NOTICE, statements);

res store_notice_insert(struct store_tx *tx, struct notice_row *row)
{
        struct notice_row new = *row;

        if (new.notice_id == 0)
                TRY(store_new_id(tx, STORE_ID_NOTICE, &new.notice_id));
        struct query q = query_of(store_tx_conn(tx), &sql_notice, INSERT);
        query_row(&q, columns, &new);
        TRY(query_run(&q));
        row->notice_id = new.notice_id;
        return RES_OK;
}

res store_notice_list(struct store_conn *c, struct arena *a, int64_t account_id, int64_t before_id, int64_t limit,
                      const struct notice_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_notice, LIST);

        query_int(&q, account_id);
        query_int(&q, before_id > 0 ? before_id : INT64_MAX);
        query_int(&q, limit);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}

res store_notice_count_unread(struct store_conn *c, int64_t account_id, int64_t *ret_count)
{
        struct query q = query_of(c, &sql_notice, COUNT_UNREAD);

        query_int(&q, account_id);
        return query_value(&q, ret_count);
}
