/* Entries of the CSR library.  A deleted one stays as a row, because its key must stay known (SIL-41). */
#include "store/csr.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct csr_row, csr_id), COLUMN(struct csr_row, account_id), COLUMN(struct csr_row, key_id),
        COLUMN(struct csr_row, domain), COLUMN(struct csr_row, organization), COLUMN(struct csr_row, department),
        COLUMN(struct csr_row, email), COLUMN(struct csr_row, province), COLUMN(struct csr_row, city),
        COLUMN(struct csr_row, country), COLUMN(struct csr_row, encrypt_algo), COLUMN(struct csr_row, key_parameter),
        COLUMN(struct csr_row, remark), COLUMN(struct csr_row, status), COLUMN(struct csr_row, certificate_id),
        COLUMN(struct csr_row, created_at), COLUMN(struct csr_row, deleted_at),
        COLUMNS_END
};
#define CSR \
        "csr_id, account_id, key_id, domain, organization, department, email, province, city, country, encrypt_algo, " \
        "key_parameter, remark, status, certificate_id, created_at, deleted_at"
/* What an update may change, in the order of its parameters from $3. */
static const struct column update_columns[] = {
        COLUMN(struct csr_row, key_id), COLUMN(struct csr_row, domain), COLUMN(struct csr_row, organization),
        COLUMN(struct csr_row, department), COLUMN(struct csr_row, email), COLUMN(struct csr_row, province),
        COLUMN(struct csr_row, city), COLUMN(struct csr_row, country), COLUMN(struct csr_row, encrypt_algo),
        COLUMN(struct csr_row, key_parameter), COLUMN(struct csr_row, remark), COLUMN(struct csr_row, status),
        COLUMN(struct csr_row, certificate_id), COLUMN(struct csr_row, deleted_at),
        COLUMNS_END
};
static const struct column tag_columns[] = {
        COLUMN(struct csr_tag_row, account_id), COLUMN(struct csr_tag_row, csr_id),
        COLUMN(struct csr_tag_row, tag_key), COLUMN(struct csr_tag_row, tag_value),
        COLUMNS_END
};

#define FILTER \
        " FROM csr WHERE account_id = $1 AND deleted_at = 0 AND domain LIKE $2 ESCAPE '\\' AND encrypt_algo LIKE $3"

enum { INSERT, GET, GET_BY_KEY, UPDATE, LIST, COUNT, TAG_INSERT, TAG_LIST };
static const struct sql statements[] = {
        [INSERT] = SQL("csr_insert", "INSERT INTO csr (" CSR ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,"
                                     " $16, $17)"),
        [GET] = SQL_ROW("csr_get", columns, "SELECT " CSR " FROM csr WHERE account_id = $1 AND csr_id = $2 AND deleted_at = 0"),
        [GET_BY_KEY] = SQL_ROW("csr_get_by_key", columns,
                "SELECT " CSR " FROM csr WHERE account_id = $1 AND key_id = $2 AND deleted_at = 0"),
        [UPDATE] = SQL("csr_update",
                "UPDATE csr SET key_id = $3, domain = $4, organization = $5, department = $6, email = $7, province = $8, city = $9,"
                " country = $10, encrypt_algo = $11, key_parameter = $12, remark = $13, status = $14, certificate_id = $15,"
                " deleted_at = $16 WHERE account_id = $1 AND csr_id = $2 AND deleted_at = 0"),
        [LIST] = SQL_ROW("csr_list", columns, "SELECT " CSR FILTER " ORDER BY csr_id DESC LIMIT $4 OFFSET $5"),
        [COUNT] = SQL("csr_count", "SELECT COUNT(*)" FILTER),
        [TAG_INSERT] = SQL("csr_tag_insert", "INSERT INTO csr_tag (account_id, csr_id, tag_key, tag_value) VALUES ($1, $2, $3, $4)"),
        [TAG_LIST] = SQL_ROW("csr_tag_list", tag_columns,
                "SELECT account_id, csr_id, tag_key, tag_value FROM csr_tag WHERE account_id = $1 AND csr_id = $2 ORDER BY tag_key"),
};
const struct sql_set sql_csr = SQL_SET(SQL_SET_CSR, statements);

res store_csr_insert(struct store_tx *tx, struct csr_row *row)
{
        struct csr_row new = *row;

        if (new.csr_id == 0)
                TRY(store_new_id(tx, STORE_ID_CSR, &new.csr_id));
        struct query q = query_of(store_tx_conn(tx), &sql_csr, INSERT);
        query_row(&q, columns, &new);
        TRY(query_run(&q));
        row->csr_id = new.csr_id;
        return RES_OK;
}

static res get(struct store_conn *c, struct arena *a, size_t statement, const int64_t ids[2], struct csr_row *ret_row)
{
        struct query q = query_of(c, &sql_csr, statement);

        query_int(&q, ids[0]);
        query_int(&q, ids[1]);
        return query_get(&q, a, columns, ret_row);
}

res store_csr_get(struct store_conn *c, struct arena *a, int64_t account_id, int64_t csr_id, struct csr_row *ret_row)
{
        return get(c, a, GET, (const int64_t[]){account_id, csr_id}, ret_row);
}

res store_csr_get_by_key(struct store_conn *c, struct arena *a, int64_t account_id, int64_t key_id, struct csr_row *ret_row)
{
        return get(c, a, GET_BY_KEY, (const int64_t[]){account_id, key_id}, ret_row);
}

res store_csr_update(struct store_tx *tx, const struct csr_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_csr, UPDATE);

        query_int(&q, row->account_id);
        query_int(&q, row->csr_id);
        query_row(&q, update_columns, row);
        return query_run_one(&q);
}

/* "a_b" → "%a\_b%": what the asker typed means itself. */
static struct str like_pattern(struct arena *a, struct str part)
{
        char *text = arena_alloc(a, part.n * 2 + 3);
        size_t n = 0;

        text[n++] = '%';
        for (size_t i = 0; i < part.n; i++) {
                if (part.p[i] == '%' || part.p[i] == '_' || part.p[i] == '\\')
                        text[n++] = '\\';
                text[n++] = part.p[i];
        }
        if (part.n > 0)
                text[n++] = '%';
        str_lower_ascii(text, n);
        return (struct str){text, n};
}

static struct query filter_query(struct store_conn *c, struct arena *a, size_t statement, const struct store_csr_filter *filter)
{
        struct query q = query_of(c, &sql_csr, statement);

        query_int(&q, filter->account_id);
        query_str(&q, like_pattern(a, filter->domain));
        query_str(&q, filter->algo.n > 0 ? filter->algo : STR("%"));
        return q;
}

res store_csr_list(struct store_conn *c, struct arena *a, const struct store_csr_filter *filter,
                   const struct csr_row **ret_rows, size_t *ret_n)
{
        struct query q = filter_query(c, a, LIST, filter);

        query_int(&q, filter->limit);
        query_int(&q, filter->offset);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}

res store_csr_count(struct store_conn *c, struct arena *a, const struct store_csr_filter *filter, int64_t *ret_count)
{
        struct query q = filter_query(c, a, COUNT, filter);

        return query_value(&q, ret_count);
}

res store_csr_tag_insert(struct store_tx *tx, const struct csr_tag_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_csr, TAG_INSERT);

        query_row(&q, tag_columns, row);
        return query_run(&q);
}

res store_csr_tag_list(struct store_conn *c, struct arena *a, int64_t account_id, int64_t csr_id,
                       const struct csr_tag_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_csr, TAG_LIST);

        query_int(&q, account_id);
        query_int(&q, csr_id);
        return QUERY_LIST(&q, a, tag_columns, ret_rows, ret_n);
}
