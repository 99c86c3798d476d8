#include "probe/alpn.h"

#include <openssl/x509v3.h>
#include <string.h>

#include "base/address.h"

/*
 * RFC 8737 §3: exactly one name in the SAN, and a critical id-pe-acmeIdentifier whose value is an OCTET STRING of the 32
 * bytes of the hash.  The object identifier is the registered one alone; the draft's older one counted once at another CA, and
 * nobody noticed for years.
 */

static const uint8_t identifier_oid[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x1f}; /* 1.3.6.1.5.5.7.1.31 */

static void names_free(GENERAL_NAMES **names)
{
        GENERAL_NAMES_free(*names);
}

static void certificate_free(X509 **certificate)
{
        X509_free(*certificate);
}

static bool address_equal(const ASN1_OCTET_STRING *value, const char *name)
{
        uint8_t address[16];
        size_t size = address_parse(str_of(name), address);

        return size > 0 && ASN1_STRING_length(value) == (int)size && memcmp(ASN1_STRING_get0_data(value), address, size) == 0;
}

static bool name_equal(const GENERAL_NAME *general, const char *name)
{
        int type = 0;
        const void *value = GENERAL_NAME_get0_value(general, &type);
        if (type == GEN_IPADD)
                return address_equal(value, name);
        if (type != GEN_DNS)
                return false;
        struct str text = {(const char *)ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)};
        return str_equal_nocase(text, str_of(name));
}

static const char *judge_names(X509 *certificate, const char *name)
{
        int critical = 0;
        CLEAN(names_free) GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, &critical, NULL);
        if (!names)
                return critical == -2 ? "has two subject alternative names extensions"
                                      : "has no readable subject alternative name";
        if (sk_GENERAL_NAME_num(names) != 1)
                return "has not exactly one subject alternative name";
        return name_equal(sk_GENERAL_NAME_value(names, 0), name) ? NULL : "is for another name";
}

static bool is_identifier(X509_EXTENSION *extension)
{
        const ASN1_OBJECT *object = X509_EXTENSION_get_object(extension);
        return OBJ_length(object) == sizeof(identifier_oid) &&
               memcmp(OBJ_get0_data(object), identifier_oid, sizeof(identifier_oid)) == 0;
}

static const char *judge_identifier(X509 *certificate, const uint8_t hash[32])
{
        X509_EXTENSION *found = NULL;
        for (int i = 0; i < X509_get_ext_count(certificate); i++) {
                X509_EXTENSION *extension = X509_get_ext(certificate, i);
                if (!is_identifier(extension))
                        continue;
                if (found)
                        return "has two acmeIdentifier extensions";
                found = extension;
        }
        if (!found)
                return "has no acmeIdentifier extension";
        if (!X509_EXTENSION_get_critical(found))
                return "has an acmeIdentifier extension that is not critical";
        const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(found);
        const uint8_t *bytes = ASN1_STRING_get0_data(value);
        if (ASN1_STRING_length(value) != 34 || bytes[0] != 0x04 || bytes[1] != 32)
                return "has an acmeIdentifier extension that is no hash of 32 bytes";
        return memcmp(bytes + 2, hash, 32) == 0 ? NULL : "has an acmeIdentifier with another hash";
}

const char *alpn_judge(struct bytes der, const char *name, const uint8_t hash[32])
{
        const uint8_t *p = der.p;
        CLEAN(certificate_free) X509 *certificate = der.n < 65536 ? d2i_X509(NULL, &p, (long)der.n) : NULL;
        if (!certificate || p != der.p + der.n)
                return "cannot be read";
        const char *fault = judge_names(certificate, name);
        return fault ? fault : judge_identifier(certificate, hash);
}
