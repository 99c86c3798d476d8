/*
 * Requests to revoke (RVK, state machine A7).  What an owner has to do depends on the product: show control of the names
 * within three days, give a reason and wait for a reviewer, or hand in a letter.  From the request on there is no download
 * and no deployment, and no way back but failing (RVK-03, RVK-04, SIL-44).  A compromised key is another matter:
 * compromise.h.
 */
#pragma once

#include "core/act.h"
#include "core/revoke.h"
#include "store/revocation.h"
#include "store/validation.h"

/* ---- the machine, pure ---- */

enum revocation_state {
        REVOCATION_NONE,      /* issued; nothing filed, or what was filed failed */
        REVOCATION_LETTER,    /* R2, R4: status 12 */
        REVOCATION_PROVING,   /* R3: status 9, PENDING-DCV */
        REVOCATION_REVIEWING, /* status 9, CA-REVIEWING */
        REVOCATION_REVOKED,
        REVOCATION_FAILED,    /* lapsed or refused; the certificate is issued again */
        REVOCATION_STATE_COUNT
};
enum revocation_event {
        REVOCATION_FILE_PROOF,  /* R3: other DV */
        REVOCATION_FILE_REVIEW, /* R1: SM2 DV and WoTrus; R4 with automatic validation */
        REVOCATION_FILE_LETTER, /* R2: SM2 OV and EV; R4: other OV and EV */
        REVOCATION_FILE_SKIP,   /* R3 with automatic validation (RVK-20) */
        REVOCATION_LETTER_IN,
        REVOCATION_PROVED,
        REVOCATION_LAPSED,
        REVOCATION_PASSED,
        REVOCATION_REFUSED,
        REVOCATION_COMPROMISED, /* the key: at once, from everywhere */
        REVOCATION_OPERATED,    /* by the operator on the owner's behalf (ACC-13): likewise */
        REVOCATION_EVENT_COUNT
};
/* false: the event cannot happen in this state. */
bool revocation_next(enum revocation_state state, enum revocation_event event, enum revocation_state *ret_next);
const char *revocation_state_name(enum revocation_state state);
/* By its name in the store; REVOCATION_STATE_COUNT = none. */
enum revocation_state revocation_state_find(struct str name);

struct revocation_facts { /* all that the guards look at */
        int64_t status, begin_at, end_at, now;
        int64_t binding_count;
        bool is_uploaded, is_wotrus, is_sm2, is_automatic; /* automatic validation that still holds (RVK-32) */
        bool is_renewed;                                   /* its successor is ordered: not "to be renewed" any more */
        bool is_reissue;
        const char *level, *brand;
        int64_t domain_type, validity_months;
};
/* ERR_NONE, or why it cannot be filed; *ret_why then says what to do. */
enum err revocation_guard(const struct revocation_facts *facts, const char **ret_why);
/* Which of R1 to R4 it is (B6). */
enum revocation_event revocation_variant(const struct revocation_facts *facts);

/* ---- acts ---- */

struct revocation_filed {
        enum revocation_state state; /* PROVING, REVIEWING, LETTER, REVOKED */
        const struct validation_row *proofs; /* what to show; PROVING only */
        size_t proof_count;
        int64_t deadline_at;                 /* 0 = none */
};
/*
 * ERR_CERT_NOT_FOUND, ERR_CERT_SOURCE, ERR_CERT_STATE, ERR_REVOKE, ERR_REVOKE_BOUND, ERR_PARAM_VALUE (reason).
 * `reason_code` is a name of RFC 5280 or ""; a `reason` that is such a name counts as one.  keyCompromise revokes at once.
 */
MUST res revocation_file(struct act *act, struct str certificate_id, struct str reason, struct str reason_code,
                         struct revocation_filed *ret_filed);
/*
 * The words of a request: at most 200 printable characters (SIL-22); `reason_code` as above.  ERR_PARAM_VALUE.
 */
MUST res revocation_check_reason(struct act *act, struct str reason, struct str reason_code, enum revoke_reason *ret_code);
/* Inside the look's transaction: everything is shown (RVK-19). */
MUST res revocation_proved(struct act *act, struct store_tx *tx, const struct certificate_row *row);
/* Job JOB_REVOKE: the three days are over (RVK-17, SIL-44). */
struct job_row;
void revocation_deadline_job(struct act *act, const struct job_row *job, void *context);

/*
 * By the operator, for an owner who cannot do it or has nobody left who could show the names (ACC-13, RVK-09, RVK-10): at
 * once, whatever is bound, under way or said by the calendar, since nobody else is left to ask.  `reason` is wanted: the
 * owner reads it, and so does who looks at the timeline.  ERR_NOT_FOUND (account), ERR_CERT_NOT_FOUND, ERR_CERT_SOURCE,
 * ERR_CERT_STATE, ERR_PARAM_MISSING, ERR_PARAM_VALUE.
 */
MUST res revocation_on_behalf(struct act *act, struct str uin, struct str certificate_id, struct str reason, struct str reason_code);

/* A reviewer's work: what waits, over all accounts, the oldest first. */
struct revocation_item {
        struct revocation_row row;
        struct str domain, product_name, level, account_uin;
};
MUST res revocation_queue(struct act *act, int64_t after_id, int64_t limit, const struct revocation_item **ret_items, size_t *ret_n);
/*
 * Pass or refuse one.  ERR_FORBIDDEN: not a reviewer, or the one who filed it (four eyes).  ERR_NOT_FOUND: there is none
 * with this id that waits.
 */
MUST res revocation_review(struct act *act, int64_t revocation_id, bool pass, struct str note);
