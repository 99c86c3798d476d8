/*
 * Distinguished names.  Written names use one string type an attribute and one attribute an RDN; read names may be
 * anything that real certificates carry, and are shown as UTF-8 whatever string type they came in.
 */
#include "pki/name.h"

#include "pki/der.h"

struct attr_row {
        const char *text;
        uint8_t oid[10];
        size_t size;
};

/* The first PKI_ATTR_OTHER rows are those of enum pki_attr, in its order. */
static const struct attr_row attr_rows[] = {
        [PKI_ATTR_C] = {"C", {0x55, 0x04, 0x06}, 3},
        [PKI_ATTR_ST] = {"ST", {0x55, 0x04, 0x08}, 3},
        [PKI_ATTR_L] = {"L", {0x55, 0x04, 0x07}, 3},
        [PKI_ATTR_O] = {"O", {0x55, 0x04, 0x0a}, 3},
        [PKI_ATTR_OU] = {"OU", {0x55, 0x04, 0x0b}, 3},
        [PKI_ATTR_CN] = {"CN", {0x55, 0x04, 0x03}, 3},
        [PKI_ATTR_SERIAL_NUMBER] = {"serialNumber", {0x55, 0x04, 0x05}, 3},
        [PKI_ATTR_EMAIL] = {"emailAddress", {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01}, 9},
        {"SN", {0x55, 0x04, 0x04}, 3},
        {"street", {0x55, 0x04, 0x09}, 3},
        {"title", {0x55, 0x04, 0x0c}, 3},
        {"businessCategory", {0x55, 0x04, 0x0f}, 3},
        {"postalCode", {0x55, 0x04, 0x11}, 3},
        {"GN", {0x55, 0x04, 0x2a}, 3},
        {"organizationIdentifier", {0x55, 0x04, 0x61}, 3},
        {"DC", {0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19}, 10},
};
#define ATTR_ROWS (sizeof(attr_rows) / sizeof(*attr_rows))

/* ---- writing ----------------------------------------------------------------------------------- */

static uint8_t string_tag(enum pki_attr attr)
{
        if (attr == PKI_ATTR_C || attr == PKI_ATTR_SERIAL_NUMBER)
                return DER_PRINTABLE_STRING;
        return attr == PKI_ATTR_EMAIL ? DER_IA5_STRING : DER_UTF8_STRING;
}

static void write_part(const struct pki_name_part *part, struct buf *out)
{
        const struct attr_row *row = &attr_rows[part->attr];
        struct der_mark set = der_open(out, DER_SET), pair = der_open(out, DER_SEQUENCE);

        der_add_oid(out, bytes_of(row->oid, row->size));
        der_add(out, string_tag(part->attr), bytes_of(part->value.p, part->value.n));
        der_close(out, pair);
        der_close(out, set);
}

void pki_name_write(const struct pki_name_part *parts, size_t count, struct buf *out)
{
        struct der_mark name = der_open(out, DER_SEQUENCE);

        for (size_t i = 0; i < count; i++)
                if (parts[i].attr < PKI_ATTR_OTHER && parts[i].value.n > 0)
                        write_part(&parts[i], out);
        der_close(out, name);
}

void pki_name_write_cn(struct str common_name, struct buf *out)
{
        const struct pki_name_part part = {PKI_ATTR_CN, common_name};

        pki_name_write(&part, 1, out);
}

/* ---- reading ----------------------------------------------------------------------------------- */

static bool is_printable(struct bytes text)
{
        for (size_t i = 0; i < text.n; i++) {
                uint8_t c = text.p[i];
                bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

                if (!letter && (c == 0 || !strchr(" '()+,-./:=?*&@_", c))) /* the last four: wrong but common */
                        return false;
        }
        return true;
}

static bool is_ascii(struct bytes text)
{
        for (size_t i = 0; i < text.n; i++)
                if (text.p[i] >= 0x80 || text.p[i] == 0)
                        return false;
        return true;
}

/* A zero byte inside a name once let "bank.example\0.evil.example" pass as the former. */
static bool is_text(struct bytes text)
{
        return (text.n == 0 || !memchr(text.p, 0, text.n)) && str_is_utf8((struct str){(const char *)text.p, text.n});
}

/* Whole characters of `size` bytes each, all of them in Unicode: no halves of pairs, none past its end. */
static bool is_wide_text(struct bytes text, size_t size)
{
        if (text.n % size != 0)
                return false;
        for (size_t i = 0; i < text.n; i += size) {
                uint32_t c = 0;

                for (size_t j = 0; j < size; j++)
                        c = c << 8 | text.p[i + j];
                if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
                        return false;
        }
        return true;
}

static bool string_is_good(const struct der_value *value)
{
        switch (value->tag) {
        case DER_UTF8_STRING:
                return is_text(value->content);
        case DER_PRINTABLE_STRING:
                return is_printable(value->content);
        case DER_IA5_STRING:
        case 0x12: /* NumericString */
                return is_ascii(value->content);
        case DER_BMP_STRING:
                return is_wide_text(value->content, 2);
        case DER_UNIVERSAL_STRING:
                return is_wide_text(value->content, 4);
        default:
                return value->tag == DER_T61_STRING;
        }
}

struct attribute {
        struct bytes oid;
        struct der_value value;
};

static res read_attribute(struct der *set, struct attribute *ret_attribute)
{
        struct der pair;

        TRY(der_enter(set, DER_SEQUENCE, &pair));
        TRY(der_read_oid(&pair, &ret_attribute->oid));
        TRY(der_read(&pair, &ret_attribute->value));
        TRY(der_end(&pair));
        ENSURE(string_is_good(&ret_attribute->value), ERR_FORMAT);
        return RES_OK;
}

res pki_name_check(struct bytes der)
{
        struct der name, set;
        struct attribute attribute;

        TRY(der_enter_all(der, DER_SEQUENCE, &name));
        while (!der_is_end(&name)) {
                TRY(der_enter(&name, DER_SET, &set));
                do {
                        TRY(read_attribute(&set, &attribute));
                } while (!der_is_end(&set));
        }
        return RES_OK;
}

res pki_name_find(struct bytes der, enum pki_attr attr, struct str *ret_value)
{
        struct der name, set;
        struct attribute attribute;

        ENSURE(attr < PKI_ATTR_OTHER, ERR_NOT_FOUND);
        TRY(der_enter_all(der, DER_SEQUENCE, &name));
        while (!der_is_end(&name)) {
                TRY(der_enter(&name, DER_SET, &set));
                do {
                        TRY(read_attribute(&set, &attribute));
                        if (!der_oid_equal(attribute.oid, bytes_of(attr_rows[attr].oid, attr_rows[attr].size)))
                                continue;
                        ENSURE(is_text(attribute.value.content) && attribute.value.tag != DER_BMP_STRING, ERR_FORMAT);
                        *ret_value = (struct str){(const char *)attribute.value.content.p, attribute.value.content.n};
                        return RES_OK;
                } while (!der_is_end(&set));
        }
        return FAIL(ERR_NOT_FOUND);
}

/* ---- showing ----------------------------------------------------------------------------------- */

static void show_type(struct bytes oid, struct buf *out)
{
        for (size_t i = 0; i < ATTR_ROWS; i++)
                if (attr_rows[i].text && der_oid_equal(oid, bytes_of(attr_rows[i].oid, attr_rows[i].size))) {
                        buf_add_text(out, attr_rows[i].text);
                        return;
                }
        if (!res_is_ok(der_oid_text(oid, out)))
                buf_add_text(out, "?");
}

static void add_utf8(struct buf *out, uint32_t c)
{
        if (c < 0x80) {
                buf_add_byte(out, (uint8_t)c);
        } else if (c < 0x800) {
                buf_add_byte(out, (uint8_t)(0xc0 | c >> 6));
                buf_add_byte(out, (uint8_t)(0x80 | (c & 0x3f)));
        } else {
                buf_add_byte(out, (uint8_t)(0xe0 | c >> 12));
                buf_add_byte(out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
                buf_add_byte(out, (uint8_t)(0x80 | (c & 0x3f)));
        }
}

/* One character, escaped as RFC 4514 §2.4 asks; control characters by number. */
static void show_char(struct buf *out, uint32_t c, bool at_edge)
{
        if (c < 0x20 || c == 0x7f) {
                buf_printf(out, "\\%02X", (unsigned)c);
                return;
        }
        if ((c < 0x80 && strchr(",+\"\\<>;", (int)c)) || (at_edge && (c == ' ' || c == '#')))
                buf_add_byte(out, '\\');
        add_utf8(out, c);
}

static void show_octets(struct bytes text, struct buf *out)
{
        buf_add_byte(out, '#');
        for (size_t i = 0; i < text.n; i++)
                buf_printf(out, "%02X", text.p[i]);
}

static void show_value(const struct der_value *value, struct buf *out)
{
        struct bytes text = value->content;

        if (value->tag == DER_BMP_STRING) {
                for (size_t i = 0; i + 1 < text.n; i += 2)
                        show_char(out, (uint32_t)text.p[i] << 8 | text.p[i + 1], i == 0 || i + 2 == text.n);
                return;
        }
        if (value->tag == DER_UNIVERSAL_STRING) {
                show_octets(value->whole, out);
                return;
        }
        for (size_t i = 0; i < text.n; i++) {
                if (value->tag == DER_UTF8_STRING && text.p[i] >= 0x80)
                        buf_add_byte(out, text.p[i]);
                else
                        show_char(out, text.p[i], i == 0 || i + 1 == text.n);
        }
}

static res show_set(struct der *set, struct buf *out)
{
        struct attribute attribute;
        const char *separator = "";

        do {
                TRY(read_attribute(set, &attribute));
                buf_add_text(out, separator);
                show_type(attribute.oid, out);
                buf_add_byte(out, '=');
                show_value(&attribute.value, out);
                separator = "+";
        } while (!der_is_end(set));
        return RES_OK;
}

res pki_name_text(struct bytes der, struct buf *out)
{
        struct der name, set;
        const char *separator = "";

        TRY(der_enter_all(der, DER_SEQUENCE, &name));
        while (!der_is_end(&name)) {
                TRY(der_enter(&name, DER_SET, &set));
                buf_add_text(out, separator);
                TRY(show_set(&set, out));
                separator = ", ";
        }
        return buf_check(out);
}
