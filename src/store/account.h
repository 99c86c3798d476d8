/* Accounts, the people in them, and who is a member of which: tables account, app_user, member. */
#pragma once

#include "store/store.h"

struct account_row {
        int64_t account_id; /* 0 in insert = make one */
        struct str uin, name, identity;
        int64_t verified;
        struct str level;
        int64_t quota_older, package_count, disabled, created_at;
};
struct user_row {
        int64_t user_id; /* 0 in insert = make one */
        struct str uin, name, email, role, password_hash;
        int64_t disabled, created_at;
};
struct member_row {
        int64_t account_id, user_id;
        struct str rights;
        int64_t created_at;
};

/* Inserts fill in the id they made.  ERR_STORE_CONFLICT: uin taken. */
MUST res store_account_insert(struct store_tx *tx, struct account_row *row);
MUST res store_account_get(struct store_conn *c, struct arena *a, int64_t account_id, struct account_row *ret_row);
MUST res store_account_get_by_uin(struct store_conn *c, struct arena *a, struct str uin, struct account_row *ret_row);
/* name, identity, verified, level, quota_older, package_count, disabled. ERR_NOT_FOUND. */
MUST res store_account_update(struct store_tx *tx, const struct account_row *row);
/* All accounts, by id, after `after_id`. */
MUST res store_account_list(struct store_conn *c, struct arena *a, int64_t after_id, int64_t limit,
                            const struct account_row **ret_rows, size_t *ret_n);

MUST res store_user_insert(struct store_tx *tx, struct user_row *row);
MUST res store_user_get(struct store_conn *c, struct arena *a, int64_t user_id, struct user_row *ret_row);
/* name, email, role, password_hash, disabled. ERR_NOT_FOUND. */
MUST res store_user_update(struct store_tx *tx, const struct user_row *row);
/* Users of a role that are not disabled. */
MUST res store_user_count_role(struct store_conn *c, struct str role, int64_t *ret_count);

MUST res store_member_insert(struct store_tx *tx, const struct member_row *row); /* ERR_STORE_CONFLICT */
MUST res store_member_get(struct store_conn *c, struct arena *a, int64_t account_id, int64_t user_id, struct member_row *ret_row);
