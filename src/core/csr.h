/*
 * The CSR library: requests with their keys, kept to be picked for an order (CSR, A9, SIL-41, SIL-46, SIL-55).
 *
 *     draft ──generate──► created ──picked for an order──► used
 *        └──────────────────┴──────────── delete ────────────┘
 *
 * A draft is an entry that CreateCSR was told not to generate yet; it alone can be changed, apart from the remark.
 * Every function works for act->account_id alone: a foreign id answers like a missing one, ERR_CSR_NOT_FOUND.
 */
#pragma once

#include "base/json.h"
#include "core/act.h"
#include "core/certificate.h"
#include "store/csr.h"

enum csr_status { CSR_DRAFT = 0, CSR_CREATED = 1, CSR_USED = 2, CSR_STATUS_COUNT };

struct csr_fields { /* absent = not given */
        struct str domain, organization, department, email, province, city, country;
        struct str key_algo /* RSA, ECC */, key_parameter, remark;
};
struct csr_new {
        struct csr_fields fields;
        bool generate;
        struct str key_password; /* never stored (PKP-03); only with generate */
        struct objs tags;        /* struct tag_pair */
};
/* ERR_PARAM_VALUE, ERR_EMAIL, ERR_DOMAIN…, ERR_CSR_LIMIT. */
MUST res csr_create(struct act *act, const struct csr_new *in, int64_t *ret_id);
/* A draft: any field, and it may be generated; a generated one: the remark.  ERR_CSR_STATE. */
MUST res csr_modify(struct act *act, int64_t id, const struct csr_new *in);

struct csr_view {
        struct csr_row row;
        bool password_set;    /* CON-40: that there is one, never which */
        const char *csr_pem;  /* NULL for a draft */
        const char *key_pem;  /* NULL where there is none; in act->arena, wiped with it */
        const struct csr_tag_row *tags;
        size_t tag_count;
};
/* Opens the key, which is written to the record first (SIL-55). */
MUST res csr_view(struct act *act, int64_t id, struct csr_view *ret_view);

struct csr_query {
        int64_t offset, limit;
        struct str domain, key_algo; /* "" = any */
};
struct csr_page {
        const struct csr_row *v;
        size_t n;
        int64_t total;
};
MUST res csr_list(struct act *act, const struct csr_query *query, struct csr_page *ret_page);

struct csr_deleted {
        const int64_t *ids; /* those that were there */
        size_t count;
        struct strs warnings; /* one a used entry: its key lives on in the certificate and stays barred elsewhere (SIL-41) */
};
/* CSR-22.  An unused entry's key is forgotten for good. */
MUST res csr_delete(struct act *act, struct ints ids, struct csr_deleted *ret_deleted);

/* ---- for csr.c and its test: csr_check.c ---- */

/* Checks what is given and puts it over *row, normalised (CSR-04..CSR-12, CSR-24); absent fields stay. */
MUST res csr_check_fields(struct act *act, const struct csr_fields *in, struct csr_row *row);
/* Is everything there that a request needs (CSR-35)?  Email is optional (CSR-07). */
MUST res csr_check_whole(struct act *act, const struct csr_row *row);
/* The distinguished name as DER, in the arena. */
MUST res csr_subject(struct act *act, const struct csr_row *row, struct bytes *ret_der);
