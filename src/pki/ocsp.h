/*
 * OCSP (RFC 6960, nonce RFC 9654): a strict reader of requests and a builder of answers.
 */
#pragma once

#include "pki/cert.h"

#define PKI_OCSP_IDS_MAX 8    /* certificates asked for at once; clients ask for one (RFC 5019 §2.1.1) */
#define PKI_OCSP_NONCE_MAX 32 /* RFC 9654 §2.1 */
#define PKI_OCSP_REQUEST_MAX 4096

struct pki_ocsp_id {
        enum pki_digest digest;           /* PKI_SHA1 or PKI_SHA256 */
        struct bytes name_hash, key_hash; /* of the issuer */
        struct bytes serial;              /* magnitude */
        struct bytes der;                 /* whole CertID, echoed in the answer */
};

struct pki_ocsp_request { /* borrows */
        struct pki_ocsp_id ids[PKI_OCSP_IDS_MAX];
        size_t id_count;
        struct bytes nonce; /* n = 0: none, or over 32 bytes (RFC 9654 §2.1 lets a responder leave those out) */
};

/* ERR_FORMAT; an id of another hash is given as PKI_DIGEST_NONE.  A signature on the request is not looked at. */
MUST res pki_ocsp_parse(struct bytes der, struct pki_ocsp_request *ret_request);
/* The hashes that name an issuer: of its Name DER and of its key bits. */
MUST res pki_ocsp_issuer_hashes(struct pki_kit *kit, enum pki_digest digest, struct bytes name,
                                const struct pki_spki *spki, uint8_t ret_name_hash[32], uint8_t ret_key_hash[32]);
/* A CertID's DER from its parts (for programs that get the parts by message). */
void pki_ocsp_id_write(enum pki_digest digest, struct bytes name_hash, struct bytes key_hash, struct bytes serial,
                       struct buf *out);

enum pki_ocsp_status { PKI_OCSP_GOOD, PKI_OCSP_REVOKED, PKI_OCSP_UNKNOWN };

struct pki_ocsp_single {
        struct bytes id; /* CertID DER */
        enum pki_ocsp_status status;
        int64_t revoked_at;
        uint32_t reason; /* 0 = left out */
        int64_t this_update, next_update;
};

struct pki_ocsp_answer {
        const struct pki_ocsp_single *v;
        size_t n;
        int64_t produced_at;
        struct bytes nonce;            /* n = 0: none */
        struct bytes responder_key_id; /* 20 bytes: byKey */
        struct bytes responder_cert;   /* DER of the delegated responder, included */
};

/* Appends a whole OCSPResponse, signed by the responder's key. */
MUST res pki_ocsp_build(struct pki_key *key, struct pki_alg alg, const struct pki_ocsp_answer *answer, struct buf *out);

enum pki_ocsp_error {
        PKI_OCSP_MALFORMED = 1,
        PKI_OCSP_INTERNAL = 2,
        PKI_OCSP_TRY_LATER = 3,
        PKI_OCSP_UNAUTHORIZED = 6
};
void pki_ocsp_error(enum pki_ocsp_error error, struct buf *out);
