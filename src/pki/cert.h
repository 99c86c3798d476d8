/*
 * Certificates (RFC 5280): built by hand as DER, because the X509_* calls cost five times as much and do not scale.
 * Three steps, so that nothing unlinted is signed: pki_cert_build writes the TBSCertificate, pki_lint (lint.h) judges
 * those bytes, pki_cert_sign signs and wraps them.
 */
#pragma once

#include "pki/key.h"
#include "pki/profile.h"

struct arena;

#define PKI_SERIAL_SIZE 16

struct pki_issuer {          /* what a certificate says about who signed it; borrowed */
        struct bytes name;   /* subject Name DER of the issuer's certificate */
        struct bytes key_id; /* its subjectKeyIdentifier, 20 bytes */
        struct pki_alg alg;  /* that it signs with */
};

struct pki_cert_request {
        const struct pki_profile *profile;
        const struct pki_issuer *issuer; /* a root: its own name and key id */
        uint8_t serial[PKI_SERIAL_SIZE]; /* top bit 0, not all zero: pki_serial_fix */
        int64_t not_before, not_after;   /* inclusive: N days end at not_before + N * 86400 - 1 */
        struct bytes spki;               /* DER */
        struct bytes key_id;             /* of the subject key, 20 bytes; used where the profile has SKI */
        struct bytes subject;            /* CA and OCSP kinds: Name DER */
        struct str common_name;          /* leaf: "" = none; left out of the subject when over 64 bytes */
        const struct str *names;         /* leaf: SAN as text: DNS names (A-labels, lower case), IP addresses */
        size_t name_count;
        struct str ocsp_url, issuer_url, crl_url; /* used where the profile has them */
};

/* 16 random bytes become a serial: positive, 16 octets on the wire, 126 bits of chance (BR 7.1: at least 64). */
void pki_serial_fix(uint8_t serial[PKI_SERIAL_SIZE]);
/* Appends the TBSCertificate.  Judges nothing but what it cannot write (ERR_FORMAT); the lint judges. */
MUST res pki_cert_build(const struct pki_cert_request *request, struct buf *out);
/* Appends the Certificate.  The algorithm inside the TBS must be `alg`. */
MUST res pki_cert_sign(struct pki_key *issuer_key, struct pki_alg alg, struct bytes tbs, struct buf *out);

/* ---- reader ------------------------------------------------------------------------------------ */

struct pki_cert { /* borrows from the DER */
        struct bytes der, tbs;
        struct bytes serial;  /* magnitude, no sign octet */
        struct bytes alg_der; /* AlgorithmIdentifier of the signature */
        struct pki_alg alg;
        struct bytes signature;
        struct bytes issuer, subject; /* Name DER */
        int64_t not_before, not_after;
        struct pki_spki spki;                       /* spki.der only when the key is of a kind we do not read */
        struct bytes san, key_id, authority_key_id; /* GeneralNames DER; octets; n = 0: none */
        struct bytes aia, crl_points, policies;     /* extension values; n = 0: none */
        uint32_t key_usage, eku;                    /* 0: no extension (eku: known purposes only) */
        bool is_ca, has_key_usage, has_eku;
        int path_len; /* -1 = none */
};

/* Strict DER; foreign certificates with extensions that we do not know are fine.  ERR_FORMAT. */
MUST res pki_cert_parse(struct bytes der, struct pki_cert *ret_cert);
MUST res pki_cert_verify(struct pki_kit *kit, const struct pki_cert *cert,
                         const struct pki_spki *issuer_key); /* ERR_SIGNATURE */
/* dNSName and iPAddress values as text, in their order. */
MUST res pki_cert_names(const struct pki_cert *cert, struct arena *arena, struct strs *ret_names);
/* Digest of the whole certificate in hexadecimal, upper case as the console shows it: out holds 2 * size + 1. */
MUST res pki_cert_fingerprint(struct pki_kit *kit, const struct pki_cert *cert, enum pki_digest digest, char *out);
/* Does this key belong to this certificate? */
bool pki_cert_has_key(const struct pki_cert *cert, const struct pki_key *key);
