/* What finalize asks of a certificate request (RFC 8555 §7.4): exactly the order's names, and a key worth certifying. */
#pragma once

#include "core/acme_account.h"
#include "pki/csr.h"

struct acme_csr {
        struct pki_csr csr;
        uint8_t spki_hash[32];
        struct str common_name; /* lower case; "" = none */
};

/* ERR_ACME_CSR with a sentence. */
MUST res acme_csr_check(struct act *act, const struct acme_account *account, const struct strs *names, struct bytes der,
                        struct acme_csr *ret_csr);
/* Checked in a fraction of a millisecond; so is what cannot be read at all. */
bool acme_csr_is_quick(struct bytes der);
