/*
 * DER, both ways.  The reader is a cursor over borrowed bytes that takes only the one right encoding of each
 * value (X.690 §10, §11): definite and shortest lengths, shortest integers, TRUE = 0xff, no unused bits left set.
 * The writer appends to a buf; a constructed value is opened, filled and closed, and closing puts the length in.
 *
 * der_ is the vocabulary of this room and keeps its short prefix; everything else here is called pki_<file>_.
 */
#pragma once

#include "base/buf.h"
#include "base/res.h"
#include "base/str.h"

enum der_tag {
        DER_BOOLEAN = 0x01,
        DER_INTEGER = 0x02,
        DER_BIT_STRING = 0x03,
        DER_OCTET_STRING = 0x04,
        DER_NULL = 0x05,
        DER_OID = 0x06,
        DER_ENUMERATED = 0x0a,
        DER_UTF8_STRING = 0x0c,
        DER_PRINTABLE_STRING = 0x13,
        DER_T61_STRING = 0x14,
        DER_IA5_STRING = 0x16,
        DER_UTC_TIME = 0x17,
        DER_GENERALIZED_TIME = 0x18,
        DER_UNIVERSAL_STRING = 0x1c,
        DER_BMP_STRING = 0x1e,
        DER_SEQUENCE = 0x30,
        DER_SET = 0x31,
};
#define DER_CONTEXT(n) (0x80 | (n))             /* [n] IMPLICIT, primitive */
#define DER_CONTEXT_CONSTRUCTED(n) (0xa0 | (n)) /* [n] EXPLICIT, or IMPLICIT over a constructed type */

/* ---- reader: every failure is ERR_FORMAT and leaves the cursor where it was ------------------- */

struct der {
        const uint8_t *p, *end;
};

struct der_value {
        uint8_t tag;
        struct bytes content; /* without the head */
        struct bytes whole;   /* with the head */
};

static inline struct der der_of(struct bytes in)
{
        return (struct der){in.p, in.p + in.n};
}
static inline bool der_is_end(const struct der *in)
{
        return in->p == in->end;
}
static inline bool der_next_is(const struct der *in, uint8_t tag)
{
        return in->p != in->end && *in->p == tag;
}
MUST res der_end(const struct der *in);                         /* nothing may follow */
MUST res der_read(struct der *in, struct der_value *ret_value); /* tags of one byte, lengths below 2^32 */
MUST res der_read_tag(struct der *in, uint8_t tag, struct der_value *ret_value);
MUST res der_enter(struct der *in, uint8_t tag, struct der *ret_inner);      /* step over it, cursor on its content */
MUST res der_enter_all(struct bytes in, uint8_t tag, struct der *ret_inner); /* `in` is this value and nothing else */
MUST res der_read_bool(struct der *in, bool *ret_value);
MUST res der_read_null(struct der *in);
MUST res der_read_unsigned(struct der *in,
                           struct bytes *ret_magnitude);          /* INTEGER >= 0, no leading zero; 0 = one zero byte */
MUST res der_read_small(struct der *in, uint64_t *ret_value);     /* INTEGER 0 … 2^63-1 */
MUST res der_read_oid(struct der *in, struct bytes *ret_oid);     /* content octets, checked */
MUST res der_read_bits(struct der *in, struct bytes *ret_octets); /* BIT STRING of whole octets */
MUST res der_read_named_bits(
        struct der *in, uint32_t *ret_bits); /* bit 0 = 1u << 0; no trailing zero bits (X.690 §11.2.2); at most 32 */
MUST res der_check_bits(struct bytes content); /* of a BIT STRING under a tag of its own: [n] IMPLICIT */
/* The same with zero bits at the end: roots in every trust store have them. */
MUST res der_read_bit_flags(struct der *in, uint32_t *ret_bits);
MUST res der_read_time(struct der *in,
                       int64_t *ret_sec); /* UTCTime up to 2049, GeneralizedTime from 2050 (RFC 5280 §4.1.2.5) */
MUST res der_read_generalized_time(struct der *in, int64_t *ret_sec); /* any year, no fraction (RFC 6960 §4.2.2.1) */
/* Step over a value of any type, looking into it as far as its type tells its form; at most 8 levels deep. */
MUST res der_skip(struct der *in);
bool der_oid_equal(struct bytes oid, struct bytes other);
/* "2.23.140.1.2.1" of content octets; ERR_FORMAT. */
MUST res der_oid_text(struct bytes oid, struct buf *out);

/* ---- writer: never fails by itself; buf_check() tells at the end ------------------------------ */

struct der_mark {
        size_t at;
};

struct der_mark der_open(struct buf *out, uint8_t tag);
void der_close(struct buf *out, struct der_mark mark);
void der_add(struct buf *out, uint8_t tag, struct bytes content); /* primitive value */
void der_add_bool(struct buf *out, bool value);
void der_add_small(struct buf *out, uint64_t value);
void der_add_unsigned(struct buf *out, struct bytes magnitude); /* leading zeros dropped, sign octet added */
void der_add_oid(struct buf *out, struct bytes oid);            /* content octets */
void der_add_null(struct buf *out);
void der_add_bits(struct buf *out, struct bytes octets); /* no unused bits */
void der_add_named_bits(struct buf *out, uint32_t bits);
void der_add_time(struct buf *out, int64_t sec); /* UTCTime to 2049, then GeneralizedTime; years 0–9999 */
void der_add_generalized_time(struct buf *out, int64_t sec);
/* Content octets of a dotted text; ERR_FORMAT. */
MUST res der_oid_parse(struct str dotted, struct buf *out);
/* How many bytes a value's head takes (tag and length), for those who write from the inside out. */
size_t der_head_size(size_t content_size);
/* Write the head into p, which has der_head_size(content_size) bytes; returns that. */
size_t der_put_head(uint8_t *p, uint8_t tag, size_t content_size);
