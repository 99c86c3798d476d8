/*
 * Name spaces.  A name is somebody's own from one label below a public suffix on; which suffixes are public is
 * told by the public suffix list (its ICANN section: registries; its private section: hosting companies, which
 * counts for the primary domain but does not forbid the suffix itself).  Networks of one's own use names that no
 * list knows; the operator lists their suffixes in `names.private-suffixes`, and they come first.
 */
#include "core/domain.h"

#include <libpsl.h>
#include <stdlib.h>

struct domain_rules {
        psl_ctx_t *list;
        char **suffixes; /* normalised */
        size_t suffix_count;
};

/* RFC 6761, RFC 6762, RFC 7686; reverse zones name addresses. `local` may be opened by the operator: many old networks live there. */
static const char *const domain_reserved[] = {"localhost", "invalid", "onion", "in-addr.arpa", "ip6.arpa", "local"};

/* Does host end in the suffix, at a dot or whole? */
static bool domain_is_in(const char *host, const char *suffix)
{
        size_t host_n = strlen(host), suffix_n = strlen(suffix);

        if (host_n < suffix_n || memcmp(host + host_n - suffix_n, suffix, suffix_n) != 0)
                return false;
        return host_n == suffix_n || host[host_n - suffix_n - 1] == '.';
}

static const char *domain_parent(const char *host)
{
        const char *dot = strchr(host, '.');

        return dot ? dot + 1 : NULL;
}

/* The tail of host that has one label more than the suffix; the suffix must be a tail of host. */
static const char *domain_below(const char *host, const char *suffix)
{
        const char *found = host;

        for (const char *tail = host; tail && tail != suffix; tail = domain_parent(tail))
                found = tail;
        return found;
}

/* Longest tail that is a suffix of the given sections, NULL = none. */
static const char *domain_list_suffix(const psl_ctx_t *list, const char *host, int sections)
{
        for (const char *tail = host; tail; tail = domain_parent(tail))
                if (psl_is_public_suffix2(list, tail, sections | PSL_TYPE_NO_STAR_RULE))
                        return tail;
        return NULL;
}

static const char *domain_private_suffix(const struct domain_rules *rules, const char *host)
{
        const char *longest = NULL;

        for (size_t i = 0; i < rules->suffix_count; i++) {
                const char *tail =
                        host + (domain_is_in(host, rules->suffixes[i]) ? strlen(host) - strlen(rules->suffixes[i])
                                                                       : strlen(host));
                if (*tail && (!longest || tail < longest))
                        longest = tail;
        }
        return longest;
}

static bool domain_is_reserved(const char *host)
{
        for (size_t i = 0; i < sizeof domain_reserved / sizeof *domain_reserved; i++)
                if (domain_is_in(host, domain_reserved[i]))
                        return true;
        return false;
}

static const char *domain_second_level(const char *host)
{
        const char *top = strrchr(host, '.');

        while (top && top > host && top[-1] != '.')
                top--;
        return top ? top : host;
}

static const char *domain_place_public(const struct domain_rules *rules, const char *host, enum domain_space *ret_space)
{
        const char *registry = domain_list_suffix(rules->list, host, PSL_TYPE_ICANN);
        const char *any = domain_list_suffix(rules->list, host, PSL_TYPE_ANY);

        if (!registry) {
                *ret_space = DOMAIN_INTERNAL;
                return domain_second_level(host);
        }
        if (registry == host) {
                *ret_space = DOMAIN_SUFFIX;
                return host;
        }
        *ret_space = DOMAIN_PUBLIC;
        return domain_below(host, any); /* a hosting company's suffix itself is the company's own */
}

const char *domain_rules_place(const struct domain_rules *rules, const char *host, enum domain_space *ret_space)
{
        const char *own = domain_private_suffix(rules, host);

        if (own) {
                /* A listed suffix with a dot in it is a name of the operator's own network and may be bound itself. */
                *ret_space = own == host && !strchr(host, '.') ? DOMAIN_SUFFIX : DOMAIN_PRIVATE;
                return domain_below(host, own);
        }
        if (domain_is_reserved(host)) {
                *ret_space = DOMAIN_RESERVED;
                return domain_second_level(host);
        }
        return domain_place_public(rules, host, ret_space);
}

/* Only what a normalised name could end in: the operator's file is trusted to mean well, not to be free of slips. */
static bool domain_suffix_is_sound(const char *suffix)
{
        size_t n = strlen(suffix);

        if (n == 0 || n > LIMIT_NAME_BYTES || suffix[n - 1] == '.' || strstr(suffix, ".."))
                return false;
        return strspn(suffix, "abcdefghijklmnopqrstuvwxyz0123456789-.") == n;
}

static bool domain_suffix_is_barred(const char *suffix)
{
        return domain_is_reserved(suffix) && !domain_is_in(suffix, "local");
}

static MUST res domain_rules_add(struct domain_rules *rules, const char *typed, struct buf *why)
{
        char *suffix = strdup(*typed == '.' ? typed + 1 : typed);

        ENSURE(suffix, ERR_MEMORY);
        rules->suffixes[rules->suffix_count++] = suffix;
        str_lower_ascii(suffix, strlen(suffix));
        if (!domain_suffix_is_sound(suffix)) {
                buf_printf(why,
                           "names.private-suffixes: \"%s\" is no suffix; write labels of letters, digits and "
                           "hyphens with dots between them, such as corp or lan.example (IDN as xn--…).",
                           typed);
                return FAIL(ERR_CONFIG);
        }
        if (domain_suffix_is_barred(suffix)) {
                buf_printf(why,
                           "names.private-suffixes: \"%s\" is reserved by the standards and never somebody's own; "
                           "choose another suffix, such as internal.",
                           typed);
                return FAIL(ERR_CONFIG);
        }
        return RES_OK;
}

res domain_rules_new(const struct conf_list *private_suffixes, struct domain_rules **ret_rules, struct buf *why)
{
        CLEAN(domain_rules_free_ptr) struct domain_rules *rules = calloc(1, sizeof *rules);

        ENSURE(rules, ERR_MEMORY);
        rules->list = psl_latest(NULL);
        if (!rules->list) {
                buf_add_text(why, "The public suffix list could not be read; install the package publicsuffix.");
                return FAIL(ERR_CONFIG);
        }
        rules->suffixes = calloc(private_suffixes->n + 1, sizeof *rules->suffixes);
        ENSURE(rules->suffixes, ERR_MEMORY);
        for (size_t i = 0; i < private_suffixes->n; i++)
                TRY(domain_rules_add(rules, private_suffixes->v[i], why));
        *ret_rules = rules;
        rules = NULL;
        return RES_OK;
}

void domain_rules_free(struct domain_rules *rules)
{
        if (!rules)
                return;
        for (size_t i = 0; i < rules->suffix_count; i++)
                free(rules->suffixes[i]);
        free(rules->suffixes);
        psl_free(rules->list);
        free(rules);
}

void domain_rules_free_ptr(struct domain_rules **rules)
{
        domain_rules_free(*rules);
}
