/*
 * What a product binds and what it gives along.  The checks stand in a table, asked in order, so that the first
 * reason a person reads is the one to mend first.  Each refusal names the rule that matched and the way out.
 */
#include <idn2.h>
#include <stdlib.h>

#include "base/address.h"
#include "core/core.h"
#include "core/domain.h"
#include "pki/lint.h"

enum { DOMAIN_TYPE_SINGLE = 1, DOMAIN_TYPE_MULTI, DOMAIN_TYPE_WILDCARD, DOMAIN_TYPE_MULTI_WILDCARD };

static const char domain_way_out[] =
        "Change the host name and try again, or choose a paid product or another primary domain";

static void domain_idn_free(char **text)
{
        idn2_free(*text);
}

static const char *domain_bare(const struct domain_name *name)
{
        return name->is_wildcard ? name->ascii + 2 : name->ascii;
}

static bool domain_is_public_address(const char *text)
{
        uint8_t octets[16];
        size_t size = address_parse(str_of(text), octets);

        return size > 0 && !pki_lint_address_is_reserved(bytes_of(octets, size));
}

/* FREE-07, CAT-13; DOM-24, RVW-25: a public one. */
static MUST res domain_check_address(struct act *act, const struct domain_name *name, const struct product *product)
{
        if (!name->is_ip)
                return RES_OK;
        if (product->allows_ip && !domain_is_public_address(name->ascii))
                return act_fail(act, ERR_DOMAIN, "%s is a private or reserved address, which is nobody's own; bind a public IP address or a domain name.",
                                name->ascii);
        if (product->allows_ip)
                return RES_OK;
        return act_fail(act, ERR_DOMAIN,
                        "%s is an IP address, which %s does not bind. Buy a product that binds IP "
                        "addresses, or give a domain name.",
                        name->ascii, product->name);
}

/* FREE-06, DOM-13. */
static MUST res domain_check_wildcard(struct act *act, const struct domain_name *name, const struct product *product)
{
        bool wants = product->domain_type == DOMAIN_TYPE_WILDCARD || product->domain_type == DOMAIN_TYPE_MULTI_WILDCARD;

        if (product->is_acme || name->is_wildcard == wants)
                return RES_OK;
        if (name->is_wildcard)
                return act_fail(act, ERR_DOMAIN,
                                "%.100s is a wildcard name, which %s does not bind. Buy a wildcard "
                                "product, or give the names one by one.",
                                name->ascii, product->name);
        return act_fail(act, ERR_DOMAIN,
                        "%.100s is no wildcard name, and %s binds wildcard names only. Write *.%.100s, "
                        "or choose a product for ordinary names.",
                        name->ascii, product->name, name->registrable);
}

/* DOM-16, RVW-22, CON-10. */
static MUST res domain_check_length(struct act *act, const struct domain_name *name, const struct product *product)
{
        /* An ACME certificate leaves the common name out when it is too long for one; the names have their own room. */
        if (product->is_acme || strlen(name->ascii) <= LIMIT_BOUND_NAME_BYTES)
                return RES_OK;
        return act_fail(act, ERR_DOMAIN_LENGTH,
                        "%.100s has %zu characters; a name that is bound may have at most %d "
                        "(an internationalised one counted in its xn-- form).",
                        name->ascii, strlen(name->ascii), LIMIT_BOUND_NAME_BYTES);
}

/* FREE-05, RVW-25 ("host name"). */
static MUST res domain_check_space(struct act *act, const struct domain_name *name, const struct product *product)
{
        const char *bare = domain_bare(name);

        (void)product;
        switch (name->space) {
        case DOMAIN_SUFFIX:
                return act_fail(act, ERR_DOMAIN,
                                "%s is a public suffix, under which others register names; bind a "
                                "name below it.",
                                bare);
        case DOMAIN_RESERVED:
                return act_fail(act, ERR_DOMAIN,
                                "%s is reserved by the Internet standards and never somebody's own; "
                                "bind a name that you registered.",
                                bare);
        case DOMAIN_INTERNAL:
                return act_fail(act, ERR_DOMAIN,
                                "%s is not below any public suffix. Bind a name that you registered, or "
                                "let the operator add the network's own suffix to names.private-suffixes.",
                                bare);
        case DOMAIN_PUBLIC:
        case DOMAIN_PRIVATE:
        case DOMAIN_ADDRESS:
        case DOMAIN_SPACE_COUNT:
                break;
        }
        return RES_OK;
}

static bool domain_ends_in(struct str host, struct str suffix)
{
        if (!str_ends_with(host, suffix))
                return false;
        return host.n == suffix.n || host.p[host.n - suffix.n - 1] == '.';
}

/* DOM-02, FREE-08, RVW-27. */
static MUST res domain_check_suffixes(struct act *act, const struct domain_name *name, const struct product *product)
{
        struct str host = str_of(domain_bare(name));

        for (size_t i = 0; product->barred_suffixes && i < product->barred_suffixes->n; i++) {
                struct str suffix = product->barred_suffixes->v[i];
                if (domain_ends_in(host, suffix))
                        return act_fail(act, ERR_DOMAIN,
                                        "The domain did not pass the security check: names ending in "
                                        ".%.*s are not bound by %s. Choose another primary domain%s.",
                                        (int)suffix.n, suffix.p, product->name,
                                        product->is_free ? " or a paid product that binds it" : "");
        }
        return RES_OK;
}

/* Whole label, or one of its parts between hyphens (SIL-36).  Returns the word, or {0}. */
static struct str domain_word_in(struct str label, const struct strs *words)
{
        struct str rest = label;

        for (size_t i = 0; i < words->n; i++)
                if (str_equal(label, words->v[i]))
                        return words->v[i];
        while (rest.p) {
                struct str part = str_cut(&rest, '-');
                for (size_t i = 0; i < words->n; i++)
                        if (str_equal(part, words->v[i]))
                                return words->v[i];
        }
        return (struct str){0};
}

static struct str domain_label_word(struct str label, const struct strs *words, const char *shown)
{
        CLEAN(domain_idn_free) char *unicode = NULL;

        /* xn--hp--joa is read by people as "hp-ü": its own hyphens and letters mean nothing. */
        if (str_starts_with(label, STR("xn--")) && idn2_to_unicode_8z8z(shown, &unicode, 0) == IDN2_OK)
                return domain_word_in(str_of(unicode), words);
        return domain_word_in(label, words);
}

/* RVW-25..28, SIL-35, SIL-36; labels left of the top-level domain only (RVW-26, CON-20). */
static MUST res domain_check_words(struct act *act, const struct domain_name *name, const struct product *product)
{
        struct str rest = str_of(domain_bare(name));

        while (product->sensitive_words && !name->is_ip) {
                struct str label = str_cut(&rest, '.');
                struct str word;
                if (!rest.p)
                        break;
                word = domain_label_word(label, product->sensitive_words, str_copy(act->arena, label));
                if (word.p)
                        return act_fail(act, ERR_DOMAIN,
                                        "The domain did not pass the security check: its part \"%.*s\" "
                                        "holds the sensitive word \"%.*s\". %s.",
                                        (int)label.n, label.p, (int)word.n, word.p, domain_way_out);
        }
        return RES_OK;
}

res domain_check_safety(struct act *act, const struct domain_name *name, const struct product *product)
{
        TRY(domain_check_suffixes(act, name, product));
        return domain_check_words(act, name, product);
}

res domain_check(struct act *act, const struct domain_name *name, const struct product *product)
{
        static res (*const checks[])(struct act *, const struct domain_name *, const struct product *) = {
                domain_check_address,  domain_check_wildcard, domain_check_length,
                domain_check_suffixes, domain_check_space,    domain_check_words,
        };

        for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
                TRY(checks[i](act, name, product));
        return RES_OK;
}

static void domain_add(struct act *act, struct strs *names, const char *ascii)
{
        struct str name = str_of(ascii);
        struct str *grown;

        for (size_t i = 0; i < names->n; i++)
                if (str_equal(names->v[i], name))
                        return;
        grown = arena_array_of(act->arena, names->n + 1, struct str);
        if (names->n > 0)
                memcpy(grown, names->v, names->n * sizeof *grown);
        grown[names->n] = str_dup(act->arena, name);
        names->v = grown;
        names->n++;
}

/* DOM-05..07, DOM-09, FREE-15, SIL-52: the primary domain and its www bring each other; deeper names bring nothing. */
static void domain_add_www(struct act *act, const struct domain_name *name, struct strs *names)
{
        const char *www = arena_printf(act->arena, "www.%s", name->registrable);

        if (strcmp(name->ascii, name->registrable) == 0)
                domain_add(act, names, www);
        if (strcmp(name->ascii, www) == 0)
                domain_add(act, names, name->registrable);
}

res domain_expand(struct act *act, const struct domain_name *name, const struct product *product, struct strs *names)
{
        bool has_parent =
                name->is_wildcard && strchr(domain_bare(name), '.'); /* DOM-11: three levels, asterisk counted */

        domain_add(act, names, name->ascii);
        if (name->is_ip)
                return RES_OK;
        if (has_parent && product->parent_free)
                domain_add(act, names, domain_bare(name));
        if (!name->is_wildcard && product->www_free)
                domain_add_www(act, name, names);
        if (names->n > LIMIT_NAMES_PER_CERT)
                return act_fail(act, ERR_DOMAIN, "A certificate binds at most %d names, those given free included.",
                                LIMIT_NAMES_PER_CERT);
        return RES_OK;
}
