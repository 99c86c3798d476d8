/*
 * The extensions: exactly those that the profile has, each once, with the right criticality and the right value.
 * A table says what there is; the walk marks what it met, and what the profile wants must be what was met.
 */
#include <openssl/sha.h>

#include "pki/lint_inner.h"

#define KEY_ID_SIZE 20

struct extension {
        struct bytes oid, value;
        bool is_critical;
};

struct rule {
        uint8_t oid[9];
        size_t size;
        bool (*is_wanted)(const struct lint *lint);
        bool (*must_be_critical)(const struct lint *lint);
        res (*check)(struct lint *lint, struct bytes value);
};

/* ---- wanted, critical -------------------------------------------------------------------------- */

static bool always(const struct lint *lint)
{
        (void)lint;
        return true;
}

static bool never(const struct lint *lint)
{
        (void)lint;
        return false;
}

static bool wants_ski(const struct lint *lint)
{
        return lint->context->profile->ski;
}

static bool wants_eku(const struct lint *lint)
{
        return lint->context->profile->eku != 0;
}

static bool wants_policy(const struct lint *lint)
{
        return lint->context->profile->policy[0] != '\0';
}

static bool wants_san(const struct lint *lint)
{
        return lint->context->profile->kind == PKI_PROFILE_LEAF;
}

static bool wants_aia(const struct lint *lint)
{
        return lint->context->profile->aia_ocsp || lint->context->profile->aia_issuer;
}

static bool wants_crl(const struct lint *lint)
{
        return lint->context->profile->crl_url;
}

static bool wants_nocheck(const struct lint *lint)
{
        return lint->context->profile->ocsp_nocheck;
}

static bool subject_is_empty(const struct lint *lint)
{
        return lint->subject.n == 0;
}

/* ---- values ------------------------------------------------------------------------------------ */

static res check_authority_key_id(struct lint *lint, struct bytes value)
{
        struct bytes expected = lint->context->issuer_key_id;
        struct der in;
        struct der_value key_id;

        TRY(der_enter_all(value, DER_SEQUENCE, &in));
        RULE(lint, der_next_is(&in, DER_CONTEXT(0)), AUTHORITY_KEY_ID);
        TRY(der_read(&in, &key_id));
        RULE(lint, der_is_end(&in) && key_id.content.n == KEY_ID_SIZE, AUTHORITY_KEY_ID);
        RULE(lint, expected.n == 0 || der_oid_equal(key_id.content, expected), AUTHORITY_KEY_ID);
        return RES_OK;
}

static res check_subject_key_id(struct lint *lint, struct bytes value)
{
        struct der in = der_of(value);
        struct der_value key_id;
        uint8_t hash[SHA_DIGEST_LENGTH];

        TRY(der_read_tag(&in, DER_OCTET_STRING, &key_id));
        TRY(der_end(&in));
        ENSURE(SHA1(lint->spki.key_bits.p, lint->spki.key_bits.n, hash), ERR_CRYPTO);
        RULE(lint, der_oid_equal(key_id.content, bytes_of(hash, sizeof(hash))), SUBJECT_KEY_ID);
        return RES_OK;
}

static res check_key_usage(struct lint *lint, struct bytes value)
{
        const struct pki_profile *profile = lint->context->profile;
        struct der in = der_of(value);
        uint32_t usage = 0,
                 expected = lint->spki.family == PKI_FAMILY_RSA ? profile->key_usage_rsa : profile->key_usage_ec;

        TRY(der_read_named_bits(&in, &usage));
        TRY(der_end(&in));
        RULE(lint, usage == expected && usage != 0, KEY_USAGE);
        return RES_OK;
}

static res check_basic_constraints(struct lint *lint, struct bytes value)
{
        int expected = lint->context->profile->path_len;
        struct der in;
        bool is_ca = false;
        uint64_t path_len = 0;

        TRY(der_enter_all(value, DER_SEQUENCE, &in));
        RULE(lint, der_next_is(&in, DER_BOOLEAN), BASIC_CONSTRAINTS);
        TRY(der_read_bool(&in, &is_ca));
        RULE(lint, is_ca && der_is_end(&in) == (expected < 0), BASIC_CONSTRAINTS);
        if (expected < 0)
                return RES_OK;
        TRY(der_read_small(&in, &path_len));
        RULE(lint, path_len == (uint64_t)expected, BASIC_CONSTRAINTS);
        return der_end(&in);
}

/* 1.3.6.1.5.5.7.3.n; 0 for any other. */
static unsigned purpose(struct bytes oid)
{
        static const uint8_t arc[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03};

        return oid.n == sizeof(arc) + 1 && memcmp(oid.p, arc, sizeof(arc)) == 0 ? oid.p[7] : 0;
}

static res check_eku(struct lint *lint, struct bytes value)
{
        struct der in;
        struct bytes oid;
        uint32_t found = 0, bit;

        TRY(der_enter_all(value, DER_SEQUENCE, &in));
        while (!der_is_end(&in)) {
                TRY(der_read_oid(&in, &oid));
                bit = purpose(oid) == 1 ? PKI_EKU_SERVER_AUTH : purpose(oid) == 9 ? PKI_EKU_OCSP_SIGNING : 0;
                RULE(lint, bit != 0 && !(found & bit), EKU);
                found |= bit;
        }
        RULE(lint, found == lint->context->profile->eku, EKU);
        return RES_OK;
}

static res check_policy(struct lint *lint, struct bytes value)
{
        CLEAN(buf_done) struct buf text = {0};
        struct der in, information;
        struct bytes oid;

        buf_init(&text, 256);
        TRY(der_enter_all(value, DER_SEQUENCE, &in));
        TRY(der_enter(&in, DER_SEQUENCE, &information));
        TRY(der_read_oid(&information, &oid));
        TRY(der_oid_text(oid, &text));
        RULE(lint, str_equals(buf_str(&text), lint->context->profile->policy), POLICY);
        RULE(lint, der_is_end(&information) && der_is_end(&in), POLICY);
        return RES_OK;
}

static bool is_http_url(const struct der_value *value)
{
        struct str url = {(const char *)value->content.p, value->content.n};

        if (value->tag != DER_CONTEXT(6) || !str_starts_with(url, STR("http://")) || url.n <= 7)
                return false;
        for (size_t i = 0; i < url.n; i++)
                if (url.p[i] <= ' ' || url.p[i] >= 0x7f)
                        return false;
        return true;
}

/* Bit 1: OCSP, bit 2: issuers (1.3.6.1.5.5.7.48.n). */
static res read_access(struct lint *lint, struct der *in, unsigned *found)
{
        static const uint8_t arc[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30};
        struct der description;
        struct bytes oid;
        struct der_value place;
        unsigned method;

        TRY(der_enter(in, DER_SEQUENCE, &description));
        TRY(der_read_oid(&description, &oid));
        TRY(der_read(&description, &place));
        TRY(der_end(&description));
        RULE(lint, oid.n == 8 && memcmp(oid.p, arc, sizeof(arc)) == 0, AIA);
        method = oid.p[7];
        RULE(lint, (method == 1 || method == 2) && !(*found & method) && is_http_url(&place), AIA);
        *found |= method;
        return RES_OK;
}

static res check_aia(struct lint *lint, struct bytes value)
{
        const struct pki_profile *profile = lint->context->profile;
        struct der in;
        unsigned found = 0;

        TRY(der_enter_all(value, DER_SEQUENCE, &in));
        while (!der_is_end(&in))
                TRY(read_access(lint, &in, &found));
        RULE(lint, found == ((profile->aia_ocsp ? 1u : 0u) | (profile->aia_issuer ? 2u : 0u)), AIA);
        return RES_OK;
}

static res check_crl_points(struct lint *lint, struct bytes value)
{
        struct der in, point, name, full_name;
        struct der_value url;

        TRY(der_enter_all(value, DER_SEQUENCE, &in));
        TRY(der_enter(&in, DER_SEQUENCE, &point));
        RULE(lint, der_is_end(&in) && der_next_is(&point, DER_CONTEXT_CONSTRUCTED(0)), CRL_POINTS);
        TRY(der_enter(&point, DER_CONTEXT_CONSTRUCTED(0), &name));
        RULE(lint, der_is_end(&point) && der_next_is(&name, DER_CONTEXT_CONSTRUCTED(0)), CRL_POINTS);
        TRY(der_enter(&name, DER_CONTEXT_CONSTRUCTED(0), &full_name));
        TRY(der_end(&name));
        TRY(der_read(&full_name, &url));
        RULE(lint, der_is_end(&full_name) && is_http_url(&url), CRL_POINTS);
        return RES_OK;
}

static res check_nocheck(struct lint *lint, struct bytes value)
{
        RULE(lint, value.n == 2 && value.p[0] == DER_NULL && value.p[1] == 0, OCSP_NOCHECK);
        return RES_OK;
}

static res check_san(struct lint *lint, struct bytes value)
{
        struct der in;

        TRY(der_enter_all(value, DER_SEQUENCE, &in));
        lint->san = bytes_of(in.p, (size_t)(in.end - in.p));
        return RES_OK;
}

/* ---- the set ----------------------------------------------------------------------------------- */

#define CE(n) {0x55, 0x1d, (n)}, 3
#define PE(...) \
        { \
                0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, __VA_ARGS__ \
        }
static const struct rule rules[] = {
        {CE(35), always, never, check_authority_key_id},
        {CE(14), wants_ski, never, check_subject_key_id},
        {CE(15), always, always, check_key_usage},
        {CE(19), lint_is_ca, always, check_basic_constraints},
        {CE(37), wants_eku, never, check_eku},
        {CE(32), wants_policy, never, check_policy},
        {CE(17), wants_san, subject_is_empty, check_san},
        {PE(0x01, 0x01), 8, wants_aia, never, check_aia},
        {CE(31), wants_crl, never, check_crl_points},
        {PE(0x30, 0x01, 0x05), 9, wants_nocheck, never, check_nocheck},
};
#define RULE_COUNT (sizeof(rules) / sizeof(*rules))

/* Strict: a written-out FALSE is not DER. */
static res read_extension(struct der *list, struct extension *extension)
{
        struct der in;
        struct der_value value;

        TRY(der_enter(list, DER_SEQUENCE, &in));
        TRY(der_read_oid(&in, &extension->oid));
        extension->is_critical = der_next_is(&in, DER_BOOLEAN);
        if (extension->is_critical) {
                bool flag = false;
                TRY(der_read_bool(&in, &flag));
                ENSURE(flag, ERR_FORMAT);
        }
        TRY(der_read_tag(&in, DER_OCTET_STRING, &value));
        extension->value = value.content;
        return der_end(&in);
}

static res lint_extension(struct lint *lint, const struct extension *extension, uint32_t *seen)
{
        for (size_t i = 0; i < RULE_COUNT; i++) {
                const struct rule *rule = &rules[i];

                if (!der_oid_equal(extension->oid, bytes_of(rule->oid, rule->size)))
                        continue;
                RULE(lint, rule->is_wanted(lint), EXTENSION_UNKNOWN);
                RULE(lint, !(*seen >> i & 1u), EXTENSION_DUPLICATE);
                RULE(lint, rule->must_be_critical(lint) == extension->is_critical, EXTENSION_CRITICAL);
                *seen |= 1u << i;
                return rule->check(lint, extension->value);
        }
        return lint_fail(lint, LINT_EXTENSION_UNKNOWN);
}

res lint_extensions(struct lint *lint, struct der *tbs)
{
        struct der outer, list;
        struct extension extension;
        uint32_t seen = 0;

        RULE(lint, der_next_is(tbs, DER_CONTEXT_CONSTRUCTED(3)), EXTENSION_MISSING);
        TRY(der_enter(tbs, DER_CONTEXT_CONSTRUCTED(3), &outer));
        TRY(der_enter(&outer, DER_SEQUENCE, &list));
        TRY(der_end(&outer));
        while (!der_is_end(&list)) {
                TRY(read_extension(&list, &extension));
                TRY(lint_extension(lint, &extension, &seen));
        }
        for (size_t i = 0; i < RULE_COUNT; i++)
                RULE(lint, !rules[i].is_wanted(lint) || (seen >> i & 1u), EXTENSION_MISSING);
        return RES_OK;
}
