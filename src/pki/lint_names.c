/*
 * The names of a leaf: each a good DNS name or an address that may be certified, none twice, the common name among them.
 * Which names the applicant has proved is not known here; the signer compares that with the evidence.
 */
#include <arpa/inet.h>

#include "pki/lint_inner.h"

#define DNS_MAX 253
#define LABEL_MAX 63

/* ---- DNS names --------------------------------------------------------------------------------- */

static res lint_characters(struct lint *lint, struct str label)
{
        for (size_t i = 0; i < label.n; i++) {
                char c = label.p[i];

                RULE(lint, c != '_', DNS_UNDERSCORE);
                RULE(lint, c != '*', DNS_WILDCARD);
                RULE(lint, c < 'A' || c > 'Z', DNS_UPPER);
                RULE(lint, (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-', DNS_CHARACTER);
        }
        return RES_OK;
}

static res lint_label(struct lint *lint, struct str label)
{
        RULE(lint, label.n > 0, DNS_EMPTY_LABEL);
        RULE(lint, label.n <= LABEL_MAX, DNS_LENGTH);
        TRY(lint_characters(lint, label));
        RULE(lint, label.p[0] != '-' && label.p[label.n - 1] != '-', DNS_HYPHEN);
        if (str_starts_with(label, STR("xn--"))) {
                RULE(lint, lint_is_punycode((struct str){label.p + 4, label.n - 4}), DNS_PUNYCODE);
                return RES_OK;
        }
        RULE(lint, label.n < 4 || label.p[2] != '-' || label.p[3] != '-', DNS_HYPHEN);
        return RES_OK;
}

static bool is_number(struct str label)
{
        for (size_t i = 0; i < label.n; i++)
                if (label.p[i] < '0' || label.p[i] > '9')
                        return false;
        return true;
}

static bool is_reverse(struct str name)
{
        return str_ends_with(name, STR(".in-addr.arpa")) || str_ends_with(name, STR(".ip6.arpa")) ||
               str_equals(name, "in-addr.arpa") || str_equals(name, "ip6.arpa");
}

static MUST res lint_dns_name(struct lint *lint, struct str name)
{
        bool internal = lint->context->profile->internal_names, is_wildcard = str_starts_with(name, STR("*."));
        struct str rest = name, label = {NULL, 0};
        size_t labels = 0;

        RULE(lint, name.n > 0, DNS_EMPTY_LABEL);
        RULE(lint, name.n <= DNS_MAX, DNS_LENGTH);
        RULE(lint, name.p[name.n - 1] != '.', DNS_FINAL_DOT);
        if (is_wildcard)
                str_cut(&rest, '.');
        while (rest.p) {
                label = str_cut(&rest, '.');
                TRY(lint_label(lint, label));
                labels++;
        }
        RULE(lint, !is_wildcard || labels >= 2, DNS_WILDCARD);
        RULE(lint, labels >= 2 || internal, DNS_SINGLE_LABEL);
        RULE(lint, !is_number(label), DNS_NUMERIC);
        RULE(lint, !is_reverse(name), DNS_REVERSE);
        return RES_OK;
}

/* ---- addresses --------------------------------------------------------------------------------- */

struct range {
        uint8_t first[16];
        unsigned bits;
};

/* IANA special-purpose registries (RFC 6890): blocks that are not globally reachable, multicast and reserved space. */
static const struct range ranges_v4[] = {
        {{0}, 8},
        {{10}, 8},
        {{100, 64}, 10},
        {{127}, 8},
        {{169, 254}, 16},
        {{172, 16}, 12},
        {{192, 0, 0}, 24},
        {{192, 0, 2}, 24},
        {{192, 88, 99}, 24},
        {{192, 168}, 16},
        {{198, 18}, 15},
        {{198, 51, 100}, 24},
        {{203, 0, 113}, 24},
        {{224}, 4},
        {{240}, 4},
};
static const struct range ranges_v6[] = {
        {{0}, 8},
        {{0x01, 0x00}, 64},
        {{0x00, 0x64, 0xff, 0x9b}, 32},
        {{0x20, 0x01, 0x00}, 23},
        {{0x20, 0x01, 0x0d, 0xb8}, 32},
        {{0x20, 0x02}, 16},
        {{0x3f, 0xff, 0x00}, 20},
        {{0x5f, 0x00}, 16},
        {{0xfc}, 7},
        {{0xfe, 0x80}, 10},
        {{0xfe, 0xc0}, 10},
        {{0xff}, 8},
};

static bool is_in(struct bytes address, const struct range *range)
{
        size_t whole = range->bits / 8;
        uint8_t mask = (uint8_t)(0xff00u >> range->bits % 8);

        if (memcmp(address.p, range->first, whole) != 0)
                return false;
        return range->bits % 8 == 0 || (address.p[whole] & mask) == (range->first[whole] & mask);
}

bool pki_lint_address_is_reserved(struct bytes address)
{
        const struct range *ranges = address.n == 4 ? ranges_v4 : ranges_v6;
        size_t count = address.n == 4 ? sizeof(ranges_v4) / sizeof(*ranges_v4) : sizeof(ranges_v6) / sizeof(*ranges_v6);

        for (size_t i = 0; i < count; i++)
                if (is_in(address, &ranges[i]))
                        return true;
        return false;
}

static res lint_address(struct lint *lint, struct bytes address)
{
        const struct pki_profile *profile = lint->context->profile;

        RULE(lint, profile->ip_names, IP_NOT_ALLOWED);
        RULE(lint, address.n == 4 || address.n == 16, IP_LENGTH);
        RULE(lint, profile->internal_names || !pki_lint_address_is_reserved(address), IP_RESERVED);
        return RES_OK;
}

/* ---- all --------------------------------------------------------------------------------------- */

static bool is_common_name(const struct lint *lint, const struct der_value *value)
{
        char text[INET6_ADDRSTRLEN];

        if (value->tag == DER_CONTEXT(2))
                return str_equal(lint->common_name, (struct str){(const char *)value->content.p, value->content.n});
        return inet_ntop(value->content.n == 4 ? AF_INET : AF_INET6, value->content.p, text, sizeof(text)) &&
               str_equals(lint->common_name, text);
}

/* 100 names are 5,000 comparisons of lengths, so no table is worth its code. */
static bool stands_earlier(struct der earlier, const struct der_value *value)
{
        struct der_value other;

        while (earlier.p < value->whole.p && res_is_ok(der_read(&earlier, &other)) && other.whole.p < value->whole.p)
                if (other.tag == value->tag && der_oid_equal(other.content, value->content))
                        return true;
        return false;
}

static res lint_name(struct lint *lint, const struct der_value *value)
{
        if (value->tag == DER_CONTEXT(7))
                return lint_address(lint, value->content);
        RULE(lint, value->tag == DER_CONTEXT(2), SAN_KIND);
        return lint_dns_name(lint, (struct str){(const char *)value->content.p, value->content.n});
}

res lint_names(struct lint *lint)
{
        struct der in = der_of(lint->san), all = in;
        struct der_value value;
        bool has_common_name = lint->common_name.n == 0;

        if (lint->context->profile->kind != PKI_PROFILE_LEAF)
                return RES_OK;
        RULE(lint, lint->san.n > 0, SAN_EMPTY);
        while (!der_is_end(&in)) {
                TRY(der_read(&in, &value));
                TRY(lint_name(lint, &value));
                RULE(lint, !stands_earlier(all, &value), SAN_DUPLICATE);
                has_common_name = has_common_name || is_common_name(lint, &value);
        }
        RULE(lint, has_common_name, CN_NOT_IN_SAN);
        return RES_OK;
}
