/*
 * Certificate profiles as data (catalogue/profiles.ini): what a certificate of this kind contains and may contain.
 * The canonical text has every field in a fixed order and form; its SHA-256 is the profile's hash, which travels
 * with each request, so that the bytes checked and the bytes signed follow one profile (and never a changed one).
 */
#pragma once

#include "pki/alg.h"

enum pki_profile_kind {
        PKI_PROFILE_ROOT,
        PKI_PROFILE_INTERMEDIATE,
        PKI_PROFILE_LEAF,
        PKI_PROFILE_OCSP,
        PKI_PROFILE_KIND_COUNT
};

/* Bits of KeyUsage as in RFC 5280 §4.2.1.3. */
enum pki_key_usage {
        PKI_KU_DIGITAL_SIGNATURE = 1u << 0,
        PKI_KU_KEY_ENCIPHERMENT = 1u << 2,
        PKI_KU_KEY_CERT_SIGN = 1u << 5,
        PKI_KU_CRL_SIGN = 1u << 6,
};

enum pki_eku { PKI_EKU_SERVER_AUTH = 1u << 0, PKI_EKU_OCSP_SIGNING = 1u << 1 };

#define PKI_PROFILE_NAME 48
#define PKI_PROFILE_MAX 32
#define PKI_PROFILE_STEPS 8

/* A limit in days that changes with the years: from each date on, until the next. */
struct pki_profile_steps {
        size_t n;
        struct pki_profile_step {
                int64_t from; /* midnight UTC */
                int64_t days;
        } v[PKI_PROFILE_STEPS];
};

struct pki_profile {
        char name[PKI_PROFILE_NAME];
        enum pki_profile_kind kind;
        uint32_t key_types; /* bit 1u << enum pki_key_type */
        int64_t max_days;                     /* longest life, whatever the date */
        struct pki_profile_steps max_days_from;
        int64_t evidence_days; /* how long a proof of control counts */
        struct pki_profile_steps evidence_days_from;
        int path_len;                         /* CA kinds; -1 = none */
        uint32_t key_usage_rsa, key_usage_ec; /* enum pki_key_usage */
        uint32_t eku;                         /* enum pki_eku; 0 = no extension */
        char policy[64];                      /* dotted; "" = no CertificatePolicies */
        uint8_t policy_oid[32];               /* its content octets */
        size_t policy_oid_len;
        bool common_name;                        /* leaf: subject CN when it is one of the names and fits 64 */
        bool internal_names;                     /* leaf: single labels and reserved addresses are allowed (listener) */
        bool ip_names;                           /* leaf: iPAddress allowed */
        bool ski, aia_ocsp, aia_issuer, crl_url; /* which extensions it has; the URLs come with the request */
        bool ocsp_nocheck;                       /* RFC 6960 §4.2.2.2.1 */
        bool sha384;                             /* an RSA issuer signs with SHA-384; EC ones by their curve (BR 7.1.3.2.2) */
        uint8_t hash[32];
};

struct pki_profiles {
        struct pki_profile v[PKI_PROFILE_MAX];
        size_t n;
};

/* Whole text of profiles.ini.  ERR_CONFIG; why says line and mend. */
MUST res pki_profiles_parse(struct str text, struct pki_profiles *ret_profiles, struct buf *why);
const struct pki_profile *pki_profiles_find(const struct pki_profiles *profiles, struct str name); /* NULL = none */
/* The canonical text, which parses to the same profile again. */
void pki_profile_text(const struct pki_profile *profile, struct buf *out);
/* The longest life of a certificate whose notBefore is `at` (BR 6.3.2). */
int64_t pki_profile_max_days(const struct pki_profile *profile, int64_t at);
/* How many days a proof of control counts for a certificate issued `at` (BR 4.2.1). */
int64_t pki_profile_evidence_days(const struct pki_profile *profile, int64_t at);
/* `2027-03-15 100, 2029-03-15 47` or `none`; dates rise.  ERR_CONFIG. */
MUST res pki_profile_steps_parse(struct str list, struct pki_profile_steps *ret_steps);
void pki_profile_steps_text(const struct pki_profile_steps *steps, struct buf *out);
static inline bool pki_profile_allows_key(const struct pki_profile *profile, enum pki_key_type key_type)
{
        return key_type != PKI_KEY_NONE && (profile->key_types >> key_type & 1u) != 0;
}
/* What an issuer of this algorithm signs certificates of the profile with. */
static inline struct pki_alg pki_profile_alg(const struct pki_profile *profile, struct pki_alg issuer_alg)
{
        if (profile->sha384 && issuer_alg.family == PKI_FAMILY_RSA)
                issuer_alg.digest = PKI_SHA384;
        return issuer_alg;
}
static inline uint32_t pki_profile_key_usage(const struct pki_profile *profile, enum pki_family family)
{
        return family == PKI_FAMILY_RSA ? profile->key_usage_rsa : profile->key_usage_ec;
}
