/*
 * Names: IDNA, registrable domain, what may be bound.  Rules DOM, FREE-05..08, RVW-22..31, CON-10, CON-20,
 * SIL-04, SIL-16, SIL-35, SIL-36, SIL-52.
 * Pure: decides from the name, the product and the data files; no clock, no store.
 */
#pragma once

#include "base/buf.h"
#include "base/conf.h"
#include "core/act.h"
#include "core/catalogue.h"

/* What the installation knows about name spaces: the public suffix list and `names.private-suffixes`.  Immutable. */
struct domain_rules;

/* ERR_CONFIG: `why` names the suffix that is wrong and the mend. */
MUST res domain_rules_new(const struct conf_list *private_suffixes, struct domain_rules **ret_rules, struct buf *why);
void domain_rules_free(struct domain_rules *rules);
void domain_rules_free_ptr(struct domain_rules **rules); /* for CLEAN() */

enum domain_space {                  /* where a name lives */
                    DOMAIN_PUBLIC,   /* below a suffix of the list's ICANN section */
                    DOMAIN_PRIVATE,  /* below a suffix that the operator lists */
                    DOMAIN_SUFFIX,   /* is itself such a suffix: nobody's own */
                    DOMAIN_INTERNAL, /* its top-level domain is in neither list, or there is no dot in it */
                    DOMAIN_RESERVED, /* localhost, invalid, onion, …: never anybody's */
                    DOMAIN_ADDRESS,  /* an IP address */
                    DOMAIN_SPACE_COUNT
};

/*
 * Where a host name (normalised, no wildcard) lives.  Returns its registrable domain, a tail of `host`:
 * one label below its suffix; the second level, or the name itself, where there is none (SIL-04).
 */
const char *domain_rules_place(const struct domain_rules *rules, const char *host, enum domain_space *ret_space);

struct domain_name {
        const char
                *ascii; /* A-labels, lower case, no final dot; wildcard keeps "*."; an address in its canonical text */
        const char *
                registrable; /* primary domain by the public suffix list, second level otherwise (SIL-04); never NULL */
        bool is_wildcard;
        bool is_ip;
        enum domain_space space;
};

/*
 * Parse and normalise one name as typed: blanks around it and one final dot are dropped, U-labels and capitals
 * are mapped (UTS #46 nontransitional, IDNA2008).  Refuses what is no host name; whether it may be bound is
 * domain_check's business.  ERR_DOMAIN, ERR_DOMAIN_LENGTH (over 253) with a sentence.
 */
MUST res domain_parse(struct act *act, struct str typed, struct domain_name *ret_name);
/* Is a name that domain_parse has made an address?  A name is none because it ends in a digit: A-labels do. */
bool domain_is_address(struct str ascii);
/*
 * May this product bind it?  Length, suffixes, words, wildcard, IP, internal names; the sentence names the rule
 * and the fix (SIL-65, RVW-29).  ERR_DOMAIN, ERR_DOMAIN_LENGTH (over 64: DOM-16).
 */
MUST res domain_check(struct act *act, const struct domain_name *name, const struct product *product);
/* Of these the CA's security review alone: suffixes and words, whose lists may change between order and issue (RVW-24, RVW-31). */
MUST res domain_check_safety(struct act *act, const struct domain_name *name, const struct product *product);
/*
 * Add the name and what it brings along free – www or parent by the product's brand (DOM-04..11, SIL-52) – to
 * *names, no doubles (SIL-16).  *names starts as {0}; for several typed names call once for each, in order.
 */
MUST res domain_expand(struct act *act, const struct domain_name *name, const struct product *product,
                       struct strs *names);
/* RFC 5321 §4.1.2 without quoted strings and address literals: the usual form. */
bool domain_email_is_valid(struct str email);
