/* The members of a JSON Web Key (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2); private to this room. */
#pragma once

#include "base/json.h"
#include "pki/jws.h"

struct jwk {
        struct str kty, crv, x, y, n, e;
        struct str d, p, q, dp, dq, qi, k; /* private: refused */
};
extern const struct json_field jwk_fields[];
MUST res jwk_read(struct arena *arena, const struct jwk *jwk, struct jws_key *ret_key, const char **ret_why);
