/*
 * Reading certificates, ours and foreign ones, without d2i_X509 (170 µs and a lock).  The whole form is checked; of
 * the extensions those that decide or are shown are read, the others only have to be well framed.
 */
#include "pki/cert.h"

#include "base/arena.h"
#include "base/hex.h"
#include "pki/der.h"
#include "pki/extension.h"
#include "pki/general_name.h"
#include "pki/name.h"

#define SERIAL_MAX 20 /* RFC 5280 §4.1.2.2 */

static const uint8_t oid_aia[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01};
static const uint8_t oid_server_auth[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01};
static const uint8_t oid_ocsp_signing[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x09};

static res read_basic_constraints(struct bytes value, struct pki_cert *cert)
{
        struct der in;
        uint64_t path_len = 0;

        TRY(der_enter_all(value, DER_SEQUENCE, &in));
        if (der_next_is(&in, DER_BOOLEAN))
                TRY(der_read_bool(&in, &cert->is_ca));
        if (!der_is_end(&in)) {
                TRY(der_read_small(&in, &path_len));
                cert->path_len = path_len < 1000 ? (int)path_len : 1000;
        }
        return der_end(&in);
}

static res read_key_usage(struct bytes value, struct pki_cert *cert)
{
        struct der in = der_of(value);

        TRY(der_read_bit_flags(&in, &cert->key_usage));
        cert->has_key_usage = true;
        return der_end(&in);
}

static res read_eku(struct bytes value, struct pki_cert *cert)
{
        struct der in;
        struct bytes oid;

        TRY(der_enter_all(value, DER_SEQUENCE, &in));
        do {
                TRY(der_read_oid(&in, &oid));
                if (der_oid_equal(oid, bytes_of(oid_server_auth, sizeof(oid_server_auth))))
                        cert->eku |= PKI_EKU_SERVER_AUTH;
                if (der_oid_equal(oid, bytes_of(oid_ocsp_signing, sizeof(oid_ocsp_signing))))
                        cert->eku |= PKI_EKU_OCSP_SIGNING;
        } while (!der_is_end(&in));
        cert->has_eku = true;
        return RES_OK;
}

static res read_key_id(struct bytes value, struct pki_cert *cert)
{
        struct der in = der_of(value);
        struct der_value octets;

        TRY(der_read_tag(&in, DER_OCTET_STRING, &octets));
        cert->key_id = octets.content;
        return der_end(&in);
}

static res read_authority_key_id(struct bytes value, struct pki_cert *cert)
{
        struct der in;
        struct der_value part;

        TRY(der_enter_all(value, DER_SEQUENCE, &in));
        while (!der_is_end(&in)) {
                TRY(der_read(&in, &part));
                if (part.tag == DER_CONTEXT(0))
                        cert->authority_key_id = part.content;
        }
        return RES_OK;
}

static res read_sequence(struct bytes value, struct bytes *ret_value)
{
        struct der in;

        TRY(der_enter_all(value, DER_SEQUENCE, &in));
        *ret_value = value;
        return RES_OK;
}

static res read_extension(const struct extension *extension, struct pki_cert *cert)
{
        struct bytes value = extension->value;

        switch (pki_extension_id_ce(extension->oid)) {
        case EXT_BASIC_CONSTRAINTS:
                return read_basic_constraints(value, cert);
        case EXT_KEY_USAGE:
                return read_key_usage(value, cert);
        case EXT_EXTENDED_KEY_USAGE:
                return read_eku(value, cert);
        case EXT_SUBJECT_KEY_ID:
                return read_key_id(value, cert);
        case EXT_AUTHORITY_KEY_ID:
                return read_authority_key_id(value, cert);
        case EXT_CRL_POINTS:
                return read_sequence(value, &cert->crl_points);
        case EXT_POLICIES:
                return read_sequence(value, &cert->policies);
        case EXT_SAN:
                cert->san = value;
                return pki_general_names_check(value);
        default:
                if (der_oid_equal(extension->oid, bytes_of(oid_aia, sizeof(oid_aia))))
                        return read_sequence(value, &cert->aia);
                return RES_OK;
        }
}

static res read_extensions(struct der *tbs, struct pki_cert *cert)
{
        struct der list;
        struct extension extension;

        TRY(pki_extension_enter(tbs, DER_CONTEXT_CONSTRUCTED(3), &list));
        while (!der_is_end(&list)) {
                TRY(pki_extension_read(&list, &extension));
                TRY(read_extension(&extension, cert));
        }
        return RES_OK;
}

/* Absent means v1 (0); extensions need v3 (2). */
static res read_version(struct der *tbs, uint64_t *ret_version)
{
        struct der inner;

        *ret_version = 0;
        if (!der_next_is(tbs, DER_CONTEXT_CONSTRUCTED(0)))
                return RES_OK;
        TRY(der_enter(tbs, DER_CONTEXT_CONSTRUCTED(0), &inner));
        TRY(der_read_small(&inner, ret_version));
        ENSURE(*ret_version == 1 || *ret_version == 2, ERR_FORMAT);
        return der_end(&inner);
}

static res read_name(struct der *tbs, struct bytes *ret_name)
{
        struct der_value name;

        TRY(der_read_tag(tbs, DER_SEQUENCE, &name));
        TRY(pki_name_check(name.whole));
        *ret_name = name.whole;
        return RES_OK;
}

/* Roots that every browser trusts write years before 2050 in the long form; whether ours do is the lint's to judge. */
static res read_time(struct der *in, int64_t *ret_sec)
{
        if (der_next_is(in, DER_GENERALIZED_TIME))
                return der_read_generalized_time(in, ret_sec);
        return der_read_time(in, ret_sec);
}

static res read_validity(struct der *tbs, struct pki_cert *cert)
{
        struct der inner;

        TRY(der_enter(tbs, DER_SEQUENCE, &inner));
        TRY(read_time(&inner, &cert->not_before));
        TRY(read_time(&inner, &cert->not_after));
        return der_end(&inner);
}

/* A key of a kind that we do not read (Ed25519, P-521, an odd point form) is kept as bytes. */
static res read_spki(struct der *tbs, struct pki_cert *cert)
{
        struct der_value spki;
        res result;

        TRY(der_read_tag(tbs, DER_SEQUENCE, &spki));
        result = pki_spki_parse(spki.whole, &cert->spki);
        if (result.err != ERR_KEY_TYPE)
                return result;
        cert->spki = (struct pki_spki){.der = spki.whole};
        return RES_OK;
}

/* [1] and [2] IMPLICIT BIT STRING: nobody looks into them, but they must be what they say. */
static res skip_unique_ids(struct der *tbs, uint64_t version)
{
        struct der_value skipped;

        for (uint8_t n = 1; n <= 2; n++) {
                if (!der_next_is(tbs, (uint8_t)DER_CONTEXT(n)))
                        continue;
                ENSURE(version >= 1, ERR_FORMAT);
                TRY(der_read(tbs, &skipped));
                TRY(der_check_bits(skipped.content));
        }
        return RES_OK;
}

static res read_tbs(struct pki_cert *cert, struct bytes alg_der)
{
        struct der tbs;
        struct der_value alg;
        uint64_t version = 0;

        TRY(der_enter_all(cert->tbs, DER_SEQUENCE, &tbs));
        TRY(read_version(&tbs, &version));
        TRY(der_read_unsigned(&tbs, &cert->serial));
        ENSURE(cert->serial.n <= SERIAL_MAX, ERR_FORMAT);
        TRY(der_read_tag(&tbs, DER_SEQUENCE, &alg));
        ENSURE(der_oid_equal(alg.whole, alg_der), ERR_FORMAT); /* RFC 5280 §4.1.1.2: both the same */
        TRY(read_name(&tbs, &cert->issuer));
        TRY(read_validity(&tbs, cert));
        TRY(read_name(&tbs, &cert->subject));
        TRY(read_spki(&tbs, cert));
        TRY(skip_unique_ids(&tbs, version));
        if (version == 2 && !der_is_end(&tbs))
                TRY(read_extensions(&tbs, cert));
        return der_end(&tbs);
}

res pki_cert_parse(struct bytes der, struct pki_cert *ret_cert)
{
        struct pki_cert cert = {.der = der, .path_len = -1};
        struct der in;
        struct der_value tbs, alg;

        TRY(der_enter_all(der, DER_SEQUENCE, &in));
        TRY(der_read_tag(&in, DER_SEQUENCE, &tbs));
        TRY(der_read_tag(&in, DER_SEQUENCE, &alg));
        TRY(der_read_bits(&in, &cert.signature));
        TRY(der_end(&in));
        cert.tbs = tbs.whole;
        cert.alg_der = alg.whole;
        /* A signature of a kind that we cannot check (SHA-1, PSS) is shown but never verifies. */
        TRY(pki_alg_check_form(alg.whole));
        if (!res_is_ok(pki_alg_parse(alg.whole, &cert.alg)))
                cert.alg = (struct pki_alg){0};
        TRY(read_tbs(&cert, alg.whole));
        *ret_cert = cert;
        return RES_OK;
}

res pki_cert_verify(struct pki_kit *kit, const struct pki_cert *cert, const struct pki_spki *issuer_key)
{
        return pki_spki_verify(kit, issuer_key, cert->alg, cert->tbs, cert->signature);
}

res pki_cert_names(const struct pki_cert *cert, struct arena *arena, struct strs *ret_names)
{
        if (cert->san.n == 0) {
                *ret_names = (struct strs){NULL, 0};
                return RES_OK;
        }
        return pki_general_names_text(cert->san, arena, ret_names);
}

res pki_cert_fingerprint(struct pki_kit *kit, const struct pki_cert *cert, enum pki_digest digest, char *out)
{
        uint8_t hash[PKI_DIGEST_MAX];

        TRY(pki_kit_hash(kit, digest, cert->der, hash));
        hex_upper(bytes_of(hash, pki_digest_size(digest)), out);
        return RES_OK;
}

bool pki_cert_has_key(const struct pki_cert *cert, const struct pki_key *key)
{
        return der_oid_equal(cert->spki.der, pki_key_spki(key));
}
