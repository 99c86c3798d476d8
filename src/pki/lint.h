/*
 * The last look before a signature (BR 4.3.1.2): reads the finished TBSCertificate with a parser of its own, which
 * shares nothing with the builder, and compares it with the rules (RFC 5280, BR 7.1, the profile).  A finding blocks.
 * Each has a name that never changes, for logs, tests and the auditor.
 */
#pragma once

#include "pki/profile.h"

struct pki_lint_context {
        const struct pki_profile *profile;
        struct pki_kit *kit;        /* for the key gate (spki.h); NULL = the key's strength is not looked at */
        int64_t now;                /* notBefore within 48 h of it (BR 6.3.2); 0 = do not look (audits) */
        struct bytes issuer_name;   /* expected issuer Name DER; n = 0: do not look */
        struct bytes issuer_key_id; /* expected AKI; n = 0: do not look */
        struct bytes issuer_alg;    /* expected AlgorithmIdentifier DER; n = 0: do not look */
};

struct pki_finding {
        const char *name;   /* "serial_not_positive"; NULL = nothing found */
        const char *rule;   /* "RFC 5280 §4.1.2.2" */
        const char *detail; /* a static sentence */
};

/* RES_OK, or ERR_LINT with the first finding.  Never signs, never changes. */
MUST res pki_lint_tbs(struct bytes tbs, const struct pki_lint_context *context, struct pki_finding *ret_finding);
/* The same for a finished certificate: its TBS, and that both algorithm identifiers agree. */
MUST res pki_lint_cert(struct bytes cert, const struct pki_lint_context *context, struct pki_finding *ret_finding);
/* Every finding there is, for the test that proves each and for the documentation; NULL past the end. */
const struct pki_finding *pki_lint_at(size_t i);
/* 4 or 16 octets: an address that nobody can have to himself on the Internet (RFC 6890). */
bool pki_lint_address_is_reserved(struct bytes address);
