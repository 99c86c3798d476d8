/* ACME accounts. */
#include "store/acme_account.h"

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct acme_account_row, acme_id), COLUMN(struct acme_account_row, account_id),
        COLUMN(struct acme_account_row, thumbprint), COLUMN(struct acme_account_row, spki),
        COLUMN(struct acme_account_row, status), COLUMN(struct acme_account_row, contact),
        COLUMN(struct acme_account_row, terms_agreed), COLUMN(struct acme_account_row, external_id),
        COLUMN(struct acme_account_row, uri), COLUMN(struct acme_account_row, created_at),
        COLUMNS_END
};
#define ACME_ACCOUNT "acme_id, account_id, thumbprint, spki, status, contact, terms_agreed, external_id, uri, created_at"

enum { INSERT, GET, GET_BY_KEY, UPDATE };
static const struct sql statements[] = {
        [INSERT] = SQL("acme_account_insert", "INSERT INTO acme_account (" ACME_ACCOUNT ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"),
        [GET] = SQL_SYSTEM_ROW("acme_account_get", columns, "SELECT " ACME_ACCOUNT " FROM acme_account WHERE acme_id = $1"),
        [GET_BY_KEY] = SQL_SYSTEM_ROW("acme_account_get_by_key", columns, "SELECT " ACME_ACCOUNT " FROM acme_account WHERE thumbprint = $1"),
        [UPDATE] = SQL("acme_account_update",
                "UPDATE acme_account SET thumbprint = $3, spki = $4, status = $5, contact = $6, terms_agreed = $7, uri = $8"
                " WHERE account_id = $1 AND acme_id = $2"),
};
const struct sql_set sql_acme_account = SQL_SET(SQL_SET_ACME_ACCOUNT, statements);

res store_acme_account_insert(struct store_tx *tx, struct acme_account_row *row)
{
        struct acme_account_row new = *row;

        if (new.acme_id == 0)
                TRY(store_new_id(tx, STORE_ID_ACME_ACCOUNT, &new.acme_id));
        struct query q = query_of(store_tx_conn(tx), &sql_acme_account, INSERT);
        query_row(&q, columns, &new);
        TRY(query_run(&q));
        row->acme_id = new.acme_id;
        return RES_OK;
}

res store_acme_account_get(struct store_conn *c, struct arena *a, int64_t acme_id, struct acme_account_row *ret_row)
{
        struct query q = query_of(c, &sql_acme_account, GET);

        query_int(&q, acme_id);
        return query_get(&q, a, columns, ret_row);
}

res store_acme_account_get_by_key(struct store_conn *c, struct arena *a, struct str thumbprint, struct acme_account_row *ret_row)
{
        struct query q = query_of(c, &sql_acme_account, GET_BY_KEY);

        query_str(&q, thumbprint);
        return query_get(&q, a, columns, ret_row);
}

res store_acme_account_update(struct store_tx *tx, const struct acme_account_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_acme_account, UPDATE);

        query_int(&q, row->account_id);
        query_int(&q, row->acme_id);
        query_str(&q, row->thumbprint);
        query_bytes(&q, row->spki);
        query_str(&q, row->status);
        query_str(&q, row->contact);
        query_int(&q, row->terms_agreed);
        query_str(&q, row->uri);
        return query_run_one(&q);
}
