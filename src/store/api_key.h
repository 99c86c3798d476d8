/* API keys: the SecretKey lies sealed under the vault's key. */
#pragma once

#include "store/store.h"

struct api_key_row {
        int64_t key_id; /* 0 in insert = make one */
        int64_t account_id, user_id;
        struct str secret_id;
        struct bytes sealed;
        int64_t seal_version, disabled, created_at;
};
MUST res store_api_key_insert(struct store_tx *tx, struct api_key_row *row); /* ERR_STORE_CONFLICT */
/* What every signed request starts with: the key is how the account is found. */
MUST res store_api_key_get_by_secret_id(struct store_conn *c, struct arena *a, struct str secret_id, struct api_key_row *ret_row);
MUST res store_api_key_list(struct store_conn *c, struct arena *a, int64_t account_id,
                            const struct api_key_row **ret_rows, size_t *ret_n);
MUST res store_api_key_set_disabled(struct store_tx *tx, int64_t account_id, int64_t key_id, bool disabled); /* ERR_NOT_FOUND */
