#include "probe/rdata.h"

/*
 * Each reader walks its bytes once with an index that never passes the end.  The CAA value is read by a
 * small recursive descent that follows the grammar of RFC 8659 §4.2 line by line, because a lenient reading
 * of "who may issue" is a way to issue where it was forbidden.
 */

#define CAA_CRITICAL 0x80

static bool is_alnum(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

res rdata_txt(struct bytes rdata, struct buf *out)
{
        size_t at = 0;
        ENSURE(rdata.n > 0, ERR_FORMAT);
        while (at < rdata.n) {
                size_t length = rdata.p[at++];
                ENSURE(length <= rdata.n - at, ERR_FORMAT);
                buf_add(out, rdata.p + at, length);
                at += length;
        }
        return buf_check(out);
}

res rdata_caa(struct bytes rdata, struct rdata_caa *ret_caa)
{
        ENSURE(rdata.n >= 2, ERR_FORMAT);
        size_t tag_size = rdata.p[1];
        ENSURE(tag_size > 0 && tag_size <= rdata.n - 2, ERR_FORMAT);
        struct rdata_caa caa = {
                .critical = (rdata.p[0] & CAA_CRITICAL) != 0,
                .tag = {(const char *)rdata.p + 2, tag_size},
                .value = {(const char *)rdata.p + 2 + tag_size, rdata.n - 2 - tag_size},
        };
        for (size_t i = 0; i < tag_size; i++)
                ENSURE(is_alnum(caa.tag.p[i]), ERR_FORMAT);
        *ret_caa = caa;
        return RES_OK;
}

/* ---- the grammar of issue values --------------------------------------------------------------- */

struct cursor {
        const char *p, *end;
};

static bool at_end(const struct cursor *c)
{
        return c->p == c->end;
}

static void skip_blanks(struct cursor *c)
{
        while (!at_end(c) && (*c->p == ' ' || *c->p == '\t'))
                c->p++;
}

/* label = (ALPHA / DIGIT) *( *("-") (ALPHA / DIGIT)); also the grammar of a parameter's tag. */
static bool take_label(struct cursor *c)
{
        const char *start = c->p;
        while (!at_end(c) && (is_alnum(*c->p) || *c->p == '-'))
                c->p++;
        return c->p > start && *start != '-' && c->p[-1] != '-';
}

static bool take_issuer(struct cursor *c, struct str *ret_issuer)
{
        const char *start = c->p;
        if (!take_label(c))
                return false;
        while (!at_end(c) && *c->p == '.') {
                c->p++;
                if (!take_label(c))
                        return false;
        }
        *ret_issuer = (struct str){start, (size_t)(c->p - start)};
        return true;
}

/* value = *(%x21-3A / %x3C-7E) */
static struct str take_value(struct cursor *c)
{
        const char *start = c->p;
        while (!at_end(c) && *c->p >= 0x21 && *c->p <= 0x7e && *c->p != ';')
                c->p++;
        return (struct str){start, (size_t)(c->p - start)};
}

static bool set_once(struct str *place, struct str value)
{
        if (place->p)
                return false;
        *place = value;
        return true;
}

/* parameter = tag *WSP "=" *WSP value; unknown ones are ignored. */
static bool take_parameter(struct cursor *c, struct rdata_caa_issue *issue)
{
        const char *start = c->p;
        if (!take_label(c))
                return false;
        struct str tag = {start, (size_t)(c->p - start)};
        skip_blanks(c);
        if (at_end(c) || *c->p != '=')
                return false;
        c->p++;
        skip_blanks(c);
        struct str value = take_value(c);
        if (str_equal_nocase(tag, STR("accounturi")))
                return set_once(&issue->account_uri, value);
        if (str_equal_nocase(tag, STR("validationmethods")))
                return set_once(&issue->validation_methods, value);
        return true;
}

/* parameters = (parameter *WSP ";" *WSP parameters) / parameter, and none at all. */
static bool take_parameters(struct cursor *c, struct rdata_caa_issue *issue)
{
        skip_blanks(c);
        while (!at_end(c)) {
                if (!take_parameter(c, issue))
                        return false;
                skip_blanks(c);
                if (at_end(c))
                        return true;
                if (*c->p != ';')
                        return false;
                c->p++;
                skip_blanks(c);
                if (at_end(c))
                        return false;
        }
        return true;
}

res rdata_caa_issue(struct str value, struct rdata_caa_issue *ret_issue)
{
        struct rdata_caa_issue issue = {.issuer = STR("")};
        struct cursor c = {value.p, value.p + value.n};
        skip_blanks(&c);
        if (!at_end(&c) && *c.p != ';')
                ENSURE(take_issuer(&c, &issue.issuer), ERR_FORMAT);
        skip_blanks(&c);
        if (!at_end(&c)) {
                ENSURE(*c.p == ';', ERR_FORMAT);
                c.p++;
                ENSURE(take_parameters(&c, &issue), ERR_FORMAT);
        }
        *ret_issue = issue;
        return RES_OK;
}

/* ---- type bitmaps ------------------------------------------------------------------------------- */

bool rdata_bitmap_has(struct bytes bitmap, unsigned type)
{
        size_t at = 0;
        while (bitmap.n - at >= 3) {
                unsigned window = bitmap.p[at];
                size_t length = bitmap.p[at + 1];
                at += 2;
                if (length == 0 || length > 32 || length > bitmap.n - at)
                        return false;
                if (window == type >> 8 && (type & 0xff) / 8 < length)
                        return (bitmap.p[at + (type & 0xff) / 8] & (0x80 >> (type & 7))) != 0;
                at += length;
        }
        return false;
}

res rdata_nsec_bitmap(struct bytes rdata, struct bytes *ret_bitmap)
{
        size_t at = 0;
        ENSURE(rdata.n > 0, ERR_FORMAT);
        while (rdata.p[at] != 0) { /* the next owner's labels */
                ENSURE(rdata.p[at] < 64, ERR_FORMAT);
                at += 1u + rdata.p[at];
                ENSURE(at < rdata.n, ERR_FORMAT);
        }
        *ret_bitmap = (struct bytes){rdata.p + at + 1, rdata.n - at - 1};
        return RES_OK;
}

res rdata_nsec3_bitmap(struct bytes rdata, struct bytes *ret_bitmap)
{
        size_t at = 4;                         /* algorithm, flags, iterations */
        for (int part = 0; part < 2; part++) { /* salt, next hashed owner */
                ENSURE(at < rdata.n, ERR_FORMAT);
                size_t length = rdata.p[at++];
                ENSURE(length <= rdata.n - at, ERR_FORMAT);
                at += length;
        }
        *ret_bitmap = (struct bytes){rdata.p + at, rdata.n - at};
        return RES_OK;
}
