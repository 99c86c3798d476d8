/*
 * Certificates that somebody brings in a parameter: PEM in any order, or DER in base64.  Read strictly, put into order,
 * and whatever is wrong told by the name of the certificate that it is wrong with (UPL-06, UPL-07, CON-19).
 */
#pragma once

#include "core/act.h"
#include "pki/chain.h"

#define CHAIN_READ_MAX 400 /* a bundle of CAs: the browsers' trust stores have about 150 */

struct chain_source {
        const char *field; /* of the request, for the sentences */
        struct str text;
        enum err code;     /* that unreadable text is refused with */
        size_t most;       /* certificates, at most CHAIN_READ_MAX */
};

struct chain_certs {
        const struct pki_cert *v; /* in the order given; everything in act->arena */
        size_t n;
        struct bytes der;         /* all of them, one after another */
        bool is_pem;
};

/* source->code: no certificate in it, one that cannot be read, something else between them, or more than `most`. */
MUST res chain_read(struct act *act, const struct chain_source *source, struct chain_certs *ret_certs);
/* Leaf first.  ERR_CERT_CHAIN: a double, a stray, a gap, two leaves; the missing issuer is named, with its address. */
MUST res chain_arrange(struct act *act, const struct chain_certs *certs, struct pki_chain *ret_chain);
/* Common name and the like, cut, in quotes, for sentences. */
const char *chain_name(struct act *act, struct bytes name_der);
/* ", which is at http://…" when the certificate says where its issuer is to be had, else "". */
const char *chain_issuer_hint(struct act *act, const struct pki_cert *cert);
