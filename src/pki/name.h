/*
 * Distinguished names (RFC 5280 §4.1.2.4): made from parts, read strictly, shown as one line.
 */
#pragma once

#include "base/buf.h"

enum pki_attr {
        PKI_ATTR_C,
        PKI_ATTR_ST,
        PKI_ATTR_L,
        PKI_ATTR_O,
        PKI_ATTR_OU,
        PKI_ATTR_CN,
        PKI_ATTR_SERIAL_NUMBER,
        PKI_ATTR_EMAIL,
        PKI_ATTR_OTHER,
        PKI_ATTR_COUNT
};

struct pki_name_part {
        enum pki_attr attr;
        struct str value; /* UTF-8 */
};

/* Name as DER, parts in this order, one attribute an RDN; C and serialNumber PrintableString, email IA5String, the rest UTF8String. */
void pki_name_write(const struct pki_name_part *parts, size_t count, struct buf *out);
void pki_name_write_cn(struct str common_name, struct buf *out); /* "" = the empty name */
/* Strict form and character checks.  ERR_FORMAT. */
MUST res pki_name_check(struct bytes der);
/* First attribute of this kind, borrowed from the DER: UTF-8 without zero bytes.  ERR_NOT_FOUND; ERR_FORMAT when it is written otherwise. */
MUST res pki_name_find(struct bytes der, enum pki_attr attr, struct str *ret_value);
/* "C=CN, O=Chancery, CN=example.com" (RFC 4514 escapes, order as in the certificate). */
MUST res pki_name_text(struct bytes der, struct buf *out);
