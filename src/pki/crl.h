/*
 * Certificate revocation lists (RFC 5280 §5), written as a stream: begin, one add an entry, end.  The room for the
 * head is kept free in front of the entries, so that a list of a million is never copied.
 */
#pragma once

#include "pki/cert.h"

struct pki_crl;

struct pki_crl_head {
        const struct pki_issuer *issuer;
        uint64_t number; /* strictly rising a shard; the caller's business */
        int64_t this_update, next_update;
        struct str
                shard_url; /* exact URL in the critical IssuingDistributionPoint; "" = the only, complete list: right for roots,
                                             as programs that check a whole chain look the root itself up, which names no shard */
        bool of_ca_certs; /* with a URL: the list is of CA certificates only, else of leaves only (BR 7.2.2.1) */
};

#define PKI_CRL_ENTRY_MAX 64 /* bytes of one entry at most */

/* Everything of head is copied. */
MUST res pki_crl_begin(const struct pki_crl_head *head, size_t ceiling_bytes, struct pki_crl **ret_crl);
/* Serial as magnitude bytes.  reason 0 = no extension; 7 and above 10 are refused (ERR_FORMAT).  Order is the caller's. */
MUST res pki_crl_add(struct pki_crl *crl, struct bytes serial, int64_t revoked_at, uint32_t reason);
MUST res pki_crl_expect(struct pki_crl *crl, size_t count); /* room for so many at once, instead of growing towards it */
size_t pki_crl_count(const struct pki_crl *crl);
/* Sign; *ret_der is borrowed until pki_crl_free. */
MUST res pki_crl_end(struct pki_crl *crl, struct pki_key *key, struct bytes *ret_der);
void pki_crl_free(struct pki_crl *crl);
void pki_crl_free_ptr(struct pki_crl **crl);
