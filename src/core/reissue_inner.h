/* A reissue while it is filed, for reissue.c and reissue_key.c. */
#pragma once

#include "core/apply.h"
#include "core/reissue.h"
#include "store/key.h"

enum reissue_csr { REISSUE_CSR_ORIGINAL, REISSUE_CSR_UPLOAD, REISSUE_CSR_ONLINE, REISSUE_CSR_COUNT };
const char *reissue_csr_word(enum reissue_csr csr);

struct reissuing {
        struct act *act;
        const struct reissue_new *in;
        const struct product *product; /* as bought; NULL = uploaded */
        struct certificate_row origin, certificate;
        enum reissue_csr csr;
        struct cert_key_row key; /* the original's, or a new one that is not stored yet */
        const char *issuer, *key_text;
        struct validation_row *proofs;
        size_t proof_count;
        const char *why; /* of a guard that refused */
};

/* By CsrType (RIS-08, RIS-10): the original's key, one from a pasted request, or a new one.  Fills csr, key, issuer, key_text. */
MUST res reissue_make_key(struct reissuing *reissuing);
/* The new certificate's row: what the original has, but for key, times and state. */
void reissue_fill(struct reissuing *reissuing, enum msg_method method);
/* Inside the transaction.  ERR_KEY_BLOCKED; ERR_CSR_USED (CON-16). */
MUST res reissue_check_pasted_key(struct act *act, struct store_conn *conn, const struct cert_key_row *key);
