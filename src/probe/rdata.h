/*
 * Readers of DNS record data: TXT, CAA and the type bitmaps of NSEC and NSEC3.  The bytes come from strangers
 * and have passed libunbound's packet parser only, so every length is checked again.  Pure.
 */
#pragma once

#include "base/buf.h"
#include "base/res.h"
#include "base/str.h"

/* All character-strings of one TXT record joined (RFC 1035 §3.3.14, RFC 7208 §3.3).  ERR_FORMAT. */
MUST res rdata_txt(struct bytes rdata, struct buf *out);

struct rdata_caa { /* RFC 8659 §4.1; borrows from the rdata */
        bool critical;
        struct str tag, value;
};
/* ERR_FORMAT: no tag, a tag longer than the data or with other than letters and digits. */
MUST res rdata_caa(struct bytes rdata, struct rdata_caa *ret_caa);

/* The value of an issue or issuewild property (RFC 8659 §4.2) with the parameters of RFC 8657; borrows. */
struct rdata_caa_issue {
        struct str issuer;             /* "" = nobody */
        struct str account_uri;        /* p NULL = not given */
        struct str validation_methods; /* p NULL = not given */
};
/* ERR_FORMAT: not of the grammar, or one of the two parameters twice: such a property names nobody. */
MUST res rdata_caa_issue(struct str value, struct rdata_caa_issue *ret_issue);

/* Is `type` in the bitmap of RFC 4034 §4.1.2?  A malformed bitmap holds nothing. */
bool rdata_bitmap_has(struct bytes bitmap, unsigned type);
/* The bitmap inside NSEC data (after the next name, uncompressed) or NSEC3 data (RFC 5155 §3.2).  ERR_FORMAT. */
MUST res rdata_nsec_bitmap(struct bytes rdata, struct bytes *ret_bitmap);
MUST res rdata_nsec3_bitmap(struct bytes rdata, struct bytes *ret_bitmap);
