/*
 * Reissue (RIS, state machine A6): another certificate of the same order, for the same names, with the same end, mostly
 * with a new key.  It has an id of its own; the original goes on until it ends or is revoked (SIL-27).
 */
#pragma once

#include "core/act.h"
#include "core/revoke.h"
#include "store/certificate.h"

/* ---- the machine's decisions, pure ---- */

struct reissue_facts {
        int64_t status, end_at, issued_at, now;
        bool is_uploaded, is_free, is_wotrus, is_sm2, is_automatic;
        bool has_evidence;     /* every name is proved, and the proof is not too old (DCV-33: 13 months) */
        bool is_same_key;      /* CsrType original */
        int64_t running_count; /* of the account below this primary domain, itself included */
        int64_t done_count;    /* of its order */
        const char *level, *brand;
        int64_t domain_type, validity_months;
};
/* ERR_NONE, or why there can be none; *ret_why then says what to do. */
enum err reissue_guard(const struct reissue_facts *facts, const char **ret_why);
enum reissue_way {
        REISSUE_VALIDATE,
        REISSUE_REVIEW, /* other OV and EV: the CA looks offline; WoTrus and SM2 ones after validation */
        REISSUE_ISSUE,  /* nothing is to be proved again */
        REISSUE_WAY_COUNT
};
enum reissue_way reissue_decide(const struct reissue_facts *facts);

/* ---- acts ---- */

struct reissue_new {
        struct str certificate_id, method /* DNS, FILE, DNS_AUTO, DNS_PROXY */, csr_type /* original, upload, online; "" = the product's */;
        struct str csr_pem, key_password, reason, key_algo, key_parameter;
};
/*
 * ERR_CERT_NOT_FOUND, ERR_CERT_SOURCE, ERR_CERT_STATE, ERR_REPLACED_ALREADY, ERR_REPLACE, ERR_PARAM_VALUE, ERR_KEY_BLOCKED,
 * and what is wrong with a request that was pasted.  *ret_id: the new certificate, in the arena.
 */
MUST res reissue_file(struct act *act, const struct reissue_new *in, const char **ret_id);

/* Inside a transaction. */
/* Its reissues follow a certificate that is revoked (RVK-08): issued ones are revoked, those under way cancelled. */
MUST res reissue_follow(struct act *act, struct store_tx *tx, const struct certificate_row *origin, enum revoke_reason reason);
/* One that came to nothing: its original knows of none any more, and may be reissued again. */
MUST res reissue_forget(struct act *act, struct store_tx *tx, const struct certificate_row *row);
/* notAfter of one: its original's (RIS-06).  0 = it is no reissue. */
MUST res reissue_end_at(struct act *act, struct store_conn *conn, const struct certificate_row *row, int64_t *ret_end_at);
