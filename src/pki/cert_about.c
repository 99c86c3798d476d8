/* See cert_about.h. */
#include "pki/cert_about.h"

#include "pki/der.h"
#include "pki/general_name.h"
#include "pki/name.h"

static const uint8_t ca_issuers_oid[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02};

/* 2.23.140.1.x: BR 7.1.6.1, EV Guidelines 7.1.6. */
static const struct policy_row {
        const char *level;
        uint8_t oid[6];
        size_t size;
} policy_rows[] = {
        {"DV", {0x67, 0x81, 0x0c, 0x01, 0x02, 0x01}, 6},
        {"OV", {0x67, 0x81, 0x0c, 0x01, 0x02, 0x02}, 6},
        {"OV", {0x67, 0x81, 0x0c, 0x01, 0x02, 0x03}, 6}, /* a person's name instead of an organisation's */
        {"EV", {0x67, 0x81, 0x0c, 0x01, 0x01}, 5},
};

static const char *policy_level(struct bytes oid)
{
        for (size_t i = 0; i < sizeof(policy_rows) / sizeof(*policy_rows); i++)
                if (der_oid_equal(oid, bytes_of(policy_rows[i].oid, policy_rows[i].size)))
                        return policy_rows[i].level;
        return NULL;
}

static res read_level(struct bytes policies, const char **ret_level)
{
        struct der in, information;
        struct bytes oid;

        TRY(der_enter_all(policies, DER_SEQUENCE, &in));
        while (!der_is_end(&in) && !*ret_level) {
                TRY(der_enter(&in, DER_SEQUENCE, &information));
                TRY(der_read_oid(&information, &oid));
                *ret_level = policy_level(oid);
        }
        return RES_OK;
}

const char *pki_cert_level(const struct pki_cert *cert)
{
        const char *level = NULL;
        struct str organisation;

        if (cert->policies.n > 0 && res_is_ok(read_level(cert->policies, &level)) && level)
                return level;
        return res_is_ok(pki_name_find(cert->subject, PKI_ATTR_O, &organisation)) ? "OV" : "DV";
}

static bool is_http(struct str url)
{
        for (size_t i = 0; i < url.n; i++)
                if (url.p[i] <= ' ' || url.p[i] > '~')
                        return false;
        return str_starts_with(url, STR("http://")) || str_starts_with(url, STR("https://"));
}

res pki_cert_issuer_url(const struct pki_cert *cert, struct str *ret_url)
{
        struct der in, description;
        struct der_value location;
        struct bytes oid;

        ENSURE(cert->aia.n > 0, ERR_NOT_FOUND);
        TRY(der_enter_all(cert->aia, DER_SEQUENCE, &in));
        while (!der_is_end(&in)) {
                TRY(der_enter(&in, DER_SEQUENCE, &description));
                TRY(der_read_oid(&description, &oid));
                TRY(der_read(&description, &location));
                struct str url = {(const char *)location.content.p, location.content.n};

                if (!der_oid_equal(oid, bytes_of(ca_issuers_oid, sizeof(ca_issuers_oid))) ||
                    location.tag != GENERAL_NAME_URI || !is_http(url))
                        continue;
                *ret_url = url;
                return RES_OK;
        }
        return FAIL(ERR_NOT_FOUND);
}

static void add_visible(struct str text, struct buf *out)
{
        for (size_t i = 0; i < text.n; i++)
                buf_add_byte(out, (uint8_t)((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f ? '?' : text.p[i]));
}

res pki_cert_subject_text(struct bytes name_der, struct buf *out)
{
        struct str text = {NULL, 0};

        if (!res_is_ok(pki_name_find(name_der, PKI_ATTR_CN, &text)) || text.n == 0)
                if (!res_is_ok(pki_name_find(name_der, PKI_ATTR_O, &text)) || text.n == 0)
                        return pki_name_text(name_der, out);
        add_visible(text, out);
        return buf_check(out);
}
