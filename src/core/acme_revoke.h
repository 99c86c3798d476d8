/*
 * Revocation by ACME (RFC 8555 §7.6): by the account that ordered, by one that may have every name, or by the certificate's
 * own key.
 */
#pragma once

#include "core/acme_account.h"

struct acme_revoke {
        struct bytes der;                   /* the certificate */
        bool has_reason;
        int64_t reason;
        const struct acme_account *account; /* NULL: signed by `key` */
        const struct jws_key *key;
};
/* ERR_ACME_MALFORMED, ERR_ACME_DENIED (also: not issued here), ERR_ACME_REVOKED, ERR_ACME_REASON. */
MUST res acme_revoke_certificate(struct act *act, const struct acme_revoke *in);
