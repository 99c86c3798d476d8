/*
 * The table of algorithms and the kit.  Signature algorithms are compared as whole DER values: each of those we know
 * has exactly one encoding (RFC 4055 §5 for RSA with NULL, RFC 5758 §3.2 for ECDSA without parameters).
 */
#include "pki/alg.h"

#include <stdlib.h>

#include <openssl/obj_mac.h>

#include "pki/der.h"
#include "pki/kit.h"

struct key_row {
        const char *name, *curve;
        enum pki_family family;
        enum pki_digest digest;
        int nid;
};

static const struct key_row key_rows[PKI_KEY_TYPE_COUNT] = {
        [PKI_KEY_NONE] = {"", NULL, PKI_FAMILY_NONE, PKI_DIGEST_NONE, NID_undef},
        [PKI_KEY_RSA_2048] = {"rsa-2048", NULL, PKI_FAMILY_RSA, PKI_SHA256, NID_undef},
        [PKI_KEY_RSA_4096] = {"rsa-4096", NULL, PKI_FAMILY_RSA, PKI_SHA256, NID_undef},
        [PKI_KEY_RSA_3072] = {"rsa-3072", NULL, PKI_FAMILY_RSA, PKI_SHA256, NID_undef},
        [PKI_KEY_EC_P256] = {"ec-p256", "P-256", PKI_FAMILY_ECC, PKI_SHA256, NID_X9_62_prime256v1},
        [PKI_KEY_EC_P384] = {"ec-p384", "P-384", PKI_FAMILY_ECC, PKI_SHA384, NID_secp384r1},
        [PKI_KEY_SM2] = {"sm2", "SM2", PKI_FAMILY_SM2, PKI_SM3, NID_sm2},
};

struct digest_row {
        const char *name;
        size_t size;
};

static const struct digest_row digest_rows[PKI_DIGEST_COUNT] = {
        [PKI_SHA1] = {"SHA1", 20},     [PKI_SHA256] = {"SHA256", 32}, [PKI_SHA384] = {"SHA384", 48},
        [PKI_SHA512] = {"SHA512", 64}, [PKI_SM3] = {"SM3", 32},
};

#define RSA_WITH(last) \
        { \
                0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, (last), 0x05, 0x00 \
        }
#define ECDSA_WITH(last) \
        { \
                0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, (last) \
        }

struct signature_row {
        enum pki_family family;
        enum pki_digest digest;
        uint8_t der[16];
        size_t size;
};

static const struct signature_row signature_rows[] = {
        {PKI_FAMILY_RSA, PKI_SHA256, RSA_WITH(0x0b), 15},
        {PKI_FAMILY_RSA, PKI_SHA384, RSA_WITH(0x0c), 15},
        {PKI_FAMILY_RSA, PKI_SHA512, RSA_WITH(0x0d), 15},
        {PKI_FAMILY_ECC, PKI_SHA256, ECDSA_WITH(0x02), 12},
        {PKI_FAMILY_ECC, PKI_SHA384, ECDSA_WITH(0x03), 12},
        {PKI_FAMILY_ECC, PKI_SHA512, ECDSA_WITH(0x04), 12},
        {PKI_FAMILY_SM2, PKI_SM3, {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x83, 0x75}, 12},
};

static const struct signature_row *find_signature(struct pki_alg alg)
{
        for (size_t i = 0; i < sizeof(signature_rows) / sizeof(*signature_rows); i++)
                if (signature_rows[i].family == alg.family && signature_rows[i].digest == alg.digest)
                        return &signature_rows[i];
        return NULL;
}

struct pki_alg pki_alg_of(enum pki_key_type key_type)
{
        const struct key_row *row = &key_rows[key_type < PKI_KEY_TYPE_COUNT ? key_type : PKI_KEY_NONE];

        return (struct pki_alg){key_type, row->family, row->digest,
                                row->family == PKI_FAMILY_SM2 ? PKI_SM2_DEFAULT_ID : (struct str){NULL, 0}};
}

enum pki_family pki_alg_family(enum pki_key_type key_type)
{
        return key_type < PKI_KEY_TYPE_COUNT ? key_rows[key_type].family : PKI_FAMILY_NONE;
}

const char *pki_alg_key_name(enum pki_key_type key_type)
{
        return key_type < PKI_KEY_TYPE_COUNT ? key_rows[key_type].name : "";
}

enum pki_key_type pki_alg_key_by_name(struct str name)
{
        for (unsigned i = PKI_KEY_NONE + 1; i < PKI_KEY_TYPE_COUNT; i++)
                if (str_equals(name, key_rows[i].name))
                        return (enum pki_key_type)i;
        return PKI_KEY_NONE;
}

const char *pki_alg_curve_name(enum pki_key_type key_type)
{
        return key_rows[key_type].curve;
}

const char *pki_alg_digest_name(enum pki_digest digest)
{
        return digest_rows[digest].name;
}

size_t pki_digest_size(enum pki_digest digest)
{
        return digest < PKI_DIGEST_COUNT ? digest_rows[digest].size : 0;
}

struct bytes pki_alg_der(struct pki_alg alg)
{
        const struct signature_row *row = find_signature(alg);

        return row ? bytes_of(row->der, row->size) : bytes_of(NULL, 0);
}

res pki_alg_parse(struct bytes der, struct pki_alg *ret_alg)
{
        for (size_t i = 0; i < sizeof(signature_rows) / sizeof(*signature_rows); i++) {
                const struct signature_row *row = &signature_rows[i];

                if (der.n != row->size || memcmp(der.p, row->der, der.n) != 0)
                        continue;
                *ret_alg = (struct pki_alg){PKI_KEY_NONE, row->family, row->digest, {NULL, 0}};
                if (row->family == PKI_FAMILY_SM2)
                        ret_alg->sm2_id = PKI_SM2_DEFAULT_ID;
                return RES_OK;
        }
        return FAIL(ERR_FORMAT);
}

res pki_alg_check_form(struct bytes der)
{
        struct der in;
        struct bytes oid;

        TRY(der_enter_all(der, DER_SEQUENCE, &in));
        TRY(der_read_oid(&in, &oid));
        if (!der_is_end(&in))
                TRY(der_skip(&in));
        return der_end(&in);
}

/* ---- kit --------------------------------------------------------------------------------------- */

/* A key that has a curve and nothing else. */
static EVP_PKEY *make_curve_key(const char *curve)
{
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, strcmp(curve, "SM2") == 0 ? "SM2" : "EC", NULL);
        EVP_PKEY *key = NULL;

        if (!context || EVP_PKEY_paramgen_init(context) <= 0 || EVP_PKEY_CTX_set_group_name(context, curve) <= 0 ||
            EVP_PKEY_paramgen(context, &key) <= 0)
                key = NULL;
        EVP_PKEY_CTX_free(context);
        return key;
}

static bool fill_kit(struct pki_kit *kit)
{
        for (unsigned i = PKI_DIGEST_NONE + 1; i < PKI_DIGEST_COUNT; i++) {
                kit->digests[i] = EVP_MD_fetch(NULL, digest_rows[i].name, NULL);
                if (!kit->digests[i])
                        return false;
        }
        for (unsigned i = 0; i < PKI_KEY_TYPE_COUNT; i++) {
                if (!key_rows[i].curve)
                        continue;
                kit->curve_keys[i] = make_curve_key(key_rows[i].curve);
                kit->curves[i] = EC_GROUP_new_by_curve_name(key_rows[i].nid);
                if (!kit->curve_keys[i] || !kit->curves[i])
                        return false;
        }
        kit->digest_context = EVP_MD_CTX_new();
        kit->bn = BN_CTX_new();
        return kit->digest_context && kit->bn;
}

res pki_kit_new(struct pki_kit **ret_kit)
{
        CLEAN(pki_kit_free_ptr) struct pki_kit *kit = calloc(1, sizeof(*kit));

        ENSURE(kit, ERR_MEMORY);
        ENSURE(fill_kit(kit), ERR_CRYPTO);
        *ret_kit = kit;
        kit = NULL;
        return RES_OK;
}

void pki_kit_free(struct pki_kit *kit)
{
        if (!kit)
                return;
        for (unsigned i = 0; i < PKI_DIGEST_COUNT; i++)
                EVP_MD_free(kit->digests[i]);
        for (unsigned i = 0; i < PKI_KEY_TYPE_COUNT; i++) {
                EVP_PKEY_free(kit->curve_keys[i]);
                EC_GROUP_free(kit->curves[i]);
        }
        EVP_MD_CTX_free(kit->digest_context);
        BN_CTX_free(kit->bn);
        free(kit);
}

void pki_kit_free_ptr(struct pki_kit **kit)
{
        pki_kit_free(*kit);
}

res pki_kit_hash(struct pki_kit *kit, enum pki_digest digest, struct bytes in, uint8_t out[PKI_DIGEST_MAX])
{
        ENSURE(digest > PKI_DIGEST_NONE && digest < PKI_DIGEST_COUNT, ERR_CRYPTO);
        ENSURE(EVP_DigestInit_ex2(kit->digest_context, kit->digests[digest], NULL) == 1, ERR_CRYPTO);
        ENSURE(EVP_DigestUpdate(kit->digest_context, in.p, in.n) == 1, ERR_CRYPTO);
        ENSURE(EVP_DigestFinal_ex(kit->digest_context, out, NULL) == 1, ERR_CRYPTO);
        return RES_OK;
}
