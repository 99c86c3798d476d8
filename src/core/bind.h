/*
 * Which names a certificate binds and how control of them is shown: the same decisions for free applications and for
 * bought certificates (DOM, DCV-22..30, CON-04, CON-05, CON-35, SIL-16).  Pure: decides from what was typed, the product
 * and the settings.
 */
#pragma once

#include "core/catalogue.h"
#include "core/domain.h"
#include "ipc/msg.h"

struct bind {
        struct domain_name name; /* the common name */
        struct strs names;       /* of the certificate: the common name first, then those typed, those given free in between */
        int64_t counted;         /* names that count against what was bought */
        bool has_wildcard, has_ip;
};

/*
 * Each name is checked against the product; doubles, and names that come free with another one, are kept once and do not
 * count (SIL-16).  `most`: how many were bought.  ERR_DOMAIN, ERR_DOMAIN_LENGTH: the sentence names the rule and the fix.
 */
MUST res bind_names(struct act *act, const struct product *product, struct str common_name, struct strs others, int64_t most,
                    struct bind *ret_bind);
/*
 * The API's VerifyType or DvAuthMethod (`field` is its name in sentences).  A wildcard is proved by DNS alone, an address
 * by a file alone; terms over a year may want what renews itself.  ERR_PARAM_VALUE.
 */
struct bind_method {
        const char *field;
        struct str method;
        int64_t months; /* of the order */
};
MUST res bind_method(struct act *act, const struct product *product, const struct bind *bind, const struct bind_method *in,
                     enum msg_method *ret_method);
/* VerifyType as it is stored of a method that bind_method() took: FILE, DNS, or DNS_PROXY where the record is kept. */
struct str bind_verify_type(enum msg_method method, struct str asked);
