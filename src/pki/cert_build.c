/*
 * Building a certificate: the TBSCertificate is written from top to bottom, one function a part, each extension that
 * the profile has.  Criticality follows RFC 5280 and BR 7.1.2: basicConstraints of CAs and keyUsage critical, the names
 * critical only when they stand alone.
 */
#include "pki/cert.h"

#include "pki/der.h"
#include "pki/general_name.h"
#include "pki/name.h"

#define COMMON_NAME_MAX 64 /* ub-common-name, RFC 5280 appendix A.1 */

#define OID_CE(n) \
        { \
                0x55, 0x1d, (n) \
        }
static const uint8_t oid_key_id[] = OID_CE(14);
static const uint8_t oid_key_usage[] = OID_CE(15);
static const uint8_t oid_san[] = OID_CE(17);
static const uint8_t oid_basic_constraints[] = OID_CE(19);
static const uint8_t oid_crl_points[] = OID_CE(31);
static const uint8_t oid_policies[] = OID_CE(32);
static const uint8_t oid_authority_key_id[] = OID_CE(35);
static const uint8_t oid_eku[] = OID_CE(37);
static const uint8_t oid_aia[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01};
static const uint8_t oid_server_auth[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01};
static const uint8_t oid_ocsp_signing[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x09};
static const uint8_t oid_ad_ocsp[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01};
static const uint8_t oid_ad_issuers[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02};
static const uint8_t oid_ocsp_nocheck[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x05};
#define OID(name) bytes_of((name), sizeof(name))

void pki_serial_fix(uint8_t serial[PKI_SERIAL_SIZE])
{
        serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40);
}

struct open_extension {
        struct der_mark whole, value;
};

static struct open_extension open_extension(struct buf *out, struct bytes oid, bool is_critical)
{
        struct open_extension open = {der_open(out, DER_SEQUENCE), {0}};

        der_add_oid(out, oid);
        if (is_critical)
                der_add_bool(out, true);
        open.value = der_open(out, DER_OCTET_STRING);
        return open;
}

static void close_extension(struct buf *out, struct open_extension open)
{
        der_close(out, open.value);
        der_close(out, open.whole);
}

static void write_key_ids(const struct pki_cert_request *request, struct buf *out)
{
        struct open_extension open = open_extension(out, OID(oid_authority_key_id), false);
        struct der_mark key_id = der_open(out, DER_SEQUENCE);

        der_add(out, DER_CONTEXT(0), request->issuer->key_id);
        der_close(out, key_id);
        close_extension(out, open);
        if (!request->profile->ski)
                return;
        open = open_extension(out, OID(oid_key_id), false);
        der_add(out, DER_OCTET_STRING, request->key_id);
        close_extension(out, open);
}

static void write_key_usage(uint32_t usage, struct buf *out)
{
        struct open_extension open = open_extension(out, OID(oid_key_usage), true);

        der_add_named_bits(out, usage);
        close_extension(out, open);
}

static void write_basic_constraints(const struct pki_profile *profile, struct buf *out)
{
        struct open_extension open;
        struct der_mark value;

        if (profile->kind != PKI_PROFILE_ROOT && profile->kind != PKI_PROFILE_INTERMEDIATE)
                return;
        open = open_extension(out, OID(oid_basic_constraints), true);
        value = der_open(out, DER_SEQUENCE);
        der_add_bool(out, true);
        if (profile->path_len >= 0)
                der_add_small(out, (uint64_t)profile->path_len);
        der_close(out, value);
        close_extension(out, open);
}

static void write_eku(uint32_t eku, struct buf *out)
{
        struct open_extension open;
        struct der_mark list;

        if (eku == 0)
                return;
        open = open_extension(out, OID(oid_eku), false);
        list = der_open(out, DER_SEQUENCE);
        if (eku & PKI_EKU_SERVER_AUTH)
                der_add_oid(out, OID(oid_server_auth));
        if (eku & PKI_EKU_OCSP_SIGNING)
                der_add_oid(out, OID(oid_ocsp_signing));
        der_close(out, list);
        close_extension(out, open);
}

static void write_policies(const struct pki_profile *profile, struct buf *out)
{
        struct open_extension open;
        struct der_mark list, information;

        if (profile->policy_oid_len == 0)
                return;
        open = open_extension(out, OID(oid_policies), false);
        list = der_open(out, DER_SEQUENCE);
        information = der_open(out, DER_SEQUENCE);
        der_add_oid(out, bytes_of(profile->policy_oid, profile->policy_oid_len));
        der_close(out, information);
        der_close(out, list);
        close_extension(out, open);
}

static void write_access(struct bytes method, struct str url, struct buf *out)
{
        struct der_mark description = der_open(out, DER_SEQUENCE);

        der_add_oid(out, method);
        der_add(out, GENERAL_NAME_URI, bytes_of(url.p, url.n));
        der_close(out, description);
}

static void write_aia(const struct pki_cert_request *request, struct buf *out)
{
        const struct pki_profile *profile = request->profile;
        struct open_extension open;
        struct der_mark list;

        if (!profile->aia_ocsp && !profile->aia_issuer)
                return;
        open = open_extension(out, OID(oid_aia), false);
        list = der_open(out, DER_SEQUENCE);
        if (profile->aia_ocsp)
                write_access(OID(oid_ad_ocsp), request->ocsp_url, out);
        if (profile->aia_issuer)
                write_access(OID(oid_ad_issuers), request->issuer_url, out);
        der_close(out, list);
        close_extension(out, open);
}

static void write_crl_point(const struct pki_cert_request *request, struct buf *out)
{
        struct open_extension open;
        struct der_mark list, point, name, full_name;

        if (!request->profile->crl_url)
                return;
        open = open_extension(out, OID(oid_crl_points), false);
        list = der_open(out, DER_SEQUENCE);
        point = der_open(out, DER_SEQUENCE);
        name = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
        full_name = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
        der_add(out, GENERAL_NAME_URI, bytes_of(request->crl_url.p, request->crl_url.n));
        der_close(out, full_name);
        der_close(out, name);
        der_close(out, point);
        der_close(out, list);
        close_extension(out, open);
}

static void write_nocheck(const struct pki_profile *profile, struct buf *out)
{
        struct open_extension open;

        if (!profile->ocsp_nocheck)
                return;
        open = open_extension(out, OID(oid_ocsp_nocheck), false);
        der_add_null(out);
        close_extension(out, open);
}

static bool has_common_name(const struct pki_cert_request *request)
{
        return request->profile->common_name && request->common_name.n > 0 && request->common_name.n <= COMMON_NAME_MAX;
}

static res write_names(const struct pki_cert_request *request, struct buf *out)
{
        struct open_extension open;

        if (request->profile->kind != PKI_PROFILE_LEAF)
                return RES_OK;
        open = open_extension(out, OID(oid_san), !has_common_name(request));
        TRY(pki_general_names_write(request->names, request->name_count, out));
        close_extension(out, open);
        return RES_OK;
}

static res write_extensions(const struct pki_cert_request *request, struct buf *out)
{
        const struct pki_profile *profile = request->profile;
        struct der_mark outer = der_open(out, DER_CONTEXT_CONSTRUCTED(3)), list = der_open(out, DER_SEQUENCE);
        struct pki_spki spki;

        TRY(pki_spki_parse(request->spki, &spki));
        write_key_ids(request, out);
        write_key_usage(pki_profile_key_usage(profile, spki.family), out);
        write_basic_constraints(profile, out);
        write_eku(profile->eku, out);
        write_policies(profile, out);
        TRY(write_names(request, out));
        write_aia(request, out);
        write_crl_point(request, out);
        write_nocheck(profile, out);
        der_close(out, list);
        der_close(out, outer);
        return RES_OK;
}

static void write_subject(const struct pki_cert_request *request, struct buf *out)
{
        if (request->profile->kind != PKI_PROFILE_LEAF)
                buf_add(out, request->subject.p, request->subject.n);
        else
                pki_name_write_cn(has_common_name(request) ? request->common_name : (struct str){NULL, 0}, out);
}

static void write_validity(const struct pki_cert_request *request, struct buf *out)
{
        struct der_mark validity = der_open(out, DER_SEQUENCE);

        der_add_time(out, request->not_before);
        der_add_time(out, request->not_after);
        der_close(out, validity);
}

static void write_version(struct buf *out)
{
        struct der_mark version = der_open(out, DER_CONTEXT_CONSTRUCTED(0));

        der_add_small(out, 2); /* v3 */
        der_close(out, version);
}

static res check_request(const struct pki_cert_request *request)
{
        const struct pki_profile *profile = request->profile;
        struct bytes alg = pki_alg_der(request->issuer->alg);

        ENSURE(alg.n > 0 && request->issuer->name.n > 0 && request->issuer->key_id.n > 0, ERR_FORMAT);
        ENSURE(profile->kind == PKI_PROFILE_LEAF || request->subject.n > 0, ERR_FORMAT);
        ENSURE(!profile->ski || request->key_id.n > 0, ERR_FORMAT);
        ENSURE(!profile->aia_ocsp || request->ocsp_url.n > 0, ERR_FORMAT);
        ENSURE(!profile->aia_issuer || request->issuer_url.n > 0, ERR_FORMAT);
        ENSURE(!profile->crl_url || request->crl_url.n > 0, ERR_FORMAT);
        return RES_OK;
}

res pki_cert_build(const struct pki_cert_request *request, struct buf *out)
{
        struct bytes alg = pki_alg_der(request->issuer->alg);
        struct der_mark tbs;

        TRY(check_request(request));
        tbs = der_open(out, DER_SEQUENCE);
        write_version(out);
        der_add_unsigned(out, bytes_of(request->serial, PKI_SERIAL_SIZE));
        buf_add(out, alg.p, alg.n);
        buf_add(out, request->issuer->name.p, request->issuer->name.n);
        write_validity(request, out);
        write_subject(request, out);
        buf_add(out, request->spki.p, request->spki.n);
        TRY(write_extensions(request, out));
        der_close(out, tbs);
        return buf_check(out);
}

res pki_cert_sign(struct pki_key *issuer_key, struct pki_alg alg, struct bytes tbs, struct buf *out)
{
        CLEAN(buf_done) struct buf signature = {0};
        struct bytes alg_der = pki_alg_der(alg);
        struct der_mark whole;

        buf_init(&signature, 2048);
        TRY(pki_key_sign(issuer_key, alg, tbs, &signature));
        whole = der_open(out, DER_SEQUENCE);
        buf_add(out, tbs.p, tbs.n);
        buf_add(out, alg_der.p, alg_der.n);
        der_add_bits(out, buf_bytes(&signature));
        der_close(out, whole);
        return buf_check(out);
}
