/* Extensions (RFC 5280 §4.2), walked one by one.  Private to this room. */
#pragma once

#include "pki/der.h"

struct extension {
        struct bytes oid, value; /* value: content of the OCTET STRING */
        bool is_critical;
};

/* The next Extension of a SEQUENCE OF; a written-out "critical FALSE", which some old CAs left, is taken. */
MUST res pki_extension_read(struct der *in, struct extension *ret_extension);
/* The number n of 2.5.29.n, or 0. */
unsigned pki_extension_id_ce(struct bytes oid);
/* Two extensions of one kind are one too many (RFC 5280 §4.2). */
MUST res pki_extension_check_unique(struct bytes list);

/* Enter [n] EXPLICIT Extensions, tag being the [n]: none comes twice, and nothing stands beside the list. */
MUST res pki_extension_enter(struct der *in, uint8_t tag, struct der *ret_list);

enum extension_id { /* 2.5.29.n */
                    EXT_SUBJECT_KEY_ID = 14,
                    EXT_KEY_USAGE = 15,
                    EXT_SAN = 17,
                    EXT_BASIC_CONSTRAINTS = 19,
                    EXT_CRL_POINTS = 31,
                    EXT_POLICIES = 32,
                    EXT_AUTHORITY_KEY_ID = 35,
                    EXT_EXTENDED_KEY_USAGE = 37,
};
