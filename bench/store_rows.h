/* The certificates of bench_store: each a function of its number, so that any of them can be asked for again. */
#pragma once

#include <stdio.h>

#include "store/certificate.h"

#define BENCH_ACCOUNT 1

/* The n-th certificate: 8 characters that look random but are a permutation of n, a name of its own. */
struct made {
        char id[9], names[96], alias[24];
};

static inline uint64_t mix(uint64_t n)
{
        n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9ULL;
        n = (n ^ (n >> 27)) * 0x94d049bb133111ebULL;
        return n ^ (n >> 31);
}

static inline void make_id(uint64_t n, char id[9])
{
        static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        uint64_t space = 218340105584896ULL, v = (n * 104729000003ULL + 12345) % space; /* 62^8; the factor shares none of its primes */

        for (int i = 0; i < 8; i++, v /= 62)
                id[i] = letters[v % 62];
        id[8] = '\0';
}

static inline struct certificate_row make_row(int64_t n, struct made *made)
{
        static const char *const words[] = {"shop", "mail", "www", "api", "blog", "git", "intranet", "cdn"};
        uint64_t r = mix((uint64_t)n);
        bool issued = r % 100 < 90;

        make_id((uint64_t)n, made->id);
        snprintf(made->names, sizeof(made->names), "%s.customer-%lld.example.%s", words[r % 8], (long long)(n / 4), r % 3 ? "com" : "cn");
        snprintf(made->alias, sizeof(made->alias), "%s", r % 5 ? "" : "production");
        return (struct certificate_row){
                .certificate_id = str_of(made->id), .account_id = BENCH_ACCOUNT, .order_id = n, .source = r % 50 ? STR("trustasia") : STR("upload"),
                .certificate_type = STR("SVR"), .package_type = STR("83"), .product_name = STR("TrustAsia C1 DV Free"),
                .level = STR("DV"), .domain_type = 1, .status = issued ? 1 : (int64_t)(r % 8), .status_msg = STR(""),
                .alias = str_of(made->alias), .project_id = r % 20 ? 0 : 1 + (int64_t)(r % 7), .domain = str_of(made->names),
                .names = str_of(made->names), .primary_domain = STR("example.com"), .validity_months = STR("3"), .life_days = 90,
                .verify_type = STR("DNS"), .email = STR("someone@example.com"), .key_type = STR("ECC prime256v1"), .key_id = n,
                .issuer = STR("dv-ecc"), .profile = STR("dv"), .created_at = 1790000000 + n, .submitted_at = 1790000000 + n,
                .issued_id = issued ? n : 0, .begin_at = 1790000000, .end_at = issued ? 1790000000 + (int64_t)(r % 7776000) : 0,
        };
}
