/*
 * The reading half of DER.  One function cuts the next value off; all others are that and a check of the content,
 * each accepting exactly one encoding of a value.  The cursor moves only when everything fitted.
 */
#include "pki/der.h"

#include "pki/der_time.h"

res der_end(const struct der *in)
{
        ENSURE(in->p == in->end, ERR_FORMAT);
        return RES_OK;
}

/* Length octets (X.690 §10.1): the shortest form, definite. */
static res read_length(const uint8_t **p, const uint8_t *end, size_t *ret_length)
{
        size_t count, length = 0;

        ENSURE(*p < end, ERR_FORMAT);
        length = *(*p)++;
        if (length < 0x80) {
                *ret_length = length;
                return RES_OK;
        }
        count = length & 0x7f;
        ENSURE(count >= 1 && count <= 4 && (size_t)(end - *p) >= count && **p != 0, ERR_FORMAT);
        length = 0;
        for (size_t i = 0; i < count; i++)
                length = length << 8 | *(*p)++;
        ENSURE(length >= 0x80, ERR_FORMAT);
        *ret_length = length;
        return RES_OK;
}

/*
 * Of the universal types only SEQUENCE and SET are constructed; strings in pieces are BER (X.690 §10.2).  EXTERNAL and
 * EMBEDDED PDV would be too, but nothing in X.509 uses them, and OpenSSL reads into them as if they were strings.
 */
static bool tag_is_good(uint8_t tag)
{
        uint8_t number = tag & 0x1f;
        bool is_constructed = (tag & 0x20) != 0;

        if (number == 0x1f) /* no tag of X.509 needs the long form */
                return false;
        if ((tag & 0xc0) != 0)
                return true;
        return number != 0 && number != 8 && number != 11 && is_constructed == (number == 16 || number == 17);
}

res der_read(struct der *in, struct der_value *ret_value)
{
        const uint8_t *p = in->p;
        size_t length = 0;
        uint8_t tag;

        ENSURE(p && p < in->end, ERR_FORMAT);
        tag = *p++;
        ENSURE(tag_is_good(tag), ERR_FORMAT);
        TRY(read_length(&p, in->end, &length));
        ENSURE((size_t)(in->end - p) >= length, ERR_FORMAT);
        *ret_value = (struct der_value){tag, {p, length}, {in->p, (size_t)(p - in->p) + length}};
        in->p = p + length;
        return RES_OK;
}

res der_read_tag(struct der *in, uint8_t tag, struct der_value *ret_value)
{
        ENSURE(der_next_is(in, tag), ERR_FORMAT);
        return der_read(in, ret_value);
}

res der_enter(struct der *in, uint8_t tag, struct der *ret_inner)
{
        struct der_value value;

        TRY(der_read_tag(in, tag, &value));
        *ret_inner = der_of(value.content);
        return RES_OK;
}

res der_enter_all(struct bytes in, uint8_t tag, struct der *ret_inner)
{
        struct der outer = der_of(in), inner;

        TRY(der_enter(&outer, tag, &inner));
        TRY(der_end(&outer));
        *ret_inner = inner;
        return RES_OK;
}

/* Move the cursor only now that the value turned out to be good. */
static res accept(struct der *in, const struct der *after)
{
        *in = *after;
        return RES_OK;
}

res der_read_bool(struct der *in, bool *ret_value)
{
        struct der at = *in;
        struct der_value value;

        TRY(der_read_tag(&at, DER_BOOLEAN, &value));
        ENSURE(value.content.n == 1 && (value.content.p[0] == 0 || value.content.p[0] == 0xff), ERR_FORMAT);
        *ret_value = value.content.p[0] != 0;
        return accept(in, &at);
}

res der_read_null(struct der *in)
{
        struct der at = *in;
        struct der_value value;

        TRY(der_read_tag(&at, DER_NULL, &value));
        ENSURE(value.content.n == 0, ERR_FORMAT);
        return accept(in, &at);
}

res der_read_unsigned(struct der *in, struct bytes *ret_magnitude)
{
        struct der at = *in;
        struct der_value value;
        struct bytes content;

        TRY(der_read_tag(&at, DER_INTEGER, &value));
        content = value.content;
        ENSURE(content.n > 0 && !(content.p[0] & 0x80), ERR_FORMAT);
        if (content.n > 1 && content.p[0] == 0) {
                ENSURE(content.p[1] & 0x80, ERR_FORMAT); /* the zero octet was not needed */
                content = bytes_of(content.p + 1, content.n - 1);
        }
        *ret_magnitude = content;
        return accept(in, &at);
}

res der_read_small(struct der *in, uint64_t *ret_value)
{
        struct der at = *in;
        struct bytes magnitude;
        uint64_t number = 0;

        TRY(der_read_unsigned(&at, &magnitude));
        ENSURE(magnitude.n < 8 || (magnitude.n == 8 && !(magnitude.p[0] & 0x80)), ERR_FORMAT);
        for (size_t i = 0; i < magnitude.n; i++)
                number = number << 8 | magnitude.p[i];
        *ret_value = number;
        return accept(in, &at);
}

/* Each arc in base 128, shortest (X.690 §8.19.2), and no arc above 2^56. */
static bool oid_is_good(struct bytes oid)
{
        size_t arc_bytes = 0;

        if (oid.n == 0 || oid.n > 64 || (oid.p[oid.n - 1] & 0x80))
                return false;
        for (size_t i = 0; i < oid.n; i++) {
                if (arc_bytes == 0 && oid.p[i] == 0x80)
                        return false;
                if (++arc_bytes > 8)
                        return false;
                if (!(oid.p[i] & 0x80))
                        arc_bytes = 0;
        }
        return true;
}

res der_read_oid(struct der *in, struct bytes *ret_oid)
{
        struct der at = *in;
        struct der_value value;

        TRY(der_read_tag(&at, DER_OID, &value));
        ENSURE(oid_is_good(value.content), ERR_FORMAT);
        *ret_oid = value.content;
        return accept(in, &at);
}

bool der_oid_equal(struct bytes oid, struct bytes other)
{
        return oid.n == other.n && memcmp(oid.p, other.p, oid.n) == 0;
}

res der_oid_text(struct bytes oid, struct buf *out)
{
        uint64_t arc = 0;
        bool first = true;

        ENSURE(oid_is_good(oid), ERR_FORMAT);
        for (size_t i = 0; i < oid.n; i++) {
                arc = arc << 7 | (oid.p[i] & 0x7f);
                if (oid.p[i] & 0x80)
                        continue;
                if (first) {
                        unsigned root = arc < 80 ? (unsigned)(arc / 40) : 2;
                        buf_printf(out, "%u.%llu", root, (unsigned long long)(arc - root * 40));
                } else {
                        buf_printf(out, ".%llu", (unsigned long long)arc);
                }
                first = false;
                arc = 0;
        }
        return buf_check(out);
}

res der_read_bits(struct der *in, struct bytes *ret_octets)
{
        struct der at = *in;
        struct der_value value;

        TRY(der_read_tag(&at, DER_BIT_STRING, &value));
        ENSURE(value.content.n >= 1 && value.content.p[0] == 0, ERR_FORMAT);
        *ret_octets = bytes_of(value.content.p + 1, value.content.n - 1);
        return accept(in, &at);
}

/* Unused bits are zero, everywhere; that the last one used is set is what DER asks of named bits alone. */
static res check_bits(struct bytes content, bool named)
{
        uint8_t unused, last;

        ENSURE(content.n >= 1 && content.n <= 5, ERR_FORMAT);
        unused = content.p[0];
        if (content.n == 1) {
                ENSURE(unused == 0, ERR_FORMAT);
                return RES_OK;
        }
        last = content.p[content.n - 1];
        ENSURE(unused <= 7, ERR_FORMAT);
        ENSURE((last & ((1u << unused) - 1)) == 0 && (!named || (last >> unused & 1u)), ERR_FORMAT);
        return RES_OK;
}

static res read_flags(struct der *in, bool named, uint32_t *ret_bits)
{
        struct der at = *in;
        struct der_value value;
        uint32_t bits = 0;

        TRY(der_read_tag(&at, DER_BIT_STRING, &value));
        TRY(check_bits(value.content, named));
        for (size_t i = 0; i + 1 < value.content.n; i++)
                for (unsigned bit = 0; bit < 8; bit++)
                        if (value.content.p[i + 1] & 0x80u >> bit)
                                bits |= 1u << (i * 8 + bit);
        *ret_bits = bits;
        return accept(in, &at);
}

res der_read_named_bits(struct der *in, uint32_t *ret_bits)
{
        return read_flags(in, /* named= */ true, ret_bits);
}

res der_read_bit_flags(struct der *in, uint32_t *ret_bits)
{
        return read_flags(in, /* named= */ false, ret_bits);
}

static bool two_digits(const uint8_t *p, int *ret_value)
{
        if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
                return false;
        *ret_value = (p[0] - '0') * 10 + (p[1] - '0');
        return true;
}

/* MMDDHHMMSSZ; the year is known by the caller. */
static res read_date_rest(const uint8_t *p, struct der_date *date, int64_t *ret_sec)
{
        ENSURE(two_digits(p, &date->month) && two_digits(p + 2, &date->day) && two_digits(p + 4, &date->hour),
               ERR_FORMAT);
        ENSURE(two_digits(p + 6, &date->minute) && two_digits(p + 8, &date->second) && p[10] == 'Z', ERR_FORMAT);
        ENSURE(der_date_to_sec(date, ret_sec), ERR_FORMAT);
        return RES_OK;
}

static res read_utc_time(struct der *in, int64_t *ret_sec)
{
        struct der at = *in;
        struct der_value value;
        struct der_date date = {0};
        int64_t sec = 0;

        TRY(der_read_tag(&at, DER_UTC_TIME, &value));
        ENSURE(value.content.n == 13 && two_digits(value.content.p, &date.year), ERR_FORMAT);
        date.year += date.year < 50 ? 2000 : 1900;
        TRY(read_date_rest(value.content.p + 2, &date, &sec));
        *ret_sec = sec;
        return accept(in, &at);
}

res der_read_generalized_time(struct der *in, int64_t *ret_sec)
{
        struct der at = *in;
        struct der_value value;
        struct der_date date = {0};
        int century = 0;
        int64_t sec = 0;

        TRY(der_read_tag(&at, DER_GENERALIZED_TIME, &value));
        ENSURE(value.content.n == 15 && two_digits(value.content.p, &century) &&
                       two_digits(value.content.p + 2, &date.year),
               ERR_FORMAT);
        date.year += century * 100;
        TRY(read_date_rest(value.content.p + 4, &date, &sec));
        *ret_sec = sec;
        return accept(in, &at);
}

res der_read_time(struct der *in, int64_t *ret_sec)
{
        struct der at = *in;
        struct der_date date;
        int64_t sec = 0;

        if (der_next_is(in, DER_UTC_TIME))
                return read_utc_time(in, ret_sec);
        TRY(der_read_generalized_time(&at, &sec));
        ENSURE(der_date_of(sec, &date) && (date.year < 1950 || date.year > 2049), ERR_FORMAT);
        *ret_sec = sec;
        return accept(in, &at);
}

/* ---- values of any type ------------------------------------------------------------------------ */

static res skip_deep(struct der *in, int levels);

static res check_inner(struct bytes content, int levels)
{
        struct der inner = der_of(content);

        ENSURE(levels > 0, ERR_FORMAT);
        while (!der_is_end(&inner))
                TRY(skip_deep(&inner, levels - 1));
        return RES_OK;
}

static res check_integer(struct bytes content)
{
        ENSURE(content.n > 0, ERR_FORMAT);
        ENSURE(content.n == 1 || content.p[0] != 0 || (content.p[1] & 0x80), ERR_FORMAT);
        ENSURE(content.n == 1 || content.p[0] != 0xff || !(content.p[1] & 0x80), ERR_FORMAT);
        return RES_OK;
}

res der_check_bits(struct bytes content)
{
        ENSURE(content.n >= 1 && content.p[0] <= 7 && (content.n > 1 || content.p[0] == 0), ERR_FORMAT);
        ENSURE(content.n == 1 || (content.p[content.n - 1] & ((1u << content.p[0]) - 1)) == 0, ERR_FORMAT);
        return RES_OK;
}

static res skip_deep(struct der *in, int levels)
{
        struct der at = *in;
        struct der_value value;
        struct bytes oid;
        bool flag;

        TRY(der_read(&at, &value));
        switch (value.tag) {
        case DER_BOOLEAN:
                return der_read_bool(in, &flag);
        case DER_NULL:
                return der_read_null(in);
        case DER_OID:
                return der_read_oid(in, &oid);
        case DER_INTEGER:
        case DER_ENUMERATED:
                TRY(check_integer(value.content));
                break;
        case DER_BIT_STRING:
                TRY(der_check_bits(value.content));
                break;
        case DER_BMP_STRING:
                ENSURE(value.content.n % 2 == 0, ERR_FORMAT);
                break;
        case DER_UNIVERSAL_STRING:
                ENSURE(value.content.n % 4 == 0, ERR_FORMAT);
                break;
        case DER_SEQUENCE:
        case DER_SET:
                TRY(check_inner(value.content, levels));
                break;
        default:
                break;
        }
        return accept(in, &at);
}

res der_skip(struct der *in)
{
        return skip_deep(in, 8);
}
