/*
 * Certificate revocation lists (RFC 5280 §5), written as a stream: begin, one add an entry, end.  The room for the
 * head is kept free in front of the entries, so that a list of a million is never copied.
 *
 * Signing and publishing may be two programs.  Both add the same entries; the signer gives the frame – all that stands
 * around them – and the other joins it with its own: the same bytes, of which only some hundred changed hands.
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

/* All of a list but its entries.  `signature`: the octets alone. */
struct pki_crl_frame {
        struct bytes fields, extensions, signature;
};

/* Everything of head is copied. */
MUST res pki_crl_begin(const struct pki_crl_head *head, size_t ceiling_bytes, struct pki_crl **ret_crl);
/* The same in two steps; without a head a list can be joined, not signed. */
MUST res pki_crl_new(size_t ceiling_bytes, struct pki_crl **ret_crl);
MUST res pki_crl_set_head(struct pki_crl *crl, const struct pki_crl_head *head); /* once, of an empty one */
void pki_crl_clear(struct pki_crl *crl); /* as new, in the same memory */
/* Serial as magnitude bytes.  reason 0 = no extension; 7 and above 10 are refused (ERR_FORMAT).  Order is the caller's. */
MUST res pki_crl_add(struct pki_crl *crl, struct bytes serial, int64_t revoked_at, uint32_t reason);
MUST res pki_crl_expect(struct pki_crl *crl, size_t count); /* room for so many at once, instead of growing towards it */
size_t pki_crl_count(const struct pki_crl *crl);
/* *ret_frame is borrowed until the next call. */
MUST res pki_crl_sign(struct pki_crl *crl, struct pki_key *key, struct pki_crl_frame *ret_frame);
/*
 * The whole list, and in it what is signed; both borrowed until the next call but pki_crl_take_memory().  Whether the
 * signature fits is the caller's question.  ERR_FORMAT: not a frame; once for each time of adding.
 */
MUST res pki_crl_join(struct pki_crl *crl, struct pki_alg alg, const struct pki_crl_frame *frame, struct bytes *ret_tbs,
                      struct bytes *ret_der);
/* Sign and join; *ret_der is borrowed until pki_crl_free. */
MUST res pki_crl_end(struct pki_crl *crl, struct pki_key *key, struct bytes *ret_der);
/* What was joined or ended lies in this, to its end; the list itself is then only good to be freed. */
struct buf pki_crl_take_memory(struct pki_crl *crl);
void pki_crl_free(struct pki_crl *crl);
void pki_crl_free_ptr(struct pki_crl **crl);
