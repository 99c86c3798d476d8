/*
 * What may stand in a request: lengths of RFC 5280 appendix A.1 (ub-…) counted in characters, text without control
 * characters, a country of ISO 3166, a fully qualified name.
 */
#include "core/core.h"
#include "core/csr.h"
#include "core/domain.h"
#include "core/key_kind.h"
#include "core/label.h"
#include "pki/name.h"

#define CSR_SUBJECT_BYTES 4096 /* six parts of at most 128 characters */

static const char countries[] =
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD "
        "CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF "
        "GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN "
        "KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA "
        "NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI "
        "SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI "
        "VN VU WF WS YE YT ZA ZM ZW";

static const struct csr_text {
        const char *name; /* the API's */
        size_t in, out;   /* in struct csr_fields, in struct csr_row */
        size_t most;      /* characters */
} csr_texts[] = {
        {"Organization", offsetof(struct csr_fields, organization), offsetof(struct csr_row, organization), 64},
        {"Department", offsetof(struct csr_fields, department), offsetof(struct csr_row, department), 64},
        {"Province", offsetof(struct csr_fields, province), offsetof(struct csr_row, province), 128},
        {"City", offsetof(struct csr_fields, city), offsetof(struct csr_row, city), 128},
        {"Remark", offsetof(struct csr_fields, remark), offsetof(struct csr_row, remark), LIMIT_ALIAS_CHARS},
};

static size_t characters(struct str s)
{
        size_t n = 0;

        for (size_t i = 0; i < s.n; i++)
                n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
        return n;
}

static res check_texts(struct act *act, const struct csr_fields *in, struct csr_row *row)
{
        for (size_t i = 0; i < sizeof csr_texts / sizeof *csr_texts; i++) {
                const struct csr_text *text = &csr_texts[i];
                struct str value = *(const struct str *)((const char *)in + text->in);

                if (value.p == NULL)
                        continue;
                value = str_trim(value);
                if (characters(value) > text->most || label_has_control_chars(value) || !str_is_utf8(value))
                        return act_fail(act, ERR_PARAM_VALUE, "%s may have at most %zu printable characters.", text->name, text->most);
                *(struct str *)((char *)row + text->out) = str_dup(act->arena, value);
        }
        return RES_OK;
}

/* CSR-04, CSR-24: a fully qualified name, wildcard or not; people paste it with https:// in front. */
static res check_domain(struct act *act, struct str typed, struct csr_row *row)
{
        struct domain_name name = {0};

        typed = str_trim(typed);
        if (str_starts_with(typed, STR("https://")))
                typed = (struct str){typed.p + 8, typed.n - 8};
        TRY(domain_parse(act, typed, &name));
        if (name.is_ip || !strchr(name.ascii, '.'))
                return act_fail(act, ERR_DOMAIN, "Domain %s is no fully qualified domain name; give one such as www.tencent.com.", name.ascii);
        if (strlen(name.ascii) > LIMIT_BOUND_NAME_BYTES)
                return act_fail(act, ERR_DOMAIN_LENGTH, "Domain has %zu characters; a common name may have at most %d.", strlen(name.ascii),
                                LIMIT_BOUND_NAME_BYTES);
        row->domain = str_of(name.ascii);
        return RES_OK;
}

/* CSR-10. */
static res check_country(struct act *act, struct str country, struct csr_row *row)
{
        char upper[3] = "";

        country = str_trim(country);
        for (size_t i = 0; i < 2 && country.n == 2; i++)
                upper[i] = country.p[i] >= 'a' && country.p[i] <= 'z' ? (char)(country.p[i] - 32) : country.p[i];
        const char *found = upper[0] > ' ' && upper[1] > ' ' ? strstr(countries, upper) : NULL;

        if (!found)
                return act_fail(act, ERR_PARAM_VALUE, "Country must be the two letters of ISO 3166, such as CN.");
        row->country = str_of(arena_strdup(act->arena, upper));
        return RES_OK;
}

/* CSR-11, CSR-12.  A new algorithm without a parameter means that algorithm's usual one. */
static res check_key(struct act *act, const struct csr_fields *in, struct csr_row *row)
{
        struct str algo = in->key_algo.n ? in->key_algo : row->encrypt_algo;
        const struct key_kind *kind = key_kind_find(algo, in->key_parameter.n || in->key_algo.n ? in->key_parameter : row->key_parameter);

        if (kind == NULL)
                return act_fail(act, ERR_PARAM_VALUE,
                                "EncryptAlgo and KeyParameter must be RSA with 2048 or 4096, or ECC with prime256v1 or secp384r1.");
        row->encrypt_algo = str_of(kind->algo);
        row->key_parameter = str_of(kind->parameter);
        return RES_OK;
}

res csr_check_fields(struct act *act, const struct csr_fields *in, struct csr_row *row)
{
        if (in->domain.p)
                TRY(check_domain(act, in->domain, row));
        TRY(check_texts(act, in, row));
        if (in->email.n > 0 && !domain_email_is_valid(in->email)) /* CSR-07 */
                return act_fail(act, ERR_EMAIL, "Email is not an email address; it may be left empty.");
        if (in->email.p)
                row->email = str_dup(act->arena, in->email);
        if (in->country.p)
                TRY(check_country(act, in->country, row));
        return in->key_algo.n || in->key_parameter.n ? check_key(act, in, row) : RES_OK;
}

res csr_check_whole(struct act *act, const struct csr_row *row)
{
        const struct {
                const char *name;
                struct str value;
        } needed[] = {
                {"Domain", row->domain},         {"Organization", row->organization}, {"Department", row->department},
                {"Province", row->province},     {"City", row->city},                 {"Country", row->country},
                {"EncryptAlgo", row->encrypt_algo},
        };

        for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
                if (needed[i].value.n == 0)
                        return act_fail(act, ERR_PARAM_VALUE, "%s is empty; a request needs it.", needed[i].name);
        return RES_OK;
}

res csr_subject(struct act *act, const struct csr_row *row, struct bytes *ret_der)
{
        const struct pki_name_part parts[] = {
                {PKI_ATTR_C, row->country},     {PKI_ATTR_ST, row->province},    {PKI_ATTR_L, row->city}, {PKI_ATTR_O, row->organization},
                {PKI_ATTR_OU, row->department}, {PKI_ATTR_CN, row->domain},      {PKI_ATTR_EMAIL, row->email},
        };
        size_t count = sizeof parts / sizeof *parts - (row->email.n == 0);
        CLEAN(buf_done) struct buf der = {0};

        buf_init(&der, CSR_SUBJECT_BYTES);
        pki_name_write(parts, count, &der);
        TRY(buf_check(&der));
        *ret_der = bytes_of(arena_copy(act->arena, der.p, der.n), der.n);
        return RES_OK;
}
