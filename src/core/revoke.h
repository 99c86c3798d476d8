/*
 * Revoking: the one place that says of a certificate's bytes that they are no longer good.  Whoever wants that – an
 * owner's proved or reviewed request, a compromised key, a certificate that nobody waits for any more – comes here, so
 * that the list is made anew, the status answers follow and the record has its entry, each time.
 */
#pragma once

#include "core/act.h"
#include "store/certificate.h"
#include "store/issued.h"
#include "store/store.h"

enum revoke_reason { /* CRLReason, RFC 5280 §5.3.1; those that BR 7.2.2 allows for a subscriber's certificate */
        REVOKE_UNSPECIFIED = 0,
        REVOKE_KEY_COMPROMISE = 1,
        REVOKE_AFFILIATION_CHANGED = 3,
        REVOKE_SUPERSEDED = 4,
        REVOKE_CESSATION = 5,
        REVOKE_PRIVILEGE_WITHDRAWN = 9,
};
/* By its name in RFC 5280, either case: "keyCompromise", …  false: it is none of these words. */
bool revoke_reason_find(struct str word, enum revoke_reason *ret_reason);
const char *revoke_reason_name(int64_t reason);

/*
 * Inside a transaction, both of them; the account is the certificate's, whoever acts.
 *
 * One row of issued, which is 'issued' and not revoked yet.  ERR_NOT_FOUND.
 */
MUST res revoke_issued(struct act *act, struct store_tx *tx, const struct issued_row *row, enum revoke_reason reason);
/*
 * A certificate with everything that was issued for it: status 10, the account's free slot comes back (RVK-27), the work on
 * it ends, the owner is told.  Its reissues go with it (RVK-08), those under way are cancelled.  One that is revoked
 * already stays as it is.
 */
MUST res revoke_certificate(struct act *act, struct store_tx *tx, const struct certificate_row *row, enum revoke_reason reason,
                            const char *why);
/*
 * One that is revoked for another reason, and whose key turns out to be in other hands: lists and answers say keyCompromise from now on,
 * of the same moment (BR 7.2.2); the owner is told.  *ret_raised false: it was said already, or the certificate has ended.
 */
MUST res revoke_raise(struct act *act, struct store_tx *tx, const struct certificate_row *row, const char *why, bool *ret_raised);
