/* See key_gate.h. */
#include "core/key_gate.h"

#include "core/catalogue.h"
#include "core/weak_list.h"

static res gate_fail(struct act *act, const char *why)
{
        return act_fail(act, ERR_KEY_WEAK, "%s Make a new key pair, and a new CSR with it.", why);
}

res key_gate(struct act *act, struct pki_kit *kit, const struct pki_spki *spki)
{
        const char *why = "";
        bool listed = false;
        res checked = pki_spki_check(kit, spki, &why);

        if (checked.err == ERR_KEY_WEAK)
                return gate_fail(act, why);
        TRY(checked);
        TRY(weak_list_find(catalogue_weak_keys(act_catalogue(act)), kit, spki, &listed));
        if (listed)
                return gate_fail(act, "The key is one of those whose private half is known, such as Debian's OpenSSL of 2006 to 2008 made.");
        return RES_OK;
}
