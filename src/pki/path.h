/*
 * The proof of a foreign chain (RFC 5280 §6) by OpenSSL's own path validation: every algorithm that it knows, name
 * constraints, policies, critical extensions.  Our strict reader has read each certificate before, so what comes here is
 * well formed; pki_chain_verify is the short form for chains of the algorithms that we sign with ourselves.
 */
#pragma once

#include "pki/chain.h"

struct pki_path_fault {
        const char *why; /* static; in OpenSSL's words */
        size_t at;       /* which certificate, 0 = the leaf */
};

/*
 * A sorted chain whose last certificate is taken for granted.  `strict`: with all that RFC 5280 demands of the
 * certificates themselves, as `openssl verify -x509_strict`.  at_sec: the dates as of then; −1 = they do not count.
 * ERR_SIGNATURE with *ret_fault filled; ERR_KEY_TYPE: a key with curve parameters written out (CVE-2022-0778).
 */
MUST res pki_path_verify(const struct pki_chain *chain, int64_t at_sec, bool strict, struct pki_path_fault *ret_fault);
