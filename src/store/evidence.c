/* What was proved. */
#include "store/evidence.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct evidence_row, evidence_id), COLUMN(struct evidence_row, account_id),
        COLUMN(struct evidence_row, name), COLUMN(struct evidence_row, method),
        COLUMN(struct evidence_row, value), COLUMN(struct evidence_row, detail),
        COLUMN(struct evidence_row, proved_at), COLUMN(struct evidence_row, expires_at),
        COLUMNS_END
};
#define EVIDENCE "evidence_id, account_id, name, method, value, detail, proved_at, expires_at"

enum { INSERT, GET, LIST, EXPIRE, VOID };
static const struct sql statements[] = {
        [INSERT] = SQL("evidence_insert", "INSERT INTO evidence (" EVIDENCE ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"),
        [GET] = SQL_ROW("evidence_get", columns, "SELECT " EVIDENCE " FROM evidence WHERE account_id = $1 AND evidence_id = $2"),
        [EXPIRE] = SQL("evidence_expire", "UPDATE evidence SET expires_at = $3 WHERE account_id = $1 AND name = $2 AND expires_at > $3"),
        [VOID] = SQL("evidence_void",
                "UPDATE evidence SET expires_at = $5 WHERE account_id = $1 AND name = $2 AND expires_at > $5 AND method = $3 AND proved_at < $4"),
        [LIST] = SQL_ROW("evidence_list", columns,
                "SELECT " EVIDENCE " FROM evidence WHERE account_id = $1 AND name = $2 AND expires_at > $3"
                " ORDER BY expires_at DESC, evidence_id DESC"),
};
const struct sql_set sql_evidence = SQL_SET(SQL_SET_EVIDENCE, statements);

res store_evidence_insert(struct store_tx *tx, struct evidence_row *row)
{
        struct evidence_row new = *row;

        if (new.evidence_id == 0)
                TRY(store_new_id(tx, STORE_ID_EVIDENCE, &new.evidence_id));
        struct query q = query_of(store_tx_conn(tx), &sql_evidence, INSERT);
        query_row(&q, columns, &new);
        TRY(query_run(&q));
        row->evidence_id = new.evidence_id;
        return RES_OK;
}

res store_evidence_get(struct store_conn *c, struct arena *a, int64_t account_id, int64_t evidence_id, struct evidence_row *ret_row)
{
        struct query q = query_of(c, &sql_evidence, GET);

        query_int(&q, account_id);
        query_int(&q, evidence_id);
        return query_get(&q, a, columns, ret_row);
}

res store_evidence_list(struct store_conn *c, struct arena *a, int64_t account_id, struct str name, int64_t now_sec,
                        const struct evidence_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_evidence, LIST);

        query_int(&q, account_id);
        query_str(&q, name);
        query_int(&q, now_sec);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}

res store_evidence_expire(struct store_tx *tx, int64_t account_id, struct str name, int64_t now_sec)
{
        struct query q = query_of(store_tx_conn(tx), &sql_evidence, EXPIRE);

        query_int(&q, account_id);
        query_str(&q, name);
        query_int(&q, now_sec);
        return query_run(&q);
}

res store_evidence_void(struct store_tx *tx, int64_t account_id, struct str name, int64_t method, int64_t before_sec, int64_t now_sec)
{
        struct query q = query_of(store_tx_conn(tx), &sql_evidence, VOID);

        query_int(&q, account_id);
        query_str(&q, name);
        query_int(&q, method);
        query_int(&q, before_sec);
        query_int(&q, now_sec);
        return query_run(&q);
}
