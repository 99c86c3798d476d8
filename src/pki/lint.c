/*
 * The lint's entry: walks the TBSCertificate from top to bottom and stops at the first rule that is broken.  Nothing
 * here comes from the builder; a mistake there and the same mistake here would have to be made twice.
 */
#include "pki/lint.h"

#include "pki/lint_inner.h"
#include "pki/name.h"

#define SERIAL_MIN 14 /* octets: 16 random ones begin with two zero octets once in 65,536 times */
#define SERIAL_MAX 20
#define CLOCK_SLACK (48 * 3600)
#define DAY 86400

static const struct pki_finding findings[] = {
#define LINT(id, name, rule, sentence) [LINT_##id] = {(name), (rule), (sentence)},
#include "pki/lint.def"
#undef LINT
};

const struct pki_finding *pki_lint_at(size_t i)
{
        return i < LINT_COUNT ? &findings[i] : NULL;
}

res lint_fail(struct lint *lint, enum lint_id id)
{
        lint->found = id;
        lint->has_found = true;
        return FAIL(ERR_LINT);
}

static res lint_version(struct lint *lint, struct der *tbs)
{
        struct der inner;
        uint64_t version = 0;

        RULE(lint, der_next_is(tbs, DER_CONTEXT_CONSTRUCTED(0)), VERSION);
        TRY(der_enter(tbs, DER_CONTEXT_CONSTRUCTED(0), &inner));
        TRY(der_read_small(&inner, &version));
        TRY(der_end(&inner));
        RULE(lint, version == 2, VERSION);
        return RES_OK;
}

static res lint_serial(struct lint *lint, struct der *tbs)
{
        struct der_value serial;
        struct bytes octets;

        TRY(der_read_tag(tbs, DER_INTEGER, &serial));
        octets = serial.content;
        ENSURE(octets.n > 0, ERR_FORMAT);
        RULE(lint, !(octets.p[0] & 0x80) && !(octets.n == 1 && octets.p[0] == 0), SERIAL_SIGN);
        ENSURE(octets.n == 1 || octets.p[0] != 0 || (octets.p[1] & 0x80), ERR_FORMAT);
        RULE(lint, octets.n >= SERIAL_MIN, SERIAL_SHORT);
        RULE(lint, octets.n <= SERIAL_MAX, SERIAL_LONG);
        return RES_OK;
}

static res lint_algorithm(struct lint *lint, struct der *tbs)
{
        struct bytes expected = lint->context->issuer_alg;
        struct der_value alg;
        struct pki_alg parsed;

        TRY(der_read_tag(tbs, DER_SEQUENCE, &alg));
        RULE(lint, res_is_ok(pki_alg_parse(alg.whole, &parsed)), ALGORITHM);
        RULE(lint, expected.n == 0 || der_oid_equal(alg.whole, expected), ALGORITHM);
        return RES_OK;
}

static res lint_issuer(struct lint *lint, struct der *tbs)
{
        struct bytes expected = lint->context->issuer_name;
        struct der_value issuer;

        TRY(der_read_tag(tbs, DER_SEQUENCE, &issuer));
        RULE(lint, issuer.content.n > 0 && res_is_ok(pki_name_check(issuer.whole)), ISSUER);
        RULE(lint, expected.n == 0 || der_oid_equal(issuer.whole, expected), ISSUER);
        return RES_OK;
}

static res lint_validity(struct lint *lint, struct der *tbs)
{
        const struct pki_lint_context *context = lint->context;
        struct der inner;
        int64_t not_before = 0, not_after = 0;

        TRY(der_enter(tbs, DER_SEQUENCE, &inner));
        RULE(lint, res_is_ok(der_read_time(&inner, &not_before)), TIME_FORM);
        RULE(lint, res_is_ok(der_read_time(&inner, &not_after)), TIME_FORM);
        TRY(der_end(&inner));
        RULE(lint, not_after >= not_before, VALIDITY_ORDER);
        RULE(lint, not_after - not_before + 1 <= pki_profile_max_days(context->profile, not_before) * DAY, VALIDITY_LONG);
        RULE(lint,
             context->now == 0 ||
                     (not_before >= context->now - CLOCK_SLACK && not_before <= context->now + CLOCK_SLACK),
             NOT_BEFORE);
        return RES_OK;
}

static res lint_key(struct lint *lint, struct der *tbs)
{
        const struct pki_lint_context *context = lint->context;
        struct der_value spki;
        res result;

        TRY(der_read_tag(tbs, DER_SEQUENCE, &spki));
        result = pki_spki_parse(spki.whole, &lint->spki);
        RULE(lint, result.err != ERR_KEY_TYPE, KEY_TYPE);
        TRY(result);
        RULE(lint, pki_profile_allows_key(context->profile, lint->spki.key_type), KEY_TYPE);
        RULE(lint, !context->kit || res_is_ok(pki_spki_check(context->kit, &lint->spki, /* ret_why= */ NULL)),
             KEY_WEAK);
        return RES_OK;
}

static res lint_fields(struct lint *lint, struct bytes der)
{
        struct der tbs;
        struct der_value subject;

        TRY(der_enter_all(der, DER_SEQUENCE, &tbs));
        TRY(lint_version(lint, &tbs));
        TRY(lint_serial(lint, &tbs));
        TRY(lint_algorithm(lint, &tbs));
        TRY(lint_issuer(lint, &tbs));
        TRY(lint_validity(lint, &tbs));
        TRY(der_read_tag(&tbs, DER_SEQUENCE, &subject));
        lint->subject = subject.content;
        TRY(lint_subject(lint));
        TRY(lint_key(lint, &tbs));
        RULE(lint, !der_next_is(&tbs, DER_CONTEXT(1)) && !der_next_is(&tbs, DER_CONTEXT(2)), UNIQUE_ID);
        TRY(lint_extensions(lint, &tbs));
        TRY(der_end(&tbs));
        return lint_names(lint);
}

/* A failure without a finding is one of form. */
static res report(struct lint *lint, res result, struct pki_finding *ret_finding)
{
        *ret_finding = (struct pki_finding){NULL, NULL, NULL};
        if (res_is_ok(result))
                return RES_OK;
        if (!lint->has_found && result.err != ERR_FORMAT)
                return result; /* a failure of our own */
        *ret_finding = findings[lint->has_found ? lint->found : LINT_DER];
        return FAIL(ERR_LINT);
}

res pki_lint_tbs(struct bytes tbs, const struct pki_lint_context *context, struct pki_finding *ret_finding)
{
        struct lint lint = {.context = context};

        return report(&lint, lint_fields(&lint, tbs), ret_finding);
}

static res lint_outer(struct lint *lint, struct bytes der)
{
        struct der in, tbs;
        struct der_value tbs_value, outer_alg, inner_alg, skipped;
        struct bytes signature;

        TRY(der_enter_all(der, DER_SEQUENCE, &in));
        TRY(der_read_tag(&in, DER_SEQUENCE, &tbs_value));
        TRY(der_read_tag(&in, DER_SEQUENCE, &outer_alg));
        TRY(der_read_bits(&in, &signature));
        TRY(der_end(&in));
        TRY(lint_fields(lint, tbs_value.whole));
        tbs = der_of(tbs_value.content);
        TRY(der_read(&tbs, &skipped)); /* version */
        TRY(der_read(&tbs, &skipped)); /* serial */
        TRY(der_read(&tbs, &inner_alg));
        RULE(lint, der_oid_equal(inner_alg.whole, outer_alg.whole), ALGORITHM_DIFFERS);
        return RES_OK;
}

res pki_lint_cert(struct bytes cert, const struct pki_lint_context *context, struct pki_finding *ret_finding)
{
        struct lint lint = {.context = context};

        return report(&lint, lint_outer(&lint, cert), ret_finding);
}
