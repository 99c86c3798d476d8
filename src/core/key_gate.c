/* See key_gate.h. */
#include "core/key_gate.h"

#include "core/catalogue.h"
#include "core/compromise.h"
#include "core/core.h"
#include "core/weak_file.h"
#include "core/weak_list.h"
#include "store/key.h"

static res gate_fail(struct act *act, const char *why)
{
        return act_fail(act, ERR_KEY_WEAK, "%s Make a new key pair, and a new CSR with it.", why);
}

static res gate_lists(struct act *act, struct pki_kit *kit, const struct pki_spki *spki)
{
        bool listed = false;

        TRY(weak_file_find(act->core->weak_keys, kit, spki, &listed));
        if (listed)
                return gate_fail(act, "The key is one that Debian's OpenSSL of 2006 to 2008 made (CVE-2008-0166): its private half is known.");
        TRY(weak_list_find(catalogue_weak_keys(act_catalogue(act)), kit, spki, &listed));
        if (listed)
                return gate_fail(act, "The key is on the operator's list of those whose private half is known.");
        return RES_OK;
}

res key_gate(struct act *act, struct pki_kit *kit, const struct pki_spki *spki)
{
        const char *why = "";
        res checked = pki_spki_check(kit, spki, &why);

        if (checked.err == ERR_KEY_WEAK)
                return gate_fail(act, why);
        TRY(checked);
        return gate_lists(act, kit, spki);
}

res key_gate_known(struct act *act, struct bytes der)
{
        struct pki_kit *kit = NULL;
        struct pki_spki spki;

        if (!res_is_ok(pki_spki_parse(der, &spki)))
                return RES_OK;
        TRY(pki_kit_of_thread(&kit));
        return gate_lists(act, kit, &spki);
}

res key_gate_again(struct act *act, struct store_conn *conn, const struct cert_key_row *key)
{
        TRY(compromise_check_hash(conn, key->spki_hash));
        return key_gate_known(act, key->spki);
}

bool key_gate_refuses(enum err err)
{
        return err == ERR_KEY_BLOCKED || err == ERR_KEY_WEAK;
}
