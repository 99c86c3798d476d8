/*
 * Names: IDNA, registrable domain, what may be bound.  Rules DOM, FREE-05..08, RVW-22..31, CON-10, CON-20, SIL-04, SIL-36.
 * Pure: decides from the name, the product and the data files; no clock, no store.
 */
#pragma once

#include "core/act.h"
#include "core/catalogue.h"

struct domain_name {
        const char *ascii;       /* A-labels, lower case, no final dot; wildcard keeps "*." */
        const char *registrable; /* primary domain by the public suffix list (SIL-04) */
        bool is_wildcard;
        bool is_ip;
};

/* Parse and normalise one name as typed (U-labels welcome).  ERR_DOMAIN, ERR_DOMAIN_LENGTH with a sentence. */
MUST res domain_parse(struct act *act, struct str typed, struct domain_name *ret_name);
/* May this product bind it?  Suffixes, words, wildcard, IP, internal names; the sentence names the rule and the fix. */
MUST res domain_check(struct act *act, const struct domain_name *name, const struct product *product);
/* All names of the certificate: the bound one, free www or parent by the product's brand (DOM-04..11, SIL-52), no doubles. */
MUST res domain_expand(struct act *act, const struct domain_name *name, const struct product *product, struct strs *ret_names);
/* RFC 1035 etc.: an email address of the usual form. */
bool domain_email_is_valid(struct str email);
