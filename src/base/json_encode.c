/*
 * Encoding goes straight from the struct into the buffer.  Text is copied in runs: only a quote, a backslash, a control
 * byte or a byte that is not UTF-8 interrupts a run, so an ordinary value is one memcpy.
 */
#include "base/json.h"

/* 1 = cannot stand as it is; 2 = begins a character of several bytes. */
static unsigned json_class(uint8_t c)
{
        if (c >= 0x80)
                return 2;
        return c < 0x20 || c == '"' || c == '\\';
}

static void json_encode_odd(struct buf *out, uint8_t c)
{
        static const char digits[] = "0123456789abcdef";
        static const char shorts[0x20] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};

        buf_add_byte(out, '\\');
        if (c == '"' || c == '\\') {
                buf_add_byte(out, c);
        } else if (shorts[c]) {
                buf_add_byte(out, (uint8_t)shorts[c]);
        } else {
                buf_add(out, "u00", 3);
                buf_add_byte(out, (uint8_t)digits[c >> 4]);
                buf_add_byte(out, (uint8_t)digits[c & 15]);
        }
}

/* Escaped text without the quotes. */
static void json_encode_text(struct buf *out, struct str text)
{
        const uint8_t *const p = (const uint8_t *)text.p;
        size_t from = 0, at = 0;

        while (at < text.n) {
                const unsigned class = json_class(p[at]);
                const size_t size = class == 2 ? str_utf8_size((struct str){text.p + at, text.n - at}) : 1;

                if (class != 1 && size) {
                        at += size;
                        continue;
                }
                buf_add(out, p + from, at - from);
                if (class == 1)
                        json_encode_odd(out, p[at]);
                else
                        buf_add(out, "\xEF\xBF\xBD", 3); /* U+FFFD: an answer is valid UTF-8 whatever the store held */
                from = ++at;
        }
        buf_add(out, p + from, at - from);
}

void json_encode_str(struct buf *out, struct str text)
{
        buf_add_byte(out, '"');
        if (text.n)
                json_encode_text(out, text);
        buf_add_byte(out, '"');
}

static void json_encode_int(struct buf *out, int64_t v)
{
        char digits[20];
        size_t at = sizeof(digits);
        uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

        do {
                digits[--at] = (char)('0' + rest % 10);
                rest /= 10;
        } while (rest);
        if (v < 0)
                buf_add_byte(out, '-');
        buf_add(out, digits + at, sizeof(digits) - at);
}

static void json_encode_strs(struct buf *out, const struct strs *list)
{
        buf_add_byte(out, '[');
        for (size_t i = 0; i < list->n; i++) {
                if (i)
                        buf_add_byte(out, ',');
                json_encode_str(out, list->v[i]);
        }
        buf_add_byte(out, ']');
}

static void json_encode_ints(struct buf *out, const struct ints *list)
{
        buf_add_byte(out, '[');
        for (size_t i = 0; i < list->n; i++) {
                if (i)
                        buf_add_byte(out, ',');
                json_encode_int(out, list->v[i]);
        }
        buf_add_byte(out, ']');
}

static void json_encode_objs(struct buf *out, const struct json_field *field, const struct objs *list)
{
        const char *item = list->v;

        buf_add_byte(out, '[');
        for (size_t i = 0; i < list->n; i++, item += field->sub_size) {
                if (i)
                        buf_add_byte(out, ',');
                json_encode(out, field->sub, item);
        }
        buf_add_byte(out, ']');
}

static bool json_is_absent(const struct json_field *field, const void *in)
{
        switch (field->kind) {
        case JSON_STR:
        case JSON_STR_NULL:
                return !((const struct str *)in)->p;
        case JSON_INT:
        case JSON_UINT:
        case JSON_BOOL:
                return !((const struct opt_int *)in)->set;
        case JSON_STRS:
        case JSON_STRS_NULL:
                return !((const struct strs *)in)->v;
        case JSON_INTS:
                return !((const struct ints *)in)->v;
        case JSON_OBJ:
                return !*(const void *const *)in;
        case JSON_OBJS:
        case JSON_OBJS_NULL:
                return !((const struct objs *)in)->v;
        case JSON_KIND_COUNT:
                break;
        }
        return true;
}

static const char *const json_absent_text[JSON_KIND_COUNT] = {
        [JSON_STR] = "\"\"",   [JSON_STR_NULL] = "null", [JSON_INT] = "0",          [JSON_UINT] = "0",
        [JSON_BOOL] = "false", [JSON_STRS] = "[]",       [JSON_STRS_NULL] = "null", [JSON_INTS] = "[]",
        [JSON_OBJ] = "null",   [JSON_OBJS] = "[]",       [JSON_OBJS_NULL] = "null",
};

static void json_encode_value(struct buf *out, const struct json_field *field, const void *in)
{
        switch (field->kind) {
        case JSON_STR:
        case JSON_STR_NULL:
                json_encode_str(out, *(const struct str *)in);
                break;
        case JSON_INT:
        case JSON_UINT:
                json_encode_int(out, ((const struct opt_int *)in)->v);
                break;
        case JSON_BOOL:
                buf_add_text(out, ((const struct opt_int *)in)->v ? "true" : "false");
                break;
        case JSON_STRS:
        case JSON_STRS_NULL:
                json_encode_strs(out, in);
                break;
        case JSON_INTS:
                json_encode_ints(out, in);
                break;
        case JSON_OBJ:
                json_encode(out, field->sub, *(const void *const *)in);
                break;
        case JSON_OBJS:
        case JSON_OBJS_NULL:
                json_encode_objs(out, field, in);
                break;
        case JSON_KIND_COUNT:
                break;
        }
}

void json_encode_members(struct buf *out, const struct json_field *fields, const void *in)
{
        bool first = true;

        for (; fields->name; fields++) {
                const void *member = (const char *)in + fields->offset;
                const bool absent = json_is_absent(fields, member);

                if (absent && fields->omit_absent)
                        continue;
                if (!first)
                        buf_add_byte(out, ',');
                first = false;
                buf_add_byte(out, '"'); /* names are ours and need no escape */
                buf_add_text(out, fields->name);
                buf_add(out, "\":", 2);
                if (absent)
                        buf_add_text(out, json_absent_text[fields->kind]);
                else
                        json_encode_value(out, fields, member);
        }
}

void json_encode(struct buf *out, const struct json_field *fields, const void *in)
{
        buf_add_byte(out, '{');
        json_encode_members(out, fields, in);
        buf_add_byte(out, '}');
}
