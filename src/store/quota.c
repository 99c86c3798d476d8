/* Free allowance in use; home domains; other platforms' certificates. */
#include "store/quota.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct quota_use_row, certificate_id), COLUMN(struct quota_use_row, account_id),
        COLUMN(struct quota_use_row, counter), COLUMN(struct quota_use_row, primary_domain),
        COLUMN(struct quota_use_row, returns_at), COLUMN(struct quota_use_row, created_at),
        COLUMNS_END
};
#define QUOTA "certificate_id, account_id, counter, primary_domain, returns_at, created_at"

enum {
        INSERT, GET, UPDATE, DELETE, LIST, COUNT_DOMAIN,
        HOME_PUT, HOME_DELETE, HOME_HAS, HOME_LIST, EXTERNAL_PUT, EXTERNAL_GET, DOMAIN_NEXT,
};
static const struct sql statements[] = {
        [INSERT] = SQL("quota_insert", "INSERT INTO quota_use (" QUOTA ") VALUES ($1, $2, $3, $4, $5, $6)"),
        [GET] = SQL_ROW("quota_get", columns, "SELECT " QUOTA " FROM quota_use WHERE account_id = $1 AND certificate_id = $2"),
        [UPDATE] = SQL("quota_update",
                "UPDATE quota_use SET counter = $3, primary_domain = $4, returns_at = $5 WHERE account_id = $1 AND certificate_id = $2"),
        [DELETE] = SQL("quota_delete", "DELETE FROM quota_use WHERE account_id = $1 AND certificate_id = $2"),
        [LIST] = SQL_ROW("quota_list", columns, "SELECT " QUOTA " FROM quota_use WHERE account_id = $1 ORDER BY created_at, certificate_id"),
        [COUNT_DOMAIN] = SQL_SYSTEM("quota_count_domain",
                "SELECT COUNT(*) FROM quota_use WHERE primary_domain = $1 AND (returns_at = 0 OR returns_at > $2)"),
        [HOME_PUT] = SQL("home_domain_put",
                "INSERT INTO home_domain (account_id, domain, created_at) VALUES ($1, $2, $3) ON CONFLICT (account_id, domain) DO NOTHING"),
        [HOME_DELETE] = SQL("home_domain_delete", "DELETE FROM home_domain WHERE account_id = $1 AND domain = $2"),
        [HOME_HAS] = SQL("home_domain_has", "SELECT COUNT(*) FROM home_domain WHERE account_id = $1 AND domain = $2"),
        [HOME_LIST] = SQL("home_domain_list", "SELECT domain FROM home_domain WHERE account_id = $1 ORDER BY domain"),
        [DOMAIN_NEXT] = SQL_SYSTEM("quota_domain_next",
                "SELECT CAST(COALESCE(MIN(returns_at), 0) AS BIGINT) FROM quota_use WHERE primary_domain = $1 AND returns_at > $2"),
        [EXTERNAL_PUT] = SQL_SYSTEM("external_count_put",
                "INSERT INTO external_count (primary_domain, amount) VALUES ($1, $2)"
                " ON CONFLICT (primary_domain) DO UPDATE SET amount = excluded.amount"),
        [EXTERNAL_GET] = SQL_SYSTEM("external_count_get", "SELECT amount FROM external_count WHERE primary_domain = $1"),
};
const struct sql_set sql_quota = SQL_SET(SQL_SET_QUOTA, statements);

res store_quota_insert(struct store_tx *tx, const struct quota_use_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_quota, INSERT);

        query_row(&q, columns, row);
        return query_run(&q);
}

res store_quota_get(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id, struct quota_use_row *ret_row)
{
        struct query q = query_of(c, &sql_quota, GET);

        query_int(&q, account_id);
        query_str(&q, certificate_id);
        return query_get(&q, a, columns, ret_row);
}

res store_quota_update(struct store_tx *tx, const struct quota_use_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_quota, UPDATE);

        query_int(&q, row->account_id);
        query_str(&q, row->certificate_id);
        query_str(&q, row->counter);
        query_str(&q, row->primary_domain);
        query_int(&q, row->returns_at);
        return query_run_one(&q);
}

res store_quota_delete(struct store_tx *tx, int64_t account_id, struct str certificate_id)
{
        struct query q = query_of(store_tx_conn(tx), &sql_quota, DELETE);

        query_int(&q, account_id);
        query_str(&q, certificate_id);
        return query_run(&q);
}

res store_quota_list(struct store_conn *c, struct arena *a, int64_t account_id, const struct quota_use_row **ret_rows,
                     size_t *ret_n)
{
        struct query q = query_of(c, &sql_quota, LIST);

        query_int(&q, account_id);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}

res store_quota_count_domain(struct store_conn *c, struct str primary_domain, int64_t now_sec, int64_t *ret_count)
{
        struct query q = query_of(c, &sql_quota, COUNT_DOMAIN);

        query_str(&q, primary_domain);
        query_int(&q, now_sec);
        return query_value(&q, ret_count);
}

res store_home_domain_put(struct store_tx *tx, int64_t account_id, struct str domain, int64_t now_sec)
{
        struct query q = query_of(store_tx_conn(tx), &sql_quota, HOME_PUT);

        query_int(&q, account_id);
        query_str(&q, domain);
        query_int(&q, now_sec);
        return query_run(&q);
}

res store_home_domain_delete(struct store_tx *tx, int64_t account_id, struct str domain)
{
        struct query q = query_of(store_tx_conn(tx), &sql_quota, HOME_DELETE);

        query_int(&q, account_id);
        query_str(&q, domain);
        return query_run(&q);
}

res store_home_domain_has(struct store_conn *c, int64_t account_id, struct str domain, bool *ret_has)
{
        struct query q = query_of(c, &sql_quota, HOME_HAS);
        int64_t n = 0;

        query_int(&q, account_id);
        query_str(&q, domain);
        TRY(query_value(&q, &n));
        *ret_has = n > 0;
        return RES_OK;
}

res store_home_domain_list(struct store_conn *c, struct arena *a, int64_t account_id, struct strs *ret_domains)
{
        static const struct column domain_column[] = {{"domain", COLUMN_TEXT, 0}, COLUMNS_END};
        struct query q = query_of(c, &sql_quota, HOME_LIST);
        const struct str *v = NULL;
        size_t n = 0;

        query_int(&q, account_id);
        TRY(QUERY_LIST(&q, a, domain_column, &v, &n));
        *ret_domains = (struct strs){v, n};
        return RES_OK;
}

res store_external_count_put(struct store_tx *tx, struct str primary_domain, int64_t amount)
{
        struct query q = query_of(store_tx_conn(tx), &sql_quota, EXTERNAL_PUT);

        query_str(&q, primary_domain);
        query_int(&q, amount);
        return query_run(&q);
}

res store_external_count_get(struct store_conn *c, struct str primary_domain, int64_t *ret_amount)
{
        struct query q = query_of(c, &sql_quota, EXTERNAL_GET);
        res r;

        query_str(&q, primary_domain);
        r = query_value(&q, ret_amount);
        if (r.err != ERR_NOT_FOUND)
                return r;
        *ret_amount = 0;
        return RES_OK;
}

res store_quota_domain_next(struct store_conn *c, struct str primary_domain, int64_t now_sec, int64_t *ret_returns_at)
{
        struct query q = query_of(c, &sql_quota, DOMAIN_NEXT);

        query_str(&q, primary_domain);
        query_int(&q, now_sec);
        return query_value(&q, ret_returns_at);
}
