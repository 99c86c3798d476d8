/* What a foreign certificate tells about itself beyond what decides: shown to people, never judged by. */
#pragma once

#include "pki/cert.h"

/* DV, OV, EV by the CA/Browser Forum's policy ids; without one: OV with an organisation in the subject, else DV. */
const char *pki_cert_level(const struct pki_cert *cert);
/* Where the issuer's certificate is to be had (RFC 5280 §4.2.2.1): the first http address; borrowed.  ERR_NOT_FOUND. */
MUST res pki_cert_issuer_url(const struct pki_cert *cert, struct str *ret_url);
/* Common name, else organisation, else the whole name on one line; control characters never.  Appended. */
MUST res pki_cert_subject_text(struct bytes name_der, struct buf *out);
