/* Renewal information (RFC 9773): when a certificate is best renewed, and which order replaces it. */
#pragma once

#include "core/acme_identifier.h"
#include "store/issued.h"

struct acme_renewal {
        int64_t start, end; /* suggestedWindow */
};

/* From the certificate identifier: base64url of AKI, dot, base64url of the serial.  ERR_ACME_MALFORMED, ERR_ACME_ABSENT. */
MUST res acme_renewal_info(struct act *act, struct str certificate_identifier, struct acme_renewal *ret_renewal);
/*
 * In newOrder (RFC 9773 §5): the certificate is the account's, shares a name with the order, and no other order replaces it.
 * ERR_ACME_MALFORMED, ERR_ACME_DENIED, ERR_ACME_REPLACED.
 */
MUST res acme_renewal_check_replaces(struct act *act, struct store_conn *conn, const struct acme_account *account, struct str replaces,
                                     const struct acme_identifier *identifiers, size_t count);
/* The row that a certificate identifier names. */
MUST res acme_renewal_find(struct act *act, struct store_conn *conn, struct str certificate_identifier, struct issued_row *ret_row);
