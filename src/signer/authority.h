/*
 * The built-in CA: roots, intermediates and the responders that sign OCSP answers.  Keys are sealed files
 * (DIR/keys/<name>.sealed), certificates lie beside them (<name>.der); made once, at the first start.  A key that is made waits as
 * <name>.made.sealed until the log has its certificate for good.
 * Responders' keys live in memory only: each start makes new ones, and a running signer every two months, which RFC 6960 §4.2.2.2 allows and
 * which leaves nothing to steal.
 */
#pragma once

#include "base/buf.h"
#include "ipc/msg.h"
#include "pki/cert.h"
#include "pki/ocsp.h"

struct conf;
struct pki_profiles;

#define AUTHORITY_ISSUERS 4

struct authority_issuer {
        const char *name, *parent; /* parent "" = a root */
        struct pki_key *key;
        struct buf der;           /* its certificate */
        struct pki_cert cert;     /* borrows from der */
        struct pki_issuer issuer; /* what its certificates say; borrows */
        uint8_t key_id[20];
        uint8_t name_hash[2][32], key_hash[2][32]; /* [0] SHA-1, [1] SHA-256: for OCSP */
        char url[3][320];              /* of OCSP, this issuer's certificate, CRLs below (without the shard) */
        struct pki_key *responder_key; /* intermediates */
        struct buf responder_der;
        uint8_t responder_key_id[20];
        int64_t responder_not_after;
};

struct authority {
        struct authority_issuer issuer[AUTHORITY_ISSUERS]; /* roots first */
        size_t count;
};

/*
 * What a new certificate of the CA itself is given: built, linted, put into ret_der and added to the log by the caller's room; it is in the
 * log for good only after log().  is_logged(): is this very certificate there?
 */
struct authority_order {
        const struct authority_issuer *issuer; /* who signs; its own entry for a root */
        const char *profile;
        struct bytes subject, spki, key_id;
        int64_t days;
};
struct authority_maker {
        res (*make)(void *context, const struct authority_order *order, struct buf *ret_der);
        res (*log)(void *context);
        res (*is_logged)(void *context, const struct pki_cert *cert, struct bytes der, bool *ret_is);
        void *context;
};

/*
 * Load what is there and make what is not.  `why` says what is wrong.  ERR_CONFIG: a sealed key that the master key does
 * not open, or that is not its certificate's.
 */
MUST res authority_open(const struct conf *conf, const uint8_t *seal_key, struct pki_kit *kit,
                        const struct authority_maker *maker, struct authority **ret_authority, struct buf *why);
void authority_free(struct authority *authority);
const struct authority_issuer *authority_find(const struct authority *authority, const char *name); /* NULL = none */
/* A responder that is good for 30 days more; makes a new one when it must.  Roots have none: ERR_NOT_FOUND. */
MUST res authority_responder(struct authority *authority, const struct authority_issuer *issuer, struct pki_kit *kit,
                             const struct authority_maker *maker, int64_t now);
/* Write DIR/root.pem when it does not hold just these roots. */
MUST res authority_write_roots(const struct authority *authority, const char *data_dir);
