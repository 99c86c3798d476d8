/*
 * The catalogue: products as data, read from catalogue/ at start and swapped whole by an operator's reload.
 * A snapshot is immutable; threads borrow it for one act.
 */
#pragma once

#include "base/buf.h"
#include "base/json.h"
#include "base/res.h"
#include "base/str.h"

struct catalogue;

/* One row of products.ini; catalogue/products.ini tells each key.  Rules: section B of the product's rules, CAT. */
struct product {
        const char *package_type; /* "2", "83": the wire's PackageType and ProductId */
        const char *name;         /* ProductZhName / PackageTypeName */
        const char *brand;        /* TrustAsia, … */
        const char *source;       /* the wire's From: trustasia, … */
        const char *level;        /* DV, OV, EV */
        bool is_pro;              /* OV Pro, EV Pro (CAT-35) */
        const char *standard;     /* international, sm2 (CAT-07) */
        bool is_free;
        bool is_default;   /* of the free ones: taken when the request names no term */
        bool is_recommended; /* of its type and kind of domain: taken when nobody names a brand (PUR-07, UPG-04) */
        bool is_orderable; /* CreateCertificate takes this number (api.md section 5); NOT whether it can be issued here */
        bool is_acme; /* what ACME orders; no other door does */
        bool has_quota; /* ACME's: its certificates take slots of the free allowance, as free products do anyhow */
        int64_t domain_type; /* 1 single, 2 multi, 3 wildcard, 4 multi-wildcard */
        int64_t domain_max;
        int64_t validity_months; /* the wire's ValidityPeriod of a free product; of a paid one its shortest term */
        struct ints terms;       /* months on sale: 12 24 36 */
        int64_t life_days;       /* of one certificate, at most; a longer term has successors (PUR-02) */
        int64_t deadline_days;   /* CON-01 */
        const char *dns_record;  /* TXT or CNAME (CON-03) */
        bool allows_dns, allows_file, allows_auto; /* AUTO: without anybody's doing, once set up */
        bool allows_ca;                            /* the names are checked in the review (CON-43) */
        bool needs_auto_multi_year;                /* terms over 12 months take AUTO only (CAT-11, SIL-61) */
        bool allows_ip;
        bool www_free, parent_free;                      /* DOM-04..08 */
        const char *issuer_rsa, *issuer_ecc, *issuer_sm2; /* intermediates of the built-in CA; NULL = none yet */
        const char *profile;                             /* NULL = cannot be issued here yet */
        struct strs keys;                                /* made online: rsa-2048 rsa-4096 ec-p256 ec-p384 sm2 (B7) */
        struct strs csr_keys;                            /* of a CSR that the customer made (CON-15) */
        struct strs hashes;                              /* SHA256 SHA384 */
        struct strs caa_identities;                      /* besides ca.caa-identities (SIL-50) */
        const struct strs *barred_suffixes; /* without dot: those of every product (DOM-02) and its own (FREE-08) */
        const struct strs *sensitive_words; /* never matched against the top-level domain (RVW-26, CON-20) */
        const char *review;     /* none, ov, ev: what people look at, and how long it takes (B6) */
        bool has_pre_review;    /* WoTrus OV and EV */
        const char *letter;     /* none, image (JPG PNG PDF), once (JPG GIF PDF, one upload) (CON-07) */
        bool has_reminder;      /* B2 */
        int64_t retained_days;  /* proof of an earlier order of the same name counts so long (DCV-34); 0 = no */
        const char *revoke;     /* R1 R2 R3 R4: the variant of revocation (B6) */
        const char *reissue;    /* free-dv, paid-dv, wotrus-dnspod, other (B6) */
        int64_t price_year;     /* minor units, for the names included (SIL-34) */
        int64_t price_name;     /* minor units a year for each further name */
        int64_t names_included;
        int64_t discount_2, discount_3; /* per cent off for 24 and 36 months (PUR-13) */
        int64_t pid;                    /* ProductPid of CreateCertificateByPackage; 0 = none */
        int64_t points;                 /* benefit points a year for the names included */
        const char *text;               /* the row's canonical text, kept with each order */
};

/* A paid product that can be ordered by its number and issued here. */
bool product_can_be_bought(const struct product *product);
/* What somebody wants who names no product: absent ("" or 0) = any; without a brand the recommended one (PUR-07, PUR-22). */
struct catalogue_wish {
        struct str brand, level, standard; /* without regard to case */
        int64_t domain_type;
        bool is_pro;
};
/* The first product that fits and can be bought, the recommended before the others.  NULL = none. */
const struct product *catalogue_choose(const struct catalogue *catalogue, const struct catalogue_wish *wish);
/* Is the word among them? */
bool product_has(const struct strs *words, const char *word);
bool product_has_term(const struct product *product, int64_t months);

struct quota_rule {        /* B8 */
        int64_t home, any; /* slots for home domains alone, and for any domain */
};

/* Read the directory; on failure `why` says file, line and mend.  ERR_CONFIG. */
MUST res catalogue_load(const char *dir, struct catalogue **ret_catalogue, struct buf *why);
/* The same with the list of keys.blocked-list, as the server wants it. */
struct conf;
MUST res catalogue_load_all(const struct conf *conf, struct catalogue **ret_catalogue, struct buf *why);
/* One more who uses it; each gives it back with catalogue_free. */
struct catalogue *catalogue_hold(struct catalogue *catalogue);
void catalogue_free(struct catalogue *catalogue); /* the last one frees */
/* The keys that are never certified go with the snapshot, which owns the list from now on; NULL = none. */
struct weak_list;
void catalogue_take_weak_keys(struct catalogue *catalogue, struct weak_list *list);
const struct weak_list *catalogue_weak_keys(const struct catalogue *catalogue);
/* No product names an issuer or a profile that is not there.  ERR_CONFIG with a sentence. */
struct issuers;
MUST res catalogue_check_issuers(const struct catalogue *catalogue, const struct issuers *issuers, struct buf *why);
const struct product *catalogue_product(const struct catalogue *catalogue, struct str package_type); /* NULL = none */
/* The free product of a term as the wire writes it; an empty term means the default one.  NULL = none. */
const struct product *catalogue_free_product(const struct catalogue *catalogue, struct str validity_months);
/* The product of a ProductPid (CreateCertificateByPackage).  NULL = none. */
const struct product *catalogue_product_of_pid(const struct catalogue *catalogue, int64_t pid);
/*
 * A row as it was bought (cert_order.product) read back; words and suffixes are those of the catalogue now, because a
 * list only grows wiser.  Keys that this version does not know are passed over, absent ones are empty.  ERR_CONFIG.
 */
MUST res catalogue_product_of_text(const struct catalogue *catalogue, struct arena *arena, struct str package_type,
                                   struct str text, const struct product **ret_product);
/* What ACME issues.  NULL = the catalogue has no such product, and there is no ACME. */
const struct product *catalogue_acme(const struct catalogue *catalogue);
size_t catalogue_count(const struct catalogue *catalogue);
const struct product *catalogue_at(const struct catalogue *catalogue, size_t i);
int catalogue_line(const struct catalogue *catalogue, size_t i); /* of products.ini where the i-th product begins */
/* By identity and level; `older` = the enterprise allowance of before 2023-03-20 (QTA-13).  NULL: no such kind. */
const struct quota_rule *catalogue_quota(const struct catalogue *catalogue, struct str identity, struct str level,
                                         bool older);
/* Free certificates a primary domain may have, over all accounts (QTA-02). */
int64_t catalogue_domain_quota(const struct catalogue *catalogue);

/* ---- snapshots: one is current, acts hold the one they began with until their arena goes ---- */

struct act;
/* Borrowed for this act: the same snapshot however often it is asked. */
const struct catalogue *act_catalogue(struct act *act);
/*
 * Read the files again, check them and the issuers they name, and swap.  On failure the old one stays and the sentence
 * (file, line, mend) is the act's.  `is_dry`: check only.  ERR_CONFIG.
 */
struct catalogue_figures {
        int64_t products, buyable;
};
MUST res catalogue_reload(struct act *act, bool is_dry, struct catalogue_figures *ret_figures);
/* The same of any directory and without a running service: issuers are those that the built-in CA makes. */
MUST res catalogue_check_dir(const char *dir, struct catalogue_figures *ret_figures, struct buf *why);
struct catalogue_figures catalogue_count_figures(const struct catalogue *catalogue);
