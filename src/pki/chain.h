/*
 * Chains of foreign certificates: put into order and each link proved, with a bound on the work (CON-19).
 */
#pragma once

#include "pki/cert.h"

#define PKI_CHAIN_MAX 10

struct pki_chain {
        struct pki_cert v[PKI_CHAIN_MAX]; /* leaf first; borrows from the input */
        size_t n;
        bool ends_in_root; /* the last one is self-signed */
};

/* A PEM file of certificates in any order; der holds their bytes afterwards (the chain borrows from it). ERR_FORMAT, ERR_TOO_LARGE. */
MUST res pki_chain_from_pem(struct str pem, struct buf *der, struct pki_chain *ret_chain);
/* The same from DER: certificates one after another. */
MUST res pki_chain_from_der(struct bytes der, struct pki_chain *ret_chain);

enum pki_chain_fault_kind {
        PKI_CHAIN_GOOD,
        PKI_CHAIN_DOUBLE, /* v[at] is there twice */
        PKI_CHAIN_LEAVES, /* v[at] and v[other] are both end certificates */
        PKI_CHAIN_STRAY,  /* v[at] belongs to no chain with the others, which end in a root */
        PKI_CHAIN_GAP,    /* v[other] is the end of what fits together; its issuer is missing, or v[at] is a stray */
        PKI_CHAIN_LOOP,   /* there is no end certificate */
        PKI_CHAIN_FAULT_COUNT
};
struct pki_chain_fault {
        enum pki_chain_fault_kind kind;
        size_t at, other; /* as the chain stands afterwards */
};

/*
 * Sort leaf → root.  A CA that is there a second time under another issuer (cross-signed) is left out: one way is enough.
 * ERR_FORMAT when they are not one chain; *ret_fault then says why (GOOD otherwise) and chain is in any order.
 */
MUST res pki_chain_arrange(struct pki_chain *chain, struct pki_chain_fault *ret_fault);
MUST res pki_chain_sort(struct pki_chain *chain); /* where nobody asks why */
/* Every link: names, CA flag, path length, key usage, signature; not dates.  ERR_SIGNATURE. */
MUST res pki_chain_verify(struct pki_kit *kit, const struct pki_chain *chain);
