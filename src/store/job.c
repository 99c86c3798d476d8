/*
 * Jobs.  A leased job's due time is the end of its lease, so that the one index on (kind, due_at) finds both what is
 * due and what a dead node left behind.  Being put again while it runs moves the due time before the end of the lease,
 * and that is how finish knows not to remove it.
 */
#include "store/job.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct job_row, job_id), COLUMN(struct job_row, kind),
        COLUMN(struct job_row, account_id), COLUMN(struct job_row, subject),
        COLUMN(struct job_row, due_at), COLUMN(struct job_row, attempts),
        COLUMN(struct job_row, lease_node), COLUMN(struct job_row, lease_until),
        COLUMN(struct job_row, last_error), COLUMN(struct job_row, created_at),
        COLUMNS_END
};
#define JOB "job_id, kind, account_id, subject, due_at, attempts, lease_node, lease_until, last_error, created_at"

enum { PUT, DUE, LEASE, FINISH, FINISH_AGAIN, AGAIN, DROP, GET, NEXT_DUE, RELEASE_NODE };
static const struct sql statements[] = {
        [PUT] = SQL("job_put",
                "INSERT INTO job (" JOB ") VALUES ($1, $2, $3, $4, $5, 0, '', 0, '', $6)"
                " ON CONFLICT (kind, subject) DO UPDATE SET due_at ="
                " CASE WHEN excluded.due_at < job.due_at THEN excluded.due_at ELSE job.due_at END"),
        [DUE] = SQL_SYSTEM_ROW("job_due", columns,
                "SELECT " JOB " FROM job WHERE kind = $1 AND due_at <= $2 AND lease_until <= $2 ORDER BY due_at, job_id LIMIT $3"),
        [LEASE] = SQL_SYSTEM("job_lease", "UPDATE job SET lease_node = $2, lease_until = $3, due_at = $3 WHERE job_id = $1"),
        [FINISH] = SQL_SYSTEM("job_finish", "DELETE FROM job WHERE job_id = $1 AND lease_node = $2 AND due_at = lease_until"),
        [FINISH_AGAIN] = SQL_SYSTEM("job_finish_again",
                "UPDATE job SET lease_node = '', lease_until = 0, attempts = 0, last_error = '' WHERE job_id = $1 AND lease_node = $2"),
        [AGAIN] = SQL_SYSTEM("job_again",
                "UPDATE job SET due_at = CASE WHEN due_at < lease_until AND due_at < $3 THEN due_at ELSE $3 END,"
                " attempts = attempts + 1, lease_node = '', lease_until = 0, last_error = $4 WHERE job_id = $1 AND lease_node = $2"),
        [DROP] = SQL_SYSTEM("job_drop", "DELETE FROM job WHERE kind = $1 AND subject = $2"),
        [GET] = SQL_SYSTEM_ROW("job_get", columns, "SELECT " JOB " FROM job WHERE kind = $1 AND subject = $2"),
        [NEXT_DUE] = SQL_SYSTEM("job_next_due", "SELECT due_at FROM job WHERE kind = $1 ORDER BY due_at LIMIT 1"),
        [RELEASE_NODE] = SQL_SYSTEM("job_release_node",
                "UPDATE job SET due_at = 0, lease_node = '', lease_until = 0 WHERE lease_node = $1"),
};
const struct sql_set sql_job = SQL_SET(SQL_SET_JOB, statements);

res store_job_put(struct store_tx *tx, struct str kind, int64_t account_id, struct str subject, int64_t due_at, int64_t now_sec)
{
        int64_t job_id = 0;

        TRY(store_new_id(tx, STORE_ID_JOB, &job_id));
        struct query q = query_of(store_tx_conn(tx), &sql_job, PUT);
        query_int(&q, job_id);
        query_str(&q, kind);
        query_int(&q, account_id);
        query_str(&q, subject);
        query_int(&q, due_at);
        query_int(&q, now_sec);
        return query_run(&q);
}

static res lease(struct store_tx *tx, int64_t job_id, struct str node, int64_t until)
{
        struct query q = query_of(store_tx_conn(tx), &sql_job, LEASE);

        query_int(&q, job_id);
        query_str(&q, node);
        query_int(&q, until);
        return query_run_one(&q);
}

res store_job_claim(struct store_tx *tx, struct arena *a, struct str kind, struct str node, int64_t now_sec, int64_t until,
                    int64_t limit, const struct job_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(store_tx_conn(tx), &sql_job, DUE);
        const struct job_row *rows = NULL;
        size_t n = 0;

        ENSURE(until > now_sec, ERR_STORE);
        query_str(&q, kind);
        query_int(&q, now_sec);
        query_int(&q, limit);
        TRY(QUERY_LIST(&q, a, columns, &rows, &n));
        for (size_t i = 0; i < n; i++)
                TRY(lease(tx, rows[i].job_id, node, until));
        *ret_rows = rows;
        *ret_n = n;
        return RES_OK;
}

static res finish_with(struct store_tx *tx, size_t statement, int64_t job_id, struct str node)
{
        struct query q = query_of(store_tx_conn(tx), &sql_job, statement);

        query_int(&q, job_id);
        query_str(&q, node);
        return query_run_one(&q);
}

res store_job_finish(struct store_tx *tx, int64_t job_id, struct str node)
{
        res r = finish_with(tx, FINISH, job_id, node);

        return r.err == ERR_NOT_FOUND ? finish_with(tx, FINISH_AGAIN, job_id, node) : r;
}

res store_job_again(struct store_tx *tx, int64_t job_id, struct str node, int64_t due_at, struct str why)
{
        struct query q = query_of(store_tx_conn(tx), &sql_job, AGAIN);

        query_int(&q, job_id);
        query_str(&q, node);
        query_int(&q, due_at);
        query_str(&q, why);
        return query_run_one(&q);
}

res store_job_drop(struct store_tx *tx, struct str kind, struct str subject)
{
        struct query q = query_of(store_tx_conn(tx), &sql_job, DROP);

        query_str(&q, kind);
        query_str(&q, subject);
        return query_run(&q);
}

res store_job_get(struct store_conn *c, struct arena *a, struct str kind, struct str subject, struct job_row *ret_row)
{
        struct query q = query_of(c, &sql_job, GET);

        query_str(&q, kind);
        query_str(&q, subject);
        return query_get(&q, a, columns, ret_row);
}

res store_job_next_due(struct store_conn *c, struct str kind, int64_t *ret_due_at)
{
        struct query q = query_of(c, &sql_job, NEXT_DUE);
        res r;

        query_str(&q, kind);
        r = query_value(&q, ret_due_at);
        if (r.err != ERR_NOT_FOUND)
                return r;
        *ret_due_at = INT64_MAX;
        return RES_OK;
}

res store_job_release_node(struct store_tx *tx, struct str node)
{
        struct query q = query_of(store_tx_conn(tx), &sql_job, RELEASE_NODE);

        query_str(&q, node);
        return query_run(&q);
}
