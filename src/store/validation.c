/* What has to be shown for a certificate. */
#include "store/validation.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct validation_row, validation_id), COLUMN(struct validation_row, account_id),
        COLUMN(struct validation_row, certificate_id), COLUMN(struct validation_row, position),
        COLUMN(struct validation_row, name), COLUMN(struct validation_row, zone),
        COLUMN(struct validation_row, method), COLUMN(struct validation_row, record),
        COLUMN(struct validation_row, value), COLUMN(struct validation_row, state),
        COLUMN(struct validation_row, checked_at), COLUMN(struct validation_row, verdict),
        COLUMN(struct validation_row, detail), COLUMN(struct validation_row, found),
        COLUMN(struct validation_row, evidence_id), COLUMN(struct validation_row, purpose),
        COLUMNS_END
};
#define VALIDATION "validation_id, account_id, certificate_id, position, name, zone, method, record, value, state, " \
        "checked_at, verdict, detail, found, evidence_id, purpose"
#define OF_CERTIFICATE \
        " WHERE account_id = $1 AND certificate_seq = " SQL_SEQ_OF("$1", "$2") " AND certificate_id = $2 AND purpose = $3"

enum { INSERT, UPDATE, LIST, DELETE_ALL };
static const struct sql statements[] = {
        [INSERT] = SQL("validation_insert",
                "INSERT INTO validation (" VALIDATION ", certificate_seq)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, " SQL_SEQ_OF("$2", "$3") ")"),
        [UPDATE] = SQL("validation_update",
                "UPDATE validation SET state = $3, checked_at = $4, verdict = $5, detail = $6, found = $7, evidence_id = $8"
                " WHERE account_id = $1 AND validation_id = $2"),
        [LIST] = SQL_ROW("validation_list", columns,
                "SELECT " VALIDATION " FROM validation" OF_CERTIFICATE " ORDER BY position"),
        [DELETE_ALL] = SQL("validation_delete_all", "DELETE FROM validation" OF_CERTIFICATE),
};
const struct sql_set sql_validation = SQL_SET(SQL_SET_VALIDATION, statements);

res store_validation_insert(struct store_tx *tx, struct validation_row *row)
{
        struct validation_row new = *row;

        if (new.validation_id == 0)
                TRY(store_new_id(tx, STORE_ID_VALIDATION, &new.validation_id));
        struct query q = query_of(store_tx_conn(tx), &sql_validation, INSERT);
        query_row(&q, columns, &new);
        TRY(query_run(&q));
        row->validation_id = new.validation_id;
        return RES_OK;
}

res store_validation_update(struct store_tx *tx, const struct validation_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_validation, UPDATE);

        query_int(&q, row->account_id);
        query_int(&q, row->validation_id);
        query_str(&q, row->state);
        query_int(&q, row->checked_at);
        query_int(&q, row->verdict);
        query_str(&q, row->detail);
        query_str(&q, row->found);
        query_int(&q, row->evidence_id);
        return query_run_one(&q);
}

res store_validation_list_of(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id, int64_t purpose,
                             const struct validation_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_validation, LIST);

        query_int(&q, account_id);
        query_str(&q, certificate_id);
        query_int(&q, purpose);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}

res store_validation_list(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id,
                          const struct validation_row **ret_rows, size_t *ret_n)
{
        return store_validation_list_of(c, a, account_id, certificate_id, VALIDATION_TO_ISSUE, ret_rows, ret_n);
}

static res delete_of(struct store_tx *tx, int64_t account_id, struct str certificate_id, int64_t purpose)
{
        struct query q = query_of(store_tx_conn(tx), &sql_validation, DELETE_ALL);

        query_int(&q, account_id);
        query_str(&q, certificate_id);
        query_int(&q, purpose);
        return query_run(&q);
}

res store_validation_delete_all(struct store_tx *tx, int64_t account_id, struct str certificate_id)
{
        return delete_of(tx, account_id, certificate_id, VALIDATION_TO_ISSUE);
}

res store_validation_delete_revocation(struct store_tx *tx, int64_t account_id, struct str certificate_id)
{
        return delete_of(tx, account_id, certificate_id, VALIDATION_TO_REVOKE);
}
