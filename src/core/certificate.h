/*
 * Certificates as their owner sees them: apply, look, list, cancel, delete.  Rules FREE, LIFE, DEL (rules.md).
 * Every function works for act->account_id alone: a foreign id answers like a missing one, ERR_CERT_NOT_FOUND.
 */
#pragma once

#include "base/json.h"
#include "core/act.h"
#include "ipc/msg.h"
#include "store/binding.h"
#include "store/certificate.h"
#include "store/validation.h"

enum cert_status { /* the wire's numbers, api.md §5 */
        CERT_PENDING = 0,
        CERT_ISSUED = 1,
        CERT_REVIEW_FAILED = 2,
        CERT_EXPIRED = 3,
        CERT_DNS_AUTO = 4,
        CERT_PAID = 5,
        CERT_CANCELLING = 6,
        CERT_CANCELLED = 7,
        CERT_LETTER = 8,
        CERT_REVOKING = 9,
        CERT_REVOKED = 10,
        CERT_REISSUING = 11,
        CERT_REVOKE_LETTER = 12,
        CERT_FREE_UNSUBMITTED = 13,
        CERT_REFUNDED = 14,
        CERT_MOVING = 15,
        CERT_STATUS_COUNT
};

#define CERT_RENEW_WINDOW_SEC (30LL * 86400) /* LIFE-06, REN: 30 x 24 h before the end (SIL-07) */

/* For people, English: "Issued", "To be validated", … */
const char *certificate_status_name(int64_t status);

/* The names of a row, one a line, as a list in the arena. */
struct strs certificate_names(struct arena *arena, struct str names);

/* How its names were proved, for another proof of the same kind; automatic validation by hand (RVK-21, SIL-39). */
struct product;
enum msg_method certificate_method(const struct certificate_row *row, const struct product *product);

struct tag_pair {
        struct str key, value;
};

struct certificate_apply {
        struct str domain, method /* DNS, FILE, DNS_AUTO */, email, phone, alias;
        struct str package_type, validity_months;
        struct str key_algo /* RSA, ECC */, key_parameter /* 2048, prime256v1 */;
        struct str key_password;
        struct str old_certificate_id;
        struct opt_int project_id;
        struct strs dns_names;
        struct objs tags; /* struct tag_pair */
};

/* Free DV (FREE): checks everything, makes the key, stores order, certificate, validations, quota, log, job at once. */
MUST res certificate_apply(struct act *act, const struct certificate_apply *in, const char **ret_certificate_id);

struct submit_form;

/* One certificate with what belongs to it; everything lives in act->arena. */
struct certificate_view {
        struct certificate_row row;
        struct strs names;                       /* all, common name first */
        const struct validation_row *validations; /* empty once issued */
        size_t validation_count;
        const struct validation_row *revoke_proofs; /* while a revocation waits for them (RVK-16) */
        size_t revoke_proof_count;
        const struct binding_row *bindings; /* what serves it */
        size_t binding_count;
        const struct tag_pair *tags;
        size_t tag_count;
        bool is_expiring;                        /* issued, ends within 30 days (LIFE-06, SIL-07) */
        bool is_renewable;
        const struct project_row *project;       /* NULL = the default one */
        bool is_deployable;
        bool is_downloadable;                    /* DL-01, DL-09 */
        bool has_key;                            /* downloadable, and with its key, open or under the owner's password */
        const char *issuer_name;                 /* common name of the issuing intermediate, "" before issue */
        int64_t issuer_end_at;
        const char *uin;
        const struct submit_form *form;          /* what was handed in for a bought one; NULL = nothing, or issued */
        struct str csr_type;                     /* with it: online, parse */
        const char *csr_pem;                     /* likewise */
        int64_t company_type;                    /* 1 person, 2 organisation; 0 = not told */
};
/* The row alone, of this moment or of a transaction.  Every id that a caller brings is looked up by it.  ERR_CERT_NOT_FOUND. */
MUST res certificate_own(struct act *act, struct store_conn *conn, struct str id, struct certificate_row *ret_row);
MUST res certificate_view(struct act *act, struct str id, struct certificate_view *ret_view);

/* What only the detail shows. Opening the key is logged before it is done; a key under a password is its encrypted PEM. */
struct certificate_detail {
        struct certificate_view view;
        const char *chain_pem;      /* leaf + intermediates; NULL before issue */
        const char *key_pem;        /* NULL when there is none to show; in act->arena, wiped with it */
        const char *root_pem;
        const char *fingerprint_sha1; /* upper hex */
        const struct chain_info {
                const char *issuer, *subject, *fingerprint_lower;
                int64_t valid_from, valid_to;
        } *chain;
        size_t chain_count;
};
MUST res certificate_detail(struct act *act, struct str id, struct certificate_detail *ret_detail);

struct certificate_query { /* DescribeCertificates; absent fields filter nothing */
        int64_t offset, limit;
        struct str search, certificate_type, expiration_sort /* ASC, DESC */, source /* upload, buy */, marker;
        struct opt_int project_id, deployable, upload, renew, is_sm, expiring, hostable, pending_issue;
        const int64_t *statuses;
        size_t status_count;
        struct strs ids;
        struct objs tags; /* struct tag_pair */
};
struct certificate_page {
        const struct certificate_view *v;
        size_t n;
        int64_t total;
        const char *next_marker; /* "" = the end */
};
MUST res certificate_list(struct act *act, const struct certificate_query *query, struct certificate_page *ret_page);

/* LIFE-13: from review to cancelled at once; quota given back (SIL-13). */
MUST res certificate_cancel(struct act *act, struct str id);
/* The order of one that is not issued, submitted or not: cancelled at once; it may be submitted again or refunded.  ERR_CANCEL_ORDER. */
MUST res certificate_cancel_order(struct act *act, struct str id);
