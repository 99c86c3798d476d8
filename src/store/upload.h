/* Certificates from elsewhere as they were brought.  Tables upload, upload_before, upload_update. */
#pragma once

#include "store/store.h"

struct upload_row {
        int64_t account_id;
        struct str certificate_id;
        struct bytes cert_hash;
        struct str public_text;
        struct bytes chain, key_text;
        int64_t seal_version, created_at;
};
/* Insert, or exchange what stands under this certificate. */
MUST res store_upload_put(struct store_tx *tx, const struct upload_row *row);
MUST res store_upload_get(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id,
                          struct upload_row *ret_row);
/* The oldest undeleted certificate of the account that was uploaded with these bytes.  ERR_NOT_FOUND. */
MUST res store_upload_find(struct store_conn *c, struct arena *a, int64_t account_id, struct bytes cert_hash,
                           struct str *ret_certificate_id);
/* None is fine. */
MUST res store_upload_delete(struct store_tx *tx, int64_t account_id, struct str certificate_id);

/* What the latest exchange took the place of. */
struct upload_before_row {
        int64_t update_id, key_id, account_id;
        struct str certificate_id;
        struct bytes cert_hash;
        struct str public_text;
        struct bytes chain, key_text;
        int64_t seal_version, created_at;
};
/* What stands in upload now, with the key that it had; whatever was kept of the certificate before is dropped. */
MUST res store_upload_before_keep(struct store_tx *tx, int64_t account_id, struct str certificate_id, int64_t update_id, int64_t key_id);
MUST res store_upload_before_get(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id,
                                 struct upload_before_row *ret_row);
/* None is fine. */
MUST res store_upload_before_delete(struct store_tx *tx, int64_t account_id, struct str certificate_id);

struct upload_update_row {
        int64_t update_id; /* 0 in insert = make one */
        int64_t account_id;
        struct str certificate_id, resource_types;
        int64_t status, created_at, updated_at;
};
MUST res store_upload_update_insert(struct store_tx *tx, struct upload_update_row *row);
/* status, updated_at.  ERR_NOT_FOUND. */
MUST res store_upload_update_set(struct store_tx *tx, const struct upload_update_row *row);
MUST res store_upload_update_get(struct store_conn *c, struct arena *a, int64_t account_id, int64_t update_id,
                                 struct upload_update_row *ret_row);
/* Newest first; certificate_id "" = of all. */
MUST res store_upload_update_list(struct store_conn *c, struct arena *a, const struct upload_update_row *of,
                                  int64_t offset, int64_t limit, const struct upload_update_row **ret_rows,
                                  size_t *ret_n);
MUST res store_upload_update_count(struct store_conn *c, int64_t account_id, struct str certificate_id,
                                   int64_t *ret_count);
