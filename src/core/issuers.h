/*
 * The issuing CAs and the profiles as the server knows them: an immutable snapshot, taken from the signer at start.
 */
#pragma once

#include "base/arena.h"
#include "base/res.h"
#include "base/str.h"
#include "pki/profile.h"

struct channel;
struct issuers;

struct issuer {
        const char *name;          /* dv-ecc: as in /ca/dv-ecc.cer */
        const char *parent;        /* "" = a root */
        const char *subject;       /* one line */
        const char *common_name;
        const char *algorithm;     /* "RSA 2048", "ECC prime256v1": the wire's words */
        struct bytes der;
        const char *pem;
        int64_t not_before, not_after;
        char fingerprint_sha1[41]; /* upper hex */
        uint8_t name_sha1[32], key_sha1[32], name_sha256[32], key_sha256[32]; /* as OCSP names it */
};

/* Read the profiles' file; no issuer yet.  `why` says what is wrong with the file. */
MUST res issuers_new(const char *catalogue_dir, struct issuers **ret_issuers, struct buf *why);
/* Ask the signer, once; on failure the issuers are only good for issuers_free(). */
MUST res issuers_ask(struct issuers *issuers, struct channel *signer, struct buf *why);
/* No signer to ask: suppose the issuers that the built-in CA makes at its first start; names alone, for checks. */
void issuers_suppose(struct issuers *issuers);
void issuers_free(struct issuers *issuers);
size_t issuers_count(const struct issuers *issuers);
const struct issuer *issuers_at(const struct issuers *issuers, size_t i);
const struct issuer *issuers_find(const struct issuers *issuers, struct str name);   /* NULL = none */
const struct issuer *issuers_root_of(const struct issuers *issuers, const struct issuer *issuer);
const struct pki_profiles *issuers_profiles(const struct issuers *issuers);
/* Append the PEM of this issuer and of those above it, the root left out (CON-19).  NULL adds nothing. */
void issuers_add_chain_pem(const struct issuers *issuers, const struct issuer *issuer, struct buf *pem);
const struct pki_profile *issuers_profile(const struct issuers *issuers, struct str name);
