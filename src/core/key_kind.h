/*
 * The kinds of keys that customers may have, in the API's words: CsrEncryptAlgo and CsrKeyParameter on the way in,
 * EncryptAlgorithm on the way out.  One table, so that every door speaks the same (B7, CSR-11, CSR-12).
 */
#pragma once

#include "core/act.h"
#include "ipc/msg.h"

struct key_kind {
        enum msg_key_type type;
        const char *algo;      /* RSA, ECC */
        const char *parameter; /* 2048, prime256v1, … */
        const char *text;      /* RSA 2048: EncryptAlgorithm */
        const char *word;      /* rsa-2048: in the catalogue */
};

/* "RSA" or "ECC" ("ECDSA" means ECC, CSR-11) in either case; an empty parameter is the algorithm's usual one.  NULL = none. */
const struct key_kind *key_kind_find(struct str algo, struct str parameter);
const struct key_kind *key_kind_of(enum msg_key_type type); /* NULL: none of these */

struct product;
struct key_choice {
        const char *algo_field, *parameter_field; /* their names in sentences */
        struct str algo, parameter;               /* "" = RSA; the algorithm's usual one */
};
/* A key that the product has made online (product->keys, B7).  ERR_PARAM_VALUE names what there is. */
MUST res key_kind_choose(struct act *act, const struct product *product, const struct key_choice *in, const struct key_kind **ret_kind);
/* The product's issuer for a key of this kind. */
const char *key_kind_issuer(const struct product *product, const struct key_kind *kind);
