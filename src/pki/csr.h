/*
 * Certificate requests (PKCS#10, RFC 2986): ours made by hand, foreign ones read by a strict reader.
 */
#pragma once

#include "pki/key.h"

struct arena;

/* Request for these DNS names or addresses (text), exactly these in the SAN; none given: the common name. Signed by key. */
MUST res pki_csr_make(struct pki_key *key, struct str common_name, const struct str *names, size_t name_count,
                      struct buf *out);
/* The same with a whole distinguished name (DER) and one DNS name in the SAN.  ERR_FORMAT: that is no Name. */
MUST res pki_csr_make_named(struct pki_key *key, struct bytes subject, struct str name, struct buf *out);

struct pki_csr {                /* borrows from the DER */
        struct bytes der, info; /* info: what is signed */
        struct bytes subject;   /* Name DER */
        struct pki_spki spki;
        struct bytes extensions; /* SEQUENCE OF Extension of extensionRequest, with its head; n = 0: none */
        struct bytes san;        /* GeneralNames, with its head; n = 0: none */
        struct pki_alg alg;
        struct bytes signature;
};

/* One request in PEM ("CERTIFICATE REQUEST", or "NEW CERTIFICATE REQUEST" as Windows and keytool write); DER appended. */
MUST res pki_csr_from_pem(struct str pem, struct buf *out);
/* ERR_FORMAT, ERR_KEY_TYPE.  Does not verify. */
MUST res pki_csr_parse(struct bytes der, struct pki_csr *ret_csr);
/* ERR_SIGNATURE. */
MUST res pki_csr_verify(struct pki_kit *kit, const struct pki_csr *csr);
/* dNSName and iPAddress values as text, in their order, in the arena; other kinds are left out.  ERR_FORMAT. */
MUST res pki_csr_names(const struct pki_csr *csr, struct arena *arena, struct strs *ret_names);
MUST res pki_csr_common_name(const struct pki_csr *csr, struct str *ret_name); /* "" = none */
