/* Exact counts, by summing a handful of rows. */
#include "store/count.h"

#include "store/sqlite.h"

enum { MOVE, LIST, RECOUNT };
static const struct sql statements[] = {
        [MOVE] = SQL("count_move",
                "INSERT INTO certificate_count (account_id, status, project_id, certificate_type, uploaded, amount)"
                " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account_id, status, project_id, certificate_type, uploaded)"
                " DO UPDATE SET amount = certificate_count.amount + excluded.amount"),
        [LIST] = SQL("count_list",
                "SELECT status, project_id, certificate_type, uploaded, amount FROM certificate_count WHERE account_id = $1"),
        [RECOUNT] = SQL("count_recount",
                "SELECT COUNT(*) FROM certificate WHERE account_id = $1 AND deleted_at = 0 AND status = $2 AND project_id = $3"
                " AND certificate_type = $4 AND CASE WHEN source = 'upload' THEN 1 ELSE 0 END = $5"),
};
const struct sql_set sql_count = SQL_SET(SQL_SET_COUNT, statements);

struct count_row { /* text borrowed from the statement */
        int64_t status, project_id;
        struct str certificate_type;
        int64_t uploaded, amount;
};

res store_count_move(struct store_tx *tx, const struct certificate_row *row, int64_t amount)
{
        struct query q = query_of(store_tx_conn(tx), &sql_count, MOVE);

        query_int(&q, row->account_id);
        query_int(&q, row->status);
        query_int(&q, row->project_id);
        query_str(&q, row->certificate_type);
        query_int(&q, str_equals(row->source, "upload"));
        query_int(&q, amount);
        return query_run(&q);
}

static res next_row(struct query *q, struct count_row *ret_row, bool *ret_has)
{
        TRY(query_step(q, ret_has));
        if (!*ret_has)
                return RES_OK;
        *ret_row = (struct count_row){query_get_int(q, 0), query_get_int(q, 1), query_get_str(q, 2), query_get_int(q, 3),
                                      query_get_int(q, 4)};
        return RES_OK;
}

static bool status_fits(const struct store_certificate_filter *filter, int64_t status)
{
        for (size_t i = 0; i < filter->status_count; i++) {
                if (filter->statuses[i] == status)
                        return true;
        }
        return filter->status_count == 0;
}

static bool row_fits(const struct store_certificate_filter *filter, const struct count_row *row)
{
        if (!status_fits(filter, row->status))
                return false;
        if (filter->project_id >= 0 && filter->project_id != row->project_id)
                return false;
        if (filter->certificate_type.n > 0 && !str_equal(filter->certificate_type, row->certificate_type))
                return false;
        return filter->source == STORE_SOURCE_ANY || (filter->source == STORE_SOURCE_UPLOAD) == (row->uploaded != 0);
}

res store_count_get(struct store_conn *c, const struct store_certificate_filter *filter, int64_t *ret_count)
{
        CLEAN(query_done) struct query q = query_of(c, &sql_count, LIST);
        struct count_row row;
        int64_t sum = 0;
        bool has = true;

        query_int(&q, filter->account_id);
        for (;;) {
                TRY(next_row(&q, &row, &has));
                if (!has)
                        break;
                if (row_fits(filter, &row))
                        sum += row.amount;
        }
        *ret_count = sum;
        return RES_OK;
}

static res check_row(struct store_conn *c, int64_t account_id, const struct count_row *row)
{
        struct query q = query_of(c, &sql_count, RECOUNT);
        int64_t counted = 0;

        query_int(&q, account_id);
        query_int(&q, row->status);
        query_int(&q, row->project_id);
        query_str(&q, row->certificate_type);
        query_int(&q, row->uploaded);
        TRY(query_value(&q, &counted));
        ENSURE(counted == row->amount, ERR_STORE);
        return RES_OK;
}

res store_count_check(struct store_conn *c, int64_t account_id)
{
        CLEAN(query_done) struct query q = query_of(c, &sql_count, LIST);
        struct count_row row;
        bool has = true;

        query_int(&q, account_id);
        for (;;) {
                TRY(next_row(&q, &row, &has));
                if (!has)
                        return RES_OK;
                TRY(check_row(c, account_id, &row));
        }
}
