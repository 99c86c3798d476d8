/*
 * The subject: a domain-validated leaf may carry a common name and nothing else; CA and responder certificates carry a
 * common name with organisation, place and country.  No profile has an organizational unit.
 */
#include "pki/lint_inner.h"

#define COMMON_NAME_MAX 64

enum attribute {
        ATTRIBUTE_CN = 3,
        ATTRIBUTE_C = 6,
        ATTRIBUTE_L = 7,
        ATTRIBUTE_ST = 8,
        ATTRIBUTE_O = 10,
        ATTRIBUTE_OU = 11
}; /* 2.5.4.n */

static bool string_is_good(const struct der_value *value, unsigned attribute)
{
        struct bytes text = value->content;

        if (text.n == 0)
                return false;
        if (attribute == ATTRIBUTE_C)
                return value->tag == DER_PRINTABLE_STRING && text.n == 2;
        for (size_t i = 0; i < text.n; i++)
                if (text.p[i] < 0x20 || text.p[i] == 0x7f)
                        return false;
        if (value->tag == DER_UTF8_STRING)
                return str_is_utf8((struct str){(const char *)text.p, text.n});
        for (size_t i = 0; i < text.n; i++)
                if (text.p[i] >= 0x7f || strchr("!\"#$%&*;<>@[\\]^_`{|}~", text.p[i]))
                        return false;
        return value->tag == DER_PRINTABLE_STRING;
}

static size_t length_max(unsigned attribute)
{
        return attribute == ATTRIBUTE_CN || attribute == ATTRIBUTE_O ? COMMON_NAME_MAX : 128;
}

static bool is_allowed(const struct lint *lint, unsigned attribute)
{
        if (attribute == ATTRIBUTE_CN)
                return lint->context->profile->kind != PKI_PROFILE_LEAF || lint->context->profile->common_name;
        return lint->context->profile->kind != PKI_PROFILE_LEAF &&
               (attribute == ATTRIBUTE_C || attribute == ATTRIBUTE_L || attribute == ATTRIBUTE_ST ||
                attribute == ATTRIBUTE_O);
}

/* Characters of the bound are counted, not bytes; continuation bytes of UTF-8 do not count. */
static size_t count_characters(struct bytes text)
{
        size_t count = 0;

        for (size_t i = 0; i < text.n; i++)
                count += (text.p[i] & 0xc0) != 0x80;
        return count;
}

static res lint_attribute(struct lint *lint, struct der *set, uint32_t *seen)
{
        struct der pair;
        struct bytes oid;
        struct der_value value;
        unsigned attribute;

        TRY(der_enter(set, DER_SEQUENCE, &pair));
        TRY(der_read_oid(&pair, &oid));
        TRY(der_read(&pair, &value));
        TRY(der_end(&pair));
        attribute = oid.n == 3 && oid.p[0] == 0x55 && oid.p[1] == 0x04 && oid.p[2] < 32 ? oid.p[2] : 0;
        RULE(lint, attribute != ATTRIBUTE_OU, SUBJECT_OU);
        RULE(lint, is_allowed(lint, attribute), SUBJECT_ATTRIBUTE);
        RULE(lint, !(*seen >> attribute & 1u), SUBJECT_TWICE);
        RULE(lint, string_is_good(&value, attribute), SUBJECT_STRING);
        RULE(lint, count_characters(value.content) <= length_max(attribute), SUBJECT_LENGTH);
        *seen |= 1u << attribute;
        if (attribute == ATTRIBUTE_CN)
                lint->common_name = (struct str){(const char *)value.content.p, value.content.n};
        return RES_OK;
}

res lint_subject(struct lint *lint)
{
        struct der name = der_of(lint->subject), set;
        uint32_t seen = 0;

        while (!der_is_end(&name)) {
                TRY(der_enter(&name, DER_SET, &set));
                TRY(lint_attribute(lint, &set, &seen));
                TRY(der_end(&set)); /* one attribute an RDN */
        }
        RULE(lint, lint->context->profile->kind == PKI_PROFILE_LEAF || (seen >> ATTRIBUTE_CN & 1u), SUBJECT_EMPTY);
        return RES_OK;
}
