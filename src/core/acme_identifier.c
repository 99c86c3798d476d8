/* See acme_identifier.h.  The rules for names are domain.h's; what is stricter here stands here. */
#include "core/acme_identifier.h"

#include <string.h>

#include "base/address.h"
#include "core/core.h"
#include "core/domain.h"
#include "core/external_account.h"
#include "pki/lint.h"

/* RFC 8738 §3: text of RFC 5952 for version 6, four plain numbers for version 4; nobody's own addresses are not certified. */
static MUST res identifier_address(struct act *act, struct str value, struct acme_identifier *ret_identifier)
{
        char canonical[ADDRESS_TEXT_SIZE] = "";
        uint8_t address[16];
        const size_t size = address_parse(value, address);

        if (size > 0)
                address_text(address, size, canonical);
        if (size == 0 || !str_equal(value, str_of(canonical)))
                return act_fail(act, ERR_ACME_MALFORMED,
                                "An identifier of type ip is an address in its usual text form (RFC 5952 for version 6).");
        if (pki_lint_address_is_reserved(bytes_of(address, size)))
                return act_fail(act, ERR_ACME_IDENTIFIER, "%s is not a public address.", canonical);
        const char *name = arena_strdup(act->arena, canonical);

        *ret_identifier = (struct acme_identifier){.kind = "ip", .name = name, .base = name, .registrable = name, .is_address = true};
        return RES_OK;
}

/* The very bytes that go into the certificate, apart from capitals: no blanks, no final dot, no U-labels. */
static bool is_exact(struct str value, const char *ascii)
{
        return value.n == strlen(ascii) && str_equal_nocase(value, str_of(ascii));
}

static MUST res identifier_name(struct act *act, const struct product *product, struct str value, struct acme_identifier *ret_identifier)
{
        struct domain_name name = {0};
        res parsed = domain_parse(act, value, &name);

        if (!res_is_ok(parsed))
                return act_fail(act, ERR_ACME_IDENTIFIER, "%s", arena_strdup(act->arena, act->detail));
        if (name.is_ip)
                return act_fail(act, ERR_ACME_IDENTIFIER, "%s is an address; its identifier has the type ip.", name.ascii);
        if (!is_exact(value, name.ascii))
                return act_fail(act, ERR_ACME_IDENTIFIER, "Send the name as it stands in a certificate: %.100s.", name.ascii);
        res allowed = domain_check(act, &name, product);

        if (!res_is_ok(allowed))
                return act_fail(act, ERR_ACME_IDENTIFIER, "%s", arena_strdup(act->arena, act->detail));
        *ret_identifier = (struct acme_identifier){
                .kind = "dns",
                .name = name.ascii,
                .base = name.is_wildcard ? name.ascii + 2 : name.ascii,
                .registrable = name.registrable,
                .is_wildcard = name.is_wildcard,
        };
        return RES_OK;
}

res acme_identifier_check(struct act *act, const struct acme_account *account, const struct product *product,
                          const struct acme_identifier_in *in, struct acme_identifier *ret_identifier)
{
        bool allowed = false;

        if (str_equals(in->kind, "ip"))
                TRY(identifier_address(act, in->value, ret_identifier));
        else if (str_equals(in->kind, "dns"))
                TRY(identifier_name(act, product, in->value, ret_identifier));
        else
                return act_fail(act, ERR_ACME_IDENTIFIER_KIND, "An identifier is of type dns or ip.");
        TRY(external_account_allows(act, account->external_id, str_of(ret_identifier->base), &allowed));
        if (!allowed)
                return act_fail(act, ERR_ACME_IDENTIFIER, "The external account key does not allow %s.", ret_identifier->name);
        return RES_OK;
}
