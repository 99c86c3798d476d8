/* See bind.h. */
#include "core/bind.h"

#include "base/conf.h"
#include "core/core.h"
#include "core/kept_cname.h"

enum { BIND_SINGLE = 1, BIND_MULTI, BIND_WILDCARD, BIND_MULTI_WILDCARD };

static bool bind_has(const struct bind *bind, const char *ascii)
{
        for (size_t i = 0; i < bind->names.n; i++)
                if (str_equals(bind->names.v[i], ascii))
                        return true;
        return false;
}

static res bind_too_many(struct act *act, const struct product *product, const struct domain_name *name, int64_t most)
{
        if (product->is_free) /* FREE-05 */
                return act_fail(act, ERR_DOMAIN,
                                "A free certificate is bound to exactly one domain; leave %s out of DnsNames or buy a multi-domain product.",
                                name->ascii);
        if (product->domain_type == BIND_SINGLE || product->domain_type == BIND_WILDCARD)
                return act_fail(act, ERR_DOMAIN, "%s binds one name; leave %s out, or buy its %s product.", product->name, name->ascii,
                                product->domain_type == BIND_SINGLE ? "multi-domain" : "multi-domain wildcard");
        return act_fail(act, ERR_DOMAIN, "%lld names were bought and %s is one too many; leave it out, or buy a certificate for more names.",
                        (long long)most, name->ascii);
}

/* One more name that was typed and does not come free with those before it. */
static res bind_add(struct act *act, const struct product *product, const struct domain_name *name, int64_t most, struct bind *bind)
{
        TRY(domain_check(act, name, product));
        if (bind->counted == most)
                return bind_too_many(act, product, name, most);
        bind->counted++;
        bind->has_wildcard |= name->is_wildcard;
        bind->has_ip |= name->is_ip;
        return domain_expand(act, name, product, &bind->names);
}

res bind_names(struct act *act, const struct product *product, struct str common_name, struct strs others, int64_t most,
               struct bind *ret_bind)
{
        struct bind bind = {0};
        struct domain_name *typed = arena_array_of(act->arena, others.n + 1, struct domain_name);
        bool wild = product->domain_type == BIND_WILDCARD || product->domain_type == BIND_MULTI_WILDCARD;

        TRY(domain_parse(act, common_name, &bind.name));
        TRY(bind_add(act, product, &bind.name, most, &bind));
        for (size_t i = 0; i < others.n; i++) {
                TRY(domain_parse(act, others.v[i], &typed[i]));
                if (typed[i].is_wildcard == wild && !bind_has(&bind, typed[i].ascii))
                        TRY(bind_add(act, product, &typed[i], most, &bind));
        }
        /* Now those that this product does not bind of themselves: a wildcard's parent that was typed too comes free. */
        for (size_t i = 0; i < others.n; i++)
                if (!bind_has(&bind, typed[i].ascii))
                        TRY(bind_add(act, product, &typed[i], most, &bind));
        *ret_bind = bind;
        return RES_OK;
}

/* ---- how they are proved -------------------------------------------------------------------------------- */

static res bind_file(struct act *act, const struct bind *bind, const struct bind_method *in, enum msg_method *ret_method)
{
        if (!act->core->conf->validation_file) /* SIL-40 */
                return act_fail(act, ERR_PARAM_VALUE, "File validation is switched off here; use %s DNS.", in->field);
        if (bind->has_wildcard) /* DCV-25, CON-04 */
                return act_fail(act, ERR_PARAM_VALUE,
                                "A file proves one host, not all names of a wildcard; use %s DNS for a certificate with a wildcard name.",
                                in->field);
        *ret_method = MSG_METHOD_FILE;
        return RES_OK;
}

static res bind_dns(struct act *act, const struct product *product, const struct bind *bind, const struct bind_method *in,
                    enum msg_method *ret_method)
{
        if (bind->has_ip)
                return act_fail(act, ERR_PARAM_VALUE,
                                "An IP address has no DNS zone of yours; use %s FILE for a certificate with an IP address.", in->field);
        if (product->needs_auto_multi_year && in->months > 12) /* CAT-11, SIL-61 */
                return act_fail(act, ERR_PARAM_VALUE,
                                "%s for more than a year is validated automatically only, so that its later certificates need nobody; buy it for "
                                "one year, or have the operator set validation.cname-zone and use DNS_PROXY.",
                                product->name);
        *ret_method = str_equals(str_of(product->dns_record), "CNAME") ? MSG_METHOD_DNS_CNAME : MSG_METHOD_DNS_TXT;
        return RES_OK;
}

/* The kept CNAME (DCV-35): a record that stays, so that each renewal finds it. */
static res bind_proxy(struct act *act, const struct bind *bind, const struct bind_method *in, enum msg_method *ret_method)
{
        if (!kept_cname_is_on(act->core))
                return act_fail(act, ERR_PARAM_VALUE,
                                "DNS_PROXY needs a zone for the targets of kept CNAME records; have the operator set validation.cname-zone, or "
                                "use %s DNS.",
                                in->field);
        if (bind->has_ip)
                return act_fail(act, ERR_PARAM_VALUE,
                                "An IP address has no DNS zone of yours; use %s FILE for a certificate with an IP address.", in->field);
        *ret_method = MSG_METHOD_DNS_CNAME;
        return RES_OK;
}

res bind_method(struct act *act, const struct product *product, const struct bind *bind, const struct bind_method *in,
                enum msg_method *ret_method)
{
        if (str_equals(in->method, "DNS") && product->allows_dns)
                return bind_dns(act, product, bind, in, ret_method);
        if (str_equals(in->method, "FILE") && product->allows_file)
                return bind_file(act, bind, in, ret_method);
        if (str_equals(in->method, "DNS_PROXY") && (product->allows_dns || product->allows_auto))
                return bind_proxy(act, bind, in, ret_method);
        if (str_equals(in->method, "DNS_AUTO")) /* FREE-10: needs a DNS host that we can write to */
                return act_fail(
                        act, ERR_PARAM_VALUE,
                        "Automatic DNS needs the name at a DNS host that this service can write to, and none is connected; use DNS or FILE.");
        return act_fail(act, ERR_PARAM_VALUE, "%s must be DNS or FILE.", in->field);
}

struct str bind_verify_type(enum msg_method method, struct str asked)
{
        if (method == MSG_METHOD_FILE)
                return STR("FILE");
        return str_equals(asked, "DNS_PROXY") ? STR("DNS_PROXY") : STR("DNS");
}
