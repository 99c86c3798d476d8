/* Accounts, users, keys: who may act. */
#pragma once

#include "base/tc3.h"
#include "core/act.h"

struct account_new {
        struct str name, role, identity, level;
        bool verified;
        int64_t balance_minor;
};
struct account_made {
        const char *uin, *secret_id, *secret_key; /* in the arena; the secret is shown this once */
};
/* Account, first user and key in one transaction.  An operator's act, by the control socket or the set-up page. */
MUST res account_create(struct act *act, const struct account_new *in, struct account_made *ret_made);

/* Fill act's account, user, uins, role and verified from a SecretId.  ERR_AUTH_KEY. */
MUST res account_of_key(struct act *act, struct str secret_id);
/* The TC3 signing key of a SecretId for a day and service, from the vault, cached.  ERR_AUTH_KEY. */
MUST res account_signing_key(struct act *act, struct str secret_id, struct str date, struct str service,
                             uint8_t ret_key[TC3_KEY_SIZE]);
/* Is there an operator yet?  The set-up link works only while there is none. */
MUST res account_has_operator(struct act *act, bool *ret_has);
