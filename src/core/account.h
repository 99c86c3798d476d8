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
/*
 * Account, first user and key in one transaction.  An operator's act, by the control socket or the set-up page.
 * Empty role, identity and level mean user, individual and standard.  ERR_PARAM_VALUE with a sentence.
 */
MUST res account_create(struct act *act, const struct account_new *in, struct account_made *ret_made);

struct account_cache; /* core/account_cache.h */

/* Fill act's account, user, uins, role and verified from a SecretId.  ERR_AUTH_KEY. */
MUST res account_of_key(struct act *act, struct str secret_id);
/* The TC3 signing key of a SecretId for a day and service, from the vault, cached.  ERR_AUTH_KEY. */
MUST res account_signing_key(struct act *act, struct str secret_id, struct str date, struct str service,
                             uint8_t ret_key[TC3_KEY_SIZE]);
/* The older v1 signature (api.md §1.2) of a text, made by the vault: 20 bytes with hash 1 (SHA-1), 32 with 256.  ERR_AUTH_KEY. */
MUST res account_v1_sign(struct act *act, struct str secret_id, uint32_t hash, struct str text, uint8_t ret_mac[32],
                         size_t *ret_size);
/* Is there an operator yet?  The set-up link works only while there is none. */
MUST res account_has_operator(struct act *act, bool *ret_has);
