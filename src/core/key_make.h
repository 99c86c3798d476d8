/* Having a customer's key made, with its request.  It takes long and touches nothing: done before the transaction. */
#pragma once

#include "core/act.h"
#include "ipc/msg.h"
#include "store/key.h"

struct key_make {
        enum msg_key_type type;
        struct str password;    /* "" = none; else only what is encrypted under it comes back (PKP-01, CON-39) */
        struct str common_name; /* of the request, and its one SAN (CSR-22) */
        struct bytes subject;   /* Name DER of the request; n = 0: the common name alone */
};

/* Key and request, made and sealed by the key maker; in the arena, not stored.  ERR_CSR_MAKE, ERR_IPC_LOST. */
MUST res key_make(struct act *act, const struct key_make *in, struct cert_key_row *ret_row);
/* SHA-256 of a public key, in the arena: how a key is known again. */
struct bytes key_hash(struct act *act, struct bytes spki);
/* PKP, FREE-14: length and characters; `field` names it in the sentence.  ERR_PARAM_VALUE. */
MUST res key_check_password(struct act *act, const char *field, struct str password);
