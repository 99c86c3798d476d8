/*
 * Identifiers of ACME orders (RFC 8555 §7.1.4, RFC 8738): stricter than what people type.  A client sends names as they stand
 * in certificates; whatever needs mending is refused instead of mended, so that both sides mean the same bytes.
 */
#pragma once

#include "core/acme_account.h"
#include "core/catalogue.h"
#include "core/problem.h"

struct acme_identifier {
        const char *kind;  /* "dns", "ip" */
        const char *name;  /* as in the certificate; "*.x" for a wildcard */
        const char *base;  /* without "*." */
        const char *registrable;
        bool is_address, is_wildcard;
};

struct acme_identifier_in {
        struct str kind, value;
};

/*
 * One of them, for the account: form, public suffixes, reserved spaces, the product's words and suffixes, and what an external
 * account allows.  ERR_ACME_IDENTIFIER, ERR_ACME_IDENTIFIER_KIND, ERR_ACME_MALFORMED with a sentence.
 */
MUST res acme_identifier_check(struct act *act, const struct acme_account *account, const struct product *product,
                               const struct acme_identifier_in *in, struct acme_identifier *ret_identifier);
