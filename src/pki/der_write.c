/*
 * The writing half of DER.  A constructed value is opened with room for a one-byte length; closing puts the length in
 * and, for content over 127 bytes, moves the content up by the one to four bytes that a longer length takes.  Certificates
 * are a kilobyte or two, so the moves cost less than computing every length beforehand would cost in code.
 */
#include "pki/der.h"

#include "pki/der_time.h"

size_t der_head_size(size_t content_size)
{
        size_t size = 2;

        if (content_size < 0x80)
                return size;
        for (size_t rest = content_size; rest > 0; rest >>= 8)
                size++;
        return size;
}

size_t der_put_head(uint8_t *p, uint8_t tag, size_t content_size)
{
        size_t head = der_head_size(content_size);

        p[0] = tag;
        if (head == 2) {
                p[1] = (uint8_t)content_size;
                return head;
        }
        p[1] = (uint8_t)(0x80 | (head - 2));
        for (size_t i = head; i-- > 2; content_size >>= 8)
                p[i] = (uint8_t)content_size;
        return head;
}

struct der_mark der_open(struct buf *out, uint8_t tag)
{
        struct der_mark mark = {out->n};

        buf_add_byte(out, tag);
        buf_add_byte(out, 0);
        return mark;
}

void der_close(struct buf *out, struct der_mark mark)
{
        size_t content, head;

        if (out->failed)
                return;
        content = out->n - mark.at - 2;
        head = der_head_size(content);
        if (head > 2) {
                if (!buf_grow(out, head - 2))
                        return;
                memmove(out->p + mark.at + head, out->p + mark.at + 2, content);
        }
        der_put_head(out->p + mark.at, out->p[mark.at], content);
}

void der_add(struct buf *out, uint8_t tag, struct bytes content)
{
        size_t head = der_head_size(content.n);
        uint8_t *p = buf_grow(out, head + content.n);

        if (!p)
                return;
        der_put_head(p, tag, content.n);
        if (content.n > 0)
                memcpy(p + head, content.p, content.n);
}

void der_add_bool(struct buf *out, bool value)
{
        der_add(out, DER_BOOLEAN, bytes_of(value ? "\xff" : "\0", 1));
}

void der_add_unsigned(struct buf *out, struct bytes magnitude)
{
        static const uint8_t zero = 0;
        bool sign_octet;
        uint8_t *p;
        size_t head;

        while (magnitude.n > 0 && magnitude.p[0] == 0) {
                magnitude.p++;
                magnitude.n--;
        }
        if (magnitude.n == 0)
                magnitude = bytes_of(&zero, 1);
        sign_octet = (magnitude.p[0] & 0x80) != 0;
        head = der_head_size(magnitude.n + sign_octet);
        p = buf_grow(out, head + magnitude.n + sign_octet);
        if (!p)
                return;
        der_put_head(p, DER_INTEGER, magnitude.n + sign_octet);
        p[head] = 0;
        memcpy(p + head + sign_octet, magnitude.p, magnitude.n);
}

void der_add_small(struct buf *out, uint64_t value)
{
        uint8_t octets[8];

        for (size_t i = sizeof(octets); i-- > 0; value >>= 8)
                octets[i] = (uint8_t)value;
        der_add_unsigned(out, bytes_of(octets, sizeof(octets)));
}

void der_add_oid(struct buf *out, struct bytes oid)
{
        der_add(out, DER_OID, oid);
}

void der_add_null(struct buf *out)
{
        der_add(out, DER_NULL, bytes_of(NULL, 0));
}

void der_add_bits(struct buf *out, struct bytes octets)
{
        size_t head = der_head_size(octets.n + 1);
        uint8_t *p = buf_grow(out, head + octets.n + 1);

        if (!p)
                return;
        der_put_head(p, DER_BIT_STRING, octets.n + 1);
        p[head] = 0;
        if (octets.n > 0)
                memcpy(p + head + 1, octets.p, octets.n);
}

/* Bit 0 is the top bit of the first octet; zero bits at the end are not written (X.690 §11.2.2). */
void der_add_named_bits(struct buf *out, uint32_t bits)
{
        uint8_t content[5] = {0};
        unsigned highest = 0;

        for (unsigned i = 0; i < 32; i++) {
                if (!(bits >> i & 1u))
                        continue;
                content[1 + i / 8] |= (uint8_t)(0x80u >> i % 8);
                highest = i;
        }
        content[0] = bits ? (uint8_t)(7 - highest % 8) : 0;
        der_add(out, DER_BIT_STRING, bytes_of(content, bits ? 2 + highest / 8 : 1));
}

static char *put_digits(char *p, int value, int digits)
{
        for (int i = digits; i-- > 0; value /= 10)
                p[i] = (char)('0' + value % 10);
        return p + digits;
}

static void add_time(struct buf *out, uint8_t tag, const struct der_date *date)
{
        char text[16], *p = text;

        p = tag == DER_UTC_TIME ? put_digits(p, date->year % 100, 2) : put_digits(p, date->year, 4);
        p = put_digits(p, date->month, 2);
        p = put_digits(p, date->day, 2);
        p = put_digits(p, date->hour, 2);
        p = put_digits(p, date->minute, 2);
        p = put_digits(p, date->second, 2);
        *p++ = 'Z';
        der_add(out, tag, bytes_of(text, (size_t)(p - text)));
}

void der_add_time(struct buf *out, int64_t sec)
{
        struct der_date date;

        if (!der_date_of(sec, &date)) {
                out->failed = true;
                return;
        }
        add_time(out, date.year >= 1950 && date.year <= 2049 ? DER_UTC_TIME : DER_GENERALIZED_TIME, &date);
}

void der_add_generalized_time(struct buf *out, int64_t sec)
{
        struct der_date date;

        if (!der_date_of(sec, &date)) {
                out->failed = true;
                return;
        }
        add_time(out, DER_GENERALIZED_TIME, &date);
}

static bool parse_arc(struct str *rest, uint32_t *ret_arc)
{
        struct str part = str_cut(rest, '.');
        int64_t value = 0;

        if (part.n == 0 || (part.n > 1 && part.p[0] == '0') || !res_is_ok(str_to_int64(part, &value)) ||
            value > UINT32_MAX)
                return false;
        *ret_arc = (uint32_t)value;
        return true;
}

static void add_base128(struct buf *out, uint64_t value)
{
        int shift = 63;

        while (shift > 0 && value >> shift == 0)
                shift -= 7;
        for (; shift > 0; shift -= 7)
                buf_add_byte(out, (uint8_t)(0x80 | (value >> shift & 0x7f)));
        buf_add_byte(out, (uint8_t)(value & 0x7f));
}

res der_oid_parse(struct str dotted, struct buf *out)
{
        struct str rest = dotted;
        uint32_t first = 0, second = 0, arc = 0;

        ENSURE(parse_arc(&rest, &first) && rest.p && parse_arc(&rest, &second), ERR_FORMAT);
        ENSURE(first <= 2 && (first == 2 || second < 40), ERR_FORMAT);
        add_base128(out, (uint64_t)first * 40 + second);
        while (rest.p) {
                ENSURE(parse_arc(&rest, &arc), ERR_FORMAT);
                add_base128(out, arc);
        }
        return buf_check(out);
}
