/* What the steps of an upload hand to each other; inside core only. */
#pragma once

#include "core/chain_read.h"
#include "core/upload.h"
#include "store/key.h"
#include "store/upload.h"

#define UPLOAD_CHAIN_BYTES (128 * 1024) /* ten certificates with the largest keys in use are under 40 KB in PEM */

struct upload {
        struct act *act;
        const struct certificate_upload *in;
        bool is_bundle;              /* CertificateType CA */
        struct chain_certs certs;    /* as they came */
        struct pki_chain chain;      /* sorted; of a bundle empty */
        const struct pki_cert *first; /* the leaf, or the first of a bundle */
        struct cert_key_row key;     /* key_id 0 = none */
        struct bytes key_text;       /* sealed */
        struct certificate_row row;
        struct upload_row bytes;
        const char *repeat_id;       /* found while storing */
};

/* Certificates: form, order, completeness, proof.  Fills certs, chain, first. */
MUST res upload_read(struct upload *upload);
/* The private key by way of the key maker, and does it belong to the certificate?  Fills key, key_text. */
MUST res upload_take_key(struct upload *upload);
/* What lists show of it: names, dates, issuer, algorithm.  Fills row and bytes but for their ids. */
void upload_describe(struct upload *upload);
/* All three. */
MUST res upload_prepare(struct upload *upload);
/* Inside a transaction: what the latest exchange took the place of is no longer wanted; its key is wiped.  None is fine. */
MUST res upload_forget_before(struct act *act, struct store_tx *tx, struct str certificate_id);
