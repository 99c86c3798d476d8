/*
 * The catalogue: products as data, read from catalogue/ at start and swapped whole by an operator's reload.
 * A snapshot is immutable; threads borrow it for one act.
 */
#pragma once

#include "base/buf.h"
#include "base/res.h"
#include "base/str.h"

struct catalogue;

struct product {
        const char *package_type; /* "2", "83": the wire's number */
        const char *name;         /* ProductZhName / PackageTypeName */
        const char *brand;        /* TrustAsia, … */
        const char *source;       /* the wire's From: trustasia, … */
        const char *level;        /* DV, OV, EV */
        bool is_free;
        int64_t domain_type; /* 1 single, 2 multi, 3 wildcard, 4 multi-wildcard */
        int64_t domain_max;
        int64_t validity_months; /* the wire's ValidityPeriod this product answers to */
        int64_t life_days;
        int64_t deadline_days;  /* CON-01 */
        const char *dns_record; /* TXT or CNAME (CON-03) */
        bool allows_dns, allows_file, allows_auto, allows_ip;
        bool www_free, parent_free;          /* DOM-04..08 */
        const char *issuer_rsa, *issuer_ecc; /* names of the built-in CA's intermediates */
        const char *profile;
        struct strs caa_identities;         /* besides ca.caa-identities (SIL-50) */
        const struct strs *barred_suffixes; /* without dot: those of every product (DOM-02) and its own (FREE-08) */
        const struct strs *sensitive_words; /* never matched against the top-level domain (RVW-26, CON-20) */
        bool is_default;                    /* of the free ones: taken when the request names no term */
        const char *text;                   /* the row's canonical text, kept with each order */
};

struct quota_rule {        /* B8 */
        int64_t home, any; /* slots for home domains alone, and for any domain */
};

/* Read the directory; on failure `why` says file, line and mend.  ERR_CONFIG. */
MUST res catalogue_load(const char *dir, struct catalogue **ret_catalogue, struct buf *why);
void catalogue_free(struct catalogue *catalogue);
/* No product names an issuer or a profile that is not there.  ERR_CONFIG with a sentence. */
struct issuers;
MUST res catalogue_check_issuers(const struct catalogue *catalogue, const struct issuers *issuers, struct buf *why);
const struct product *catalogue_product(const struct catalogue *catalogue, struct str package_type); /* NULL = none */
/* The free product of a term as the wire writes it; an empty term means the default one.  NULL = none. */
const struct product *catalogue_free_product(const struct catalogue *catalogue, struct str validity_months);
size_t catalogue_count(const struct catalogue *catalogue);
const struct product *catalogue_at(const struct catalogue *catalogue, size_t i);
/* By identity and level; `older` = the enterprise allowance of before 2023-03-20 (QTA-13).  NULL: no such kind. */
const struct quota_rule *catalogue_quota(const struct catalogue *catalogue, struct str identity, struct str level,
                                         bool older);
/* Free certificates a primary domain may have, over all accounts (QTA-02). */
int64_t catalogue_domain_quota(const struct catalogue *catalogue);
