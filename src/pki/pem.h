/*
 * PEM, strict (RFC 7468 §3): exact labels, END like BEGIN, base64 without anything else between.
 * Reading takes LF or CRLF, lines of any length up to 76, and text between the blocks only where asked.
 */
#pragma once

#include "base/buf.h"

#define PKI_PEM_CERTIFICATE STR("CERTIFICATE")
#define PKI_PEM_CSR STR("CERTIFICATE REQUEST")
#define PKI_PEM_CRL STR("X509 CRL")
#define PKI_PEM_KEY STR("PRIVATE KEY")
#define PKI_PEM_ENCRYPTED_KEY STR("ENCRYPTED PRIVATE KEY")
#define PKI_PEM_RSA_KEY STR("RSA PRIVATE KEY") /* the older forms */
#define PKI_PEM_EC_KEY STR("EC PRIVATE KEY")

void pki_pem_write(struct str label, struct bytes der, struct buf *out);
/*
 * Read the next block and move *text behind it.  Blanks and empty lines may stand between blocks, nothing else.
 * ret_label borrows from the text; der is appended to out.  ERR_NOT_FOUND at the end, ERR_FORMAT.
 */
MUST res pki_pem_read(struct str *text, struct str *ret_label, struct buf *out);
/*
 * The same for the older encrypted keys (RFC 1421 §4.6.1): header lines "Name: value" may stand before the body, with
 * an empty line after them.  ret_headers borrows them from the text; n = 0: none.
 */
MUST res pki_pem_read_headed(struct str *text, struct str *ret_label, struct str *ret_headers, struct buf *out);
/* One block of this label and nothing else. */
MUST res pki_pem_read_one(struct str text, struct str label, struct buf *out);
/* Nothing but blanks and empty lines is left. */
MUST res pki_pem_end(struct str rest);
/* Base64 alone, as DER travels in JSON: line ends and blanks around lines do not count.  ERR_FORMAT. */
MUST res pki_pem_read_bare(struct str text, struct buf *out);
