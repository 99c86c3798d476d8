/* See key_gate.h. */
#include "core/key_gate.h"

res key_gate(struct act *act, struct pki_kit *kit, const struct pki_spki *spki)
{
        const char *why = "";
        res checked = pki_spki_check(kit, spki, &why);

        if (checked.err == ERR_KEY_WEAK)
                return act_fail(act, ERR_KEY_WEAK, "%s Make a new key pair, and a new CSR with it.", why);
        return checked;
}
