/*
 * Certificates.  Every function that writes keeps the counts (certificate_count) and the search (search.h) exact,
 * so nobody else may write the table.  "Get" and "list" never show a deleted one.
 */
#pragma once

#include "store/store.h"

struct certificate_row {
        int64_t seq; /* 0 in insert = make one */
        struct str certificate_id;
        int64_t account_id, order_id;
        struct str source, certificate_type, package_type, product_name, level;
        int64_t domain_type, status;
        struct str status_msg, alias;
        int64_t project_id;
        struct str domain, names, primary_domain, validity_months;
        int64_t life_days;
        struct str verify_type, email, phone, key_type;
        int64_t key_id, key_password_set;
        struct str issuer, profile;
        int64_t created_at, submitted_at, deadline_at, validated_at, issued_id, begin_at, end_at, revoked_at;
        struct str origin_certificate_id, renew_certificate_id, replaced_by, replaced_for;
        int64_t ignore_notices, verified_ask_at, deleted_at;
};

/* ERR_STORE_CONFLICT: the id is taken (make another). */
MUST res store_certificate_insert(struct store_tx *tx, struct certificate_row *row);
/* All that the row borrows lives in the arena afterwards. */
void store_certificate_keep(struct arena *a, struct certificate_row *row);
MUST res store_certificate_get(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id,
                               struct certificate_row *ret_row);
MUST res store_certificate_get_by_seq(struct store_conn *c, struct arena *a, int64_t account_id, int64_t seq,
                                      struct certificate_row *ret_row);
/* Write every column but seq, certificate_id, account_id, created_at, deleted_at.  ERR_NOT_FOUND. */
MUST res store_certificate_update(struct store_tx *tx, const struct certificate_row *row);
/* The narrow ones, for what happens often.  `from` is what the caller saw; if it is no longer so: ERR_NOT_FOUND. */
MUST res store_certificate_set_status(struct store_tx *tx, int64_t account_id, struct str certificate_id,
                                      int64_t from, int64_t to, struct str status_msg);
MUST res store_certificate_set_validated(struct store_tx *tx, int64_t account_id, struct str certificate_id, int64_t validated_at);
MUST res store_certificate_set_asked(struct store_tx *tx, int64_t account_id, struct str certificate_id, int64_t verified_ask_at);
MUST res store_certificate_set_ignore(struct store_tx *tx, int64_t account_id, struct str certificate_id, bool ignore);
MUST res store_certificate_set_alias(struct store_tx *tx, int64_t account_id, struct str certificate_id, struct str alias);
MUST res store_certificate_set_project(struct store_tx *tx, int64_t account_id, struct str certificate_id, int64_t project_id);
struct store_certificate_issue {
        int64_t account_id;
        struct str certificate_id;
        int64_t from_status, to_status, issued_id, begin_at, end_at;
        struct str issuer, profile;
};
MUST res store_certificate_set_issued(struct store_tx *tx, const struct store_certificate_issue *issue); /* status_msg becomes "" */
/* The row stays for the record (deleted_at), tags go, lists and counts forget it.  ERR_NOT_FOUND. */
MUST res store_certificate_delete(struct store_tx *tx, int64_t account_id, struct str certificate_id, int64_t now_sec);
/* The certificates of an order, oldest first. */
MUST res store_certificate_list_order(struct store_conn *c, struct arena *a, int64_t account_id, int64_t order_id,
                                      const struct certificate_row **ret_rows, size_t *ret_n);
/* Issued (status 1) ones of all accounts that end before `before_sec`, the earliest first: for the expiry job. */
MUST res store_certificate_list_ending(struct store_conn *c, struct arena *a, int64_t before_sec, int64_t limit,
                                       const struct certificate_row **ret_rows, size_t *ret_n);

/* System: every account's certificates for a public key, by the SHA-256 of its SPKI; the oldest first. */
MUST res store_certificate_list_key(struct store_conn *c, struct arena *a, struct bytes spki_hash,
                                    const struct certificate_row **ret_rows, size_t *ret_n);

struct store_tag_filter {
        struct str key;
        struct str value; /* absent (p NULL) = any */
};
enum store_certificate_sort {
        STORE_SORT_NEWEST,  /* newest application first */
        STORE_SORT_END_ASC, /* by end_at, not yet issued (0) first */
        STORE_SORT_END_DESC,
        STORE_SORT_COUNT
};
enum store_source { STORE_SOURCE_ANY, STORE_SOURCE_UPLOAD, STORE_SOURCE_BUY };

/* What DescribeCertificates filters by.  {0} with an account and project_id −1 lists all of it. */
struct store_certificate_filter {
        int64_t account_id;
        const int64_t *statuses; /* none = any */
        size_t status_count;
        enum store_source source;
        struct str certificate_type;  /* "" = any */
        int64_t project_id;           /* −1 = any */
        int64_t ending_after, ending_before; /* 0 = any: end_at > after and <= before (expiring: now, now + 30 days) */
        struct strs ids;              /* none = any; at most 1,000 are looked at */
        const struct store_tag_filter *tags; /* all must fit */
        size_t tag_count;
        struct str search;            /* part of id, alias or a name, either case of ASCII; "" = any */
        struct str key_family;        /* "SM2", "RSA", "ECC": only such keys; "" = any */
        enum store_certificate_sort sort;
        int64_t marker;               /* newest first: only seq below it; by end: see marker_end.  0 = from the start */
        int64_t marker_end;           /* by end: the end_at of the marker's row */
        int64_t offset, limit;
};
struct store_certificate_page {
        const struct certificate_row *v;
        size_t n;
        int64_t total; /* of all that fit, whatever marker, offset and limit; exact, but see search.h for very common texts */
        bool has_more;
};
MUST res store_certificate_list(struct store_conn *c, struct arena *a, const struct store_certificate_filter *filter,
                                struct store_certificate_page *ret_page);
