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
/* Sort leaf → root.  ERR_FORMAT when they are not one chain (two leaves, a gap, a double). */
MUST res pki_chain_sort(struct pki_chain *chain);
/* Every link: names, CA flag, path length, key usage, signature; not dates.  ERR_SIGNATURE. */
MUST res pki_chain_verify(struct pki_kit *kit, const struct pki_chain *chain);
