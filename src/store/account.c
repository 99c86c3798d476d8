/* Accounts, people, memberships. */
#include "store/account.h"

#include "store/sqlite.h"

static const struct column account_columns[] = {
        COLUMN(struct account_row, account_id), COLUMN(struct account_row, uin),
        COLUMN(struct account_row, name), COLUMN(struct account_row, identity),
        COLUMN(struct account_row, verified), COLUMN(struct account_row, level),
        COLUMN(struct account_row, quota_older), COLUMN(struct account_row, package_count),
        COLUMN(struct account_row, disabled), COLUMN(struct account_row, created_at),
        COLUMNS_END
};
static const struct column user_columns[] = {
        COLUMN(struct user_row, user_id), COLUMN(struct user_row, uin),
        COLUMN(struct user_row, name), COLUMN(struct user_row, email),
        COLUMN(struct user_row, role), COLUMN(struct user_row, password_hash),
        COLUMN(struct user_row, disabled), COLUMN(struct user_row, created_at),
        COLUMNS_END
};
static const struct column member_columns[] = {
        COLUMN(struct member_row, account_id), COLUMN(struct member_row, user_id),
        COLUMN(struct member_row, rights), COLUMN(struct member_row, created_at),
        COLUMNS_END
};

#define ACCOUNT "account_id, uin, name, identity, verified, level, quota_older, package_count, disabled, created_at"
#define USER "user_id, uin, name, email, role, password_hash, disabled, created_at"
#define MEMBER "account_id, user_id, rights, created_at"

enum {
        ACCOUNT_INSERT, ACCOUNT_GET, ACCOUNT_GET_BY_UIN, ACCOUNT_UPDATE, ACCOUNT_LIST,
        USER_INSERT, USER_GET, USER_UPDATE, USER_COUNT_ROLE,
        MEMBER_INSERT, MEMBER_GET,
};
static const struct sql statements[] = {
        [ACCOUNT_INSERT] = SQL("account_insert", "INSERT INTO account (" ACCOUNT ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"),
        [ACCOUNT_GET] = SQL_ROW("account_get", account_columns, "SELECT " ACCOUNT " FROM account WHERE account_id = $1"),
        [ACCOUNT_GET_BY_UIN] = SQL_SYSTEM_ROW("account_get_by_uin", account_columns, "SELECT " ACCOUNT " FROM account WHERE uin = $1"),
        [ACCOUNT_UPDATE] = SQL("account_update",
                "UPDATE account SET name = $2, verified = $3, identity = $4, level = $5, quota_older = $6, package_count = $7,"
                " disabled = $8 WHERE account_id = $1"),
        [ACCOUNT_LIST] = SQL_SYSTEM_ROW("account_list", account_columns,
                "SELECT " ACCOUNT " FROM account WHERE account_id > $1 ORDER BY account_id LIMIT $2"),
        [USER_INSERT] = SQL_SYSTEM("user_insert", "INSERT INTO app_user (" USER ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"),
        [USER_GET] = SQL_SYSTEM_ROW("user_get", user_columns, "SELECT " USER " FROM app_user WHERE user_id = $1"),
        [USER_UPDATE] = SQL_SYSTEM("user_update",
                "UPDATE app_user SET name = $2, email = $3, role = $4, password_hash = $5, disabled = $6 WHERE user_id = $1"),
        [USER_COUNT_ROLE] = SQL_SYSTEM("user_count_role", "SELECT COUNT(*) FROM app_user WHERE role = $1 AND disabled = 0"),
        [MEMBER_INSERT] = SQL("member_insert", "INSERT INTO member (" MEMBER ") VALUES ($1, $2, $3, $4)"),
        [MEMBER_GET] = SQL_ROW("member_get", member_columns, "SELECT " MEMBER " FROM member WHERE account_id = $1 AND user_id = $2"),
};
const struct sql_set sql_account = SQL_SET(SQL_SET_ACCOUNT, statements);

res store_account_insert(struct store_tx *tx, struct account_row *row)
{
        struct account_row new = *row;

        if (new.account_id == 0)
                TRY(store_new_id(tx, STORE_ID_ACCOUNT, &new.account_id));
        struct query q = query_of(store_tx_conn(tx), &sql_account, ACCOUNT_INSERT);
        query_row(&q, account_columns, &new);
        TRY(query_run(&q));
        row->account_id = new.account_id;
        return RES_OK;
}

res store_account_get(struct store_conn *c, struct arena *a, int64_t account_id, struct account_row *ret_row)
{
        struct query q = query_of(c, &sql_account, ACCOUNT_GET);

        query_int(&q, account_id);
        return query_get(&q, a, account_columns, ret_row);
}

res store_account_get_by_uin(struct store_conn *c, struct arena *a, struct str uin, struct account_row *ret_row)
{
        struct query q = query_of(c, &sql_account, ACCOUNT_GET_BY_UIN);

        query_str(&q, uin);
        return query_get(&q, a, account_columns, ret_row);
}

res store_account_update(struct store_tx *tx, const struct account_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_account, ACCOUNT_UPDATE);

        query_int(&q, row->account_id);
        query_str(&q, row->name);
        query_int(&q, row->verified);
        query_str(&q, row->identity);
        query_str(&q, row->level);
        query_int(&q, row->quota_older);
        query_int(&q, row->package_count);
        query_int(&q, row->disabled);
        return query_run_one(&q);
}

res store_account_list(struct store_conn *c, struct arena *a, int64_t after_id, int64_t limit,
                       const struct account_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_account, ACCOUNT_LIST);

        query_int(&q, after_id);
        query_int(&q, limit);
        return QUERY_LIST(&q, a, account_columns, ret_rows, ret_n);
}

res store_user_insert(struct store_tx *tx, struct user_row *row)
{
        struct user_row new = *row;

        if (new.user_id == 0)
                TRY(store_new_id(tx, STORE_ID_USER, &new.user_id));
        struct query q = query_of(store_tx_conn(tx), &sql_account, USER_INSERT);
        query_row(&q, user_columns, &new);
        TRY(query_run(&q));
        row->user_id = new.user_id;
        return RES_OK;
}

res store_user_get(struct store_conn *c, struct arena *a, int64_t user_id, struct user_row *ret_row)
{
        struct query q = query_of(c, &sql_account, USER_GET);

        query_int(&q, user_id);
        return query_get(&q, a, user_columns, ret_row);
}

res store_user_update(struct store_tx *tx, const struct user_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_account, USER_UPDATE);

        query_int(&q, row->user_id);
        query_str(&q, row->name);
        query_str(&q, row->email);
        query_str(&q, row->role);
        query_str(&q, row->password_hash);
        query_int(&q, row->disabled);
        return query_run_one(&q);
}

res store_user_count_role(struct store_conn *c, struct str role, int64_t *ret_count)
{
        struct query q = query_of(c, &sql_account, USER_COUNT_ROLE);

        query_str(&q, role);
        return query_value(&q, ret_count);
}

res store_member_insert(struct store_tx *tx, const struct member_row *row)
{
        struct query q = query_of(store_tx_conn(tx), &sql_account, MEMBER_INSERT);

        query_row(&q, member_columns, row);
        return query_run(&q);
}

res store_member_get(struct store_conn *c, struct arena *a, int64_t account_id, int64_t user_id, struct member_row *ret_row)
{
        struct query q = query_of(c, &sql_account, MEMBER_GET);

        query_int(&q, account_id);
        query_int(&q, user_id);
        return query_get(&q, a, member_columns, ret_row);
}
