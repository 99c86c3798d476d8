/* Entries of the CSR library.  The key and the request's text lie in cert_key.  Tables csr, csr_tag. */
#pragma once

#include "store/store.h"

struct csr_row {
        int64_t csr_id; /* 0 in insert = make one */
        int64_t account_id, key_id;
        struct str domain, organization, department, email, province, city, country;
        struct str encrypt_algo, key_parameter, remark;
        int64_t status;
        struct str certificate_id;
        int64_t created_at, deleted_at;
};
MUST res store_csr_insert(struct store_tx *tx, struct csr_row *row);
/* Deleted ones are not there.  ERR_NOT_FOUND. */
MUST res store_csr_get(struct store_conn *c, struct arena *a, int64_t account_id, int64_t csr_id, struct csr_row *ret_row);
MUST res store_csr_get_by_key(struct store_conn *c, struct arena *a, int64_t account_id, int64_t key_id, struct csr_row *ret_row);
/* Every column but csr_id, account_id, created_at.  ERR_NOT_FOUND. */
MUST res store_csr_update(struct store_tx *tx, const struct csr_row *row);

struct store_csr_filter {
        int64_t account_id;
        struct str domain; /* part of it; "" = any */
        struct str algo;   /* "" = any */
        int64_t offset, limit;
};
/* Newest first. */
MUST res store_csr_list(struct store_conn *c, struct arena *a, const struct store_csr_filter *filter,
                        const struct csr_row **ret_rows, size_t *ret_n);
MUST res store_csr_count(struct store_conn *c, struct arena *a, const struct store_csr_filter *filter, int64_t *ret_count);

struct csr_tag_row {
        int64_t account_id, csr_id;
        struct str tag_key, tag_value;
};
MUST res store_csr_tag_insert(struct store_tx *tx, const struct csr_tag_row *row);
MUST res store_csr_tag_list(struct store_conn *c, struct arena *a, int64_t account_id, int64_t csr_id,
                            const struct csr_tag_row **ret_rows, size_t *ret_n);
