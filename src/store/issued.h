/*
 * Certificates as bytes.  Issue is written ahead: a row in state 'signing' with serial and request is durable
 * before the signer is asked; store_issued_finish() puts the bytes in.  After a crash the rows still 'signing'
 * are asked again or declared dead.
 */
#pragma once

#include "store/store.h"

struct issued_row {
        int64_t issued_id; /* 0 in insert = make one */
        int64_t account_id;
        struct str certificate_id;
        struct bytes serial;
        struct str state; /* signing, issued, dead */
        struct str issuer, profile;
        struct bytes profile_hash;
        int64_t crl_shard;
        struct bytes request, der;
        int64_t not_before, not_after, caa_checked_at, created_at, revoked_at, revoke_reason;
};
/* In state 'signing', whatever row->state says.  ERR_STORE_CONFLICT: serial taken. */
MUST res store_issued_insert(struct store_tx *tx, struct issued_row *row);
/* signing → issued; the request is cleared.  ERR_NOT_FOUND if it is not 'signing' (any more). */
MUST res store_issued_finish(struct store_tx *tx, int64_t account_id, int64_t issued_id, struct bytes der);
/* signing → dead; if the signer may have signed it, revoked_at > 0 puts it on the CRL. */
MUST res store_issued_set_dead(struct store_tx *tx, int64_t account_id, int64_t issued_id, int64_t revoked_at, int64_t reason);
/*
 * Only once, and not while it is being signed (ERR_NOT_FOUND).  This alone makes the revocation visible: the shard's count
 * goes up in the same transaction, and core/crl and core/ocsp watch it.
 */
MUST res store_issued_revoke(struct store_tx *tx, int64_t account_id, int64_t issued_id, int64_t revoked_at, int64_t reason);
/* Revoked already, and worse than was thought then: another reason, the same moment (BR 7.2.2).  ERR_NOT_FOUND: it has that reason, or is not revoked. */
MUST res store_issued_raise(struct store_tx *tx, int64_t account_id, int64_t issued_id, int64_t reason);
MUST res store_issued_get(struct store_conn *c, struct arena *a, int64_t account_id, int64_t issued_id, struct issued_row *ret_row);
/* All that the row borrows lives in the arena afterwards. */
void store_issued_keep(struct arena *a, struct issued_row *row);
/* Of one certificate, oldest first. */
MUST res store_issued_list(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id,
                           const struct issued_row **ret_rows, size_t *ret_n);
/* System: what was being signed when we stopped; after `after_id`. */
MUST res store_issued_list_signing(struct store_conn *c, struct arena *a, int64_t after_id, int64_t limit,
                                   const struct issued_row **ret_rows, size_t *ret_n);
/*
 * System: being signed since `until` or before, and no job of this kind is there that would take it up; oldest first.
 * Only account_id and certificate_id are filled.
 */
MUST res store_issued_list_forgotten(struct store_conn *c, struct arena *a, int64_t until, struct str job_kind, int64_t limit,
                                     const struct issued_row **ret_rows, size_t *ret_n);
/* System: every row by id, for the audit; after `after_id`. */
MUST res store_issued_list_all(struct store_conn *c, struct arena *a, int64_t after_id, int64_t limit,
                               const struct issued_row **ret_rows, size_t *ret_n);
/* The same with ids, serial, state and revoked_at only: for who wants to know which there are. */
MUST res store_issued_list_serials(struct store_conn *c, struct arena *a, int64_t after_id, int64_t limit,
                                   const struct issued_row **ret_rows, size_t *ret_n);
/* System: what OCSP asks for; without request and der. */
struct issued_status {
        int64_t issued_id, account_id;
        struct str state, issuer;
        int64_t crl_shard, not_after, revoked_at, revoke_reason;
};
MUST res store_issued_get_status(struct store_conn *c, struct arena *a, struct bytes serial, struct issued_status *ret_status);
MUST res store_issued_get_by_serial(struct store_conn *c, struct arena *a, struct bytes serial, struct issued_row *ret_row);
