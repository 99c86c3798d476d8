/*
 * Profiles: one table says every field's name, how it is read and how it is written, so that the parser and the
 * canonical text cannot disagree.
 */
#include "pki/profile.h"

#include <stddef.h>
#include <stdio.h>

#include <openssl/evp.h>

#include "base/limits.h"
#include "pki/der.h"

enum field_kind {
        FIELD_KIND,
        FIELD_KEYS,
        FIELD_DAYS,
        FIELD_STEPS,
        FIELD_PATH_LEN,
        FIELD_USAGE,
        FIELD_EKU,
        FIELD_POLICY,
        FIELD_FLAG
};

struct field {
        const char *name;
        enum field_kind kind;
        size_t offset;
        bool is_required;
};

/* The order is that of the canonical text. */
static const struct field fields[] = {
        {"kind", FIELD_KIND, offsetof(struct pki_profile, kind), true},
        {"keys", FIELD_KEYS, offsetof(struct pki_profile, key_types), true},
        {"max-days", FIELD_DAYS, offsetof(struct pki_profile, max_days), true},
        {"max-days-from", FIELD_STEPS, offsetof(struct pki_profile, max_days_from), false},
        {"evidence-days", FIELD_DAYS, offsetof(struct pki_profile, evidence_days), false},
        {"evidence-days-from", FIELD_STEPS, offsetof(struct pki_profile, evidence_days_from), false},
        {"path-len", FIELD_PATH_LEN, offsetof(struct pki_profile, path_len), false},
        {"key-usage-rsa", FIELD_USAGE, offsetof(struct pki_profile, key_usage_rsa), true},
        {"key-usage-ec", FIELD_USAGE, offsetof(struct pki_profile, key_usage_ec), true},
        {"extended-key-usage", FIELD_EKU, offsetof(struct pki_profile, eku), true},
        {"policy", FIELD_POLICY, offsetof(struct pki_profile, policy), true},
        {"common-name", FIELD_FLAG, offsetof(struct pki_profile, common_name), false},
        {"ip-names", FIELD_FLAG, offsetof(struct pki_profile, ip_names), false},
        {"internal-names", FIELD_FLAG, offsetof(struct pki_profile, internal_names), false},
        {"subject-key-id", FIELD_FLAG, offsetof(struct pki_profile, ski), false},
        {"ocsp-url", FIELD_FLAG, offsetof(struct pki_profile, aia_ocsp), false},
        {"issuer-url", FIELD_FLAG, offsetof(struct pki_profile, aia_issuer), false},
        {"crl-url", FIELD_FLAG, offsetof(struct pki_profile, crl_url), false},
        {"ocsp-nocheck", FIELD_FLAG, offsetof(struct pki_profile, ocsp_nocheck), false},
        {"sha384", FIELD_FLAG, offsetof(struct pki_profile, sha384), false},
};
#define FIELD_COUNT (sizeof(fields) / sizeof(*fields))
#define DAYS_MAX 36525

struct word {
        const char *text;
        uint32_t value;
};

static const struct word kind_words[] = {{"root", PKI_PROFILE_ROOT},
                                         {"intermediate", PKI_PROFILE_INTERMEDIATE},
                                         {"leaf", PKI_PROFILE_LEAF},
                                         {"ocsp", PKI_PROFILE_OCSP},
                                         {NULL, 0}};
static const struct word usage_words[] = {{"digitalSignature", PKI_KU_DIGITAL_SIGNATURE},
                                          {"keyEncipherment", PKI_KU_KEY_ENCIPHERMENT},
                                          {"keyCertSign", PKI_KU_KEY_CERT_SIGN},
                                          {"cRLSign", PKI_KU_CRL_SIGN},
                                          {NULL, 0}};
static const struct word eku_words[] = {
        {"serverAuth", PKI_EKU_SERVER_AUTH}, {"OCSPSigning", PKI_EKU_OCSP_SIGNING}, {NULL, 0}};
static const struct word flag_words[] = {{"no", 0}, {"yes", 1}, {NULL, 0}};

static const struct word *word_find(const struct word *words, struct str text)
{
        for (; words->text; words++)
                if (str_equals(text, words->text))
                        return words;
        return NULL;
}

/* ---- one field --------------------------------------------------------------------------------- */

static res read_key_types(struct str list, uint32_t *ret_bits)
{
        uint32_t bits = 0;

        while (list.p) {
                enum pki_key_type type = pki_alg_key_by_name(str_trim(str_cut(&list, ',')));

                ENSURE(type != PKI_KEY_NONE, ERR_CONFIG);
                bits |= 1u << type;
        }
        *ret_bits = bits;
        return RES_OK;
}

static res read_bits(struct str list, const struct word *words, uint32_t *ret_bits)
{
        uint32_t bits = 0;

        while (list.p && !str_equals(list, "none")) {
                const struct word *word = word_find(words, str_trim(str_cut(&list, ',')));

                ENSURE(word, ERR_CONFIG);
                bits |= word->value;
        }
        *ret_bits = bits;
        return RES_OK;
}

static res read_policy(struct str value, struct pki_profile *profile)
{
        CLEAN(buf_done) struct buf oid = {0};

        if (str_equals(value, "none"))
                return RES_OK;
        buf_init(&oid, sizeof(profile->policy_oid));
        ENSURE(value.n < sizeof(profile->policy) && res_is_ok(der_oid_parse(value, &oid)), ERR_CONFIG);
        memcpy(profile->policy, value.p, value.n);
        memcpy(profile->policy_oid, oid.p, oid.n);
        profile->policy_oid_len = oid.n;
        return RES_OK;
}

static res read_number(struct str value, int64_t min, int64_t max, int64_t *ret_number)
{
        int64_t number = 0;

        TRY(str_to_int64(value, &number));
        ENSURE(number >= min && number <= max, ERR_CONFIG);
        *ret_number = number;
        return RES_OK;
}

static res read_path_len(struct str value, int *ret_path_len)
{
        int64_t number = -1;

        if (!str_equals(value, "none"))
                TRY(read_number(value, 0, 9, &number));
        *ret_path_len = (int)number;
        return RES_OK;
}

static res read_word(struct str value, const struct word *words, uint32_t *ret_value)
{
        const struct word *word = word_find(words, value);

        ENSURE(word, ERR_CONFIG);
        *ret_value = word->value;
        return RES_OK;
}

static res read_field(const struct field *field, struct str value, struct pki_profile *profile)
{
        uint8_t *base = (uint8_t *)profile;
        void *at = base + field->offset;
        uint32_t word = 0;

        switch (field->kind) {
        case FIELD_KEYS:
                return read_key_types(value, at);
        case FIELD_DAYS:
                return read_number(value, 1, DAYS_MAX, at);
        case FIELD_STEPS:
                return pki_profile_steps_parse(value, at);
        case FIELD_PATH_LEN:
                return read_path_len(value, at);
        case FIELD_USAGE:
                return read_bits(value, usage_words, at);
        case FIELD_EKU:
                return read_bits(value, eku_words, at);
        case FIELD_POLICY:
                return read_policy(value, profile);
        case FIELD_KIND:
                TRY(read_word(value, kind_words, &word));
                profile->kind = (enum pki_profile_kind)word;
                return RES_OK;
        case FIELD_FLAG:
                TRY(read_word(value, flag_words, &word));
                *(bool *)at = word != 0;
                return RES_OK;
        }
        return FAIL(ERR_CONFIG);
}

static void write_bits(const struct word *words, uint32_t bits, struct buf *out)
{
        const char *separator = "";

        if (bits == 0)
                buf_add_text(out, "none");
        for (; words->text; words++) {
                if (!(bits & words->value))
                        continue;
                buf_add_text(out, separator);
                buf_add_text(out, words->text);
                separator = ", ";
        }
}

static void write_key_types(uint32_t bits, struct buf *out)
{
        const char *separator = "";

        for (unsigned i = 1; i < PKI_KEY_TYPE_COUNT; i++) {
                if (!(bits >> i & 1u))
                        continue;
                buf_add_text(out, separator);
                buf_add_text(out, pki_alg_key_name((enum pki_key_type)i));
                separator = ", ";
        }
}

static void write_field(const struct field *field, const struct pki_profile *profile, struct buf *out)
{
        const uint8_t *base = (const uint8_t *)profile;
        const void *at = base + field->offset;

        buf_printf(out, "%s = ", field->name);
        if (field->kind == FIELD_KIND)
                buf_add_text(out, kind_words[profile->kind].text);
        else if (field->kind == FIELD_KEYS)
                write_key_types(*(const uint32_t *)at, out);
        else if (field->kind == FIELD_DAYS)
                buf_printf(out, "%lld", (long long)*(const int64_t *)at);
        else if (field->kind == FIELD_STEPS)
                pki_profile_steps_text(at, out);
        else if (field->kind == FIELD_PATH_LEN && profile->path_len >= 0)
                buf_printf(out, "%d", profile->path_len);
        else if (field->kind == FIELD_USAGE)
                write_bits(usage_words, *(const uint32_t *)at, out);
        else if (field->kind == FIELD_EKU)
                write_bits(eku_words, *(const uint32_t *)at, out);
        else if (field->kind == FIELD_FLAG)
                buf_add_text(out, flag_words[*(const bool *)at].text);
        else
                buf_add_text(out, field->kind == FIELD_POLICY && profile->policy[0] ? profile->policy : "none");
        buf_add_byte(out, '\n');
}

void pki_profile_text(const struct pki_profile *profile, struct buf *out)
{
        buf_printf(out, "[%s]\n", profile->name);
        for (size_t i = 0; i < FIELD_COUNT; i++)
                write_field(&fields[i], profile, out);
}

/* ---- the file ---------------------------------------------------------------------------------- */

struct reader {
        struct pki_profiles *profiles;
        struct pki_profile *profile; /* the open section; NULL before the first */
        uint32_t seen;               /* bit a field */
        unsigned line;
        struct buf *why;
};

static res complain(const struct reader *reader, const char *what, struct str value)
{
        buf_printf(reader->why, "profiles.ini:%u: %s \"%.*s\"", reader->line, what,
                   (int)(value.n < 80 ? value.n : 80), value.p ? value.p : "");
        return FAIL(ERR_CONFIG);
}

static res hash_profile(struct pki_profile *profile)
{
        CLEAN(buf_done) struct buf text = {0};

        buf_init(&text, 8192);
        pki_profile_text(profile, &text);
        TRY(buf_check(&text));
        ENSURE(EVP_Digest(text.p, text.n, profile->hash, NULL, EVP_sha256(), NULL) == 1, ERR_CRYPTO);
        return RES_OK;
}

/* What only makes sense together. */
static const char *judge(const struct pki_profile *profile)
{
        bool is_ca = profile->kind == PKI_PROFILE_ROOT || profile->kind == PKI_PROFILE_INTERMEDIATE;
        uint32_t usage = profile->key_usage_rsa | profile->key_usage_ec;

        if (is_ca != ((usage & PKI_KU_KEY_CERT_SIGN) != 0))
                return "keyCertSign goes with the CA kinds and only with them, in";
        if (is_ca && !profile->ski)
                return "a CA certificate needs subject-key-id, in";
        if (!is_ca && profile->path_len >= 0)
                return "path-len is for CA kinds, in";
        if ((profile->kind == PKI_PROFILE_OCSP) != ((profile->eku & PKI_EKU_OCSP_SIGNING) != 0))
                return "OCSPSigning goes with kind ocsp and only with it, in";
        return profile->kind == PKI_PROFILE_LEAF && !(profile->eku & PKI_EKU_SERVER_AUTH)
                       ? "a leaf needs serverAuth, in"
                       : NULL;
}

static res close_section(struct reader *reader)
{
        struct str name;
        const char *fault;

        if (!reader->profile)
                return RES_OK;
        name = str_of(reader->profile->name);
        for (size_t i = 0; i < FIELD_COUNT; i++)
                if (fields[i].is_required && !(reader->seen >> i & 1u)) {
                        buf_printf(reader->why, "%s is missing: ", fields[i].name);
                        return complain(reader, "incomplete profile", name);
                }
        fault = judge(reader->profile);
        if (fault)
                return complain(reader, fault, name);
        return hash_profile(reader->profile);
}

static res open_section(struct reader *reader, struct str line)
{
        struct str name = {line.p + 1, line.n - 2};

        TRY(close_section(reader));
        if (line.p[line.n - 1] != ']' || name.n == 0 || name.n >= PKI_PROFILE_NAME)
                return complain(reader, "not a section:", line);
        for (size_t i = 0; i < name.n; i++)
                if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-", name.p[i]) || name.p[i] == '\0')
                        return complain(reader, "a profile's name is of a-z, 0-9 and hyphens:", name);
        if (pki_profiles_find(reader->profiles, name))
                return complain(reader, "profile given twice:", name);
        if (reader->profiles->n == PKI_PROFILE_MAX)
                return complain(reader, "too many profiles at", name);
        reader->profile = &reader->profiles->v[reader->profiles->n++];
        *reader->profile = (struct pki_profile){.path_len = -1, .evidence_days = LIMIT_EVIDENCE_AGE_SEC / 86400};
        memcpy(reader->profile->name, name.p, name.n);
        reader->seen = 0;
        return RES_OK;
}

static res read_setting(struct reader *reader, struct str line)
{
        struct str value = line, name = str_trim(str_cut(&value, '='));

        if (!reader->profile || !value.p)
                return complain(reader, "expected name = value, in a section:", line);
        value = str_trim(value);
        for (size_t i = 0; i < FIELD_COUNT; i++) {
                if (!str_equals(name, fields[i].name))
                        continue;
                if (reader->seen >> i & 1u)
                        return complain(reader, "given twice:", name);
                reader->seen |= 1u << i;
                if (!res_is_ok(read_field(&fields[i], value, reader->profile)))
                        return complain(reader, "not a good value:", line);
                return RES_OK;
        }
        return complain(reader, "no such setting:", name);
}

res pki_profiles_parse(struct str text, struct pki_profiles *ret_profiles, struct buf *why)
{
        struct reader reader = {.profiles = ret_profiles, .why = why};

        ret_profiles->n = 0;
        while (text.p) {
                struct str line = str_cut(&text, '\n');

                if (line.n > 0 && line.p[line.n - 1] == '\r')
                        line.n--;
                line = str_trim(line);
                reader.line++;
                if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
                        continue;
                if (line.p[0] == '[')
                        TRY(open_section(&reader, line));
                else
                        TRY(read_setting(&reader, line));
        }
        TRY(close_section(&reader));
        return ret_profiles->n > 0 ? RES_OK : complain(&reader, "no profile at all", (struct str){NULL, 0});
}

const struct pki_profile *pki_profiles_find(const struct pki_profiles *profiles, struct str name)
{
        for (size_t i = 0; i < profiles->n; i++)
                if (str_equals(name, profiles->v[i].name))
                        return &profiles->v[i];
        return NULL;
}
