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
};

#define KEY_KIND_BIT(type) (1U << (unsigned)(type))

/* "RSA" or "ECC" ("ECDSA" means ECC, CSR-11) in either case; an empty parameter is the algorithm's usual one.  NULL = none. */
const struct key_kind *key_kind_find(struct str algo, struct str parameter);
const struct key_kind *key_kind_of(enum msg_key_type type); /* NULL: none of these */
/* "RSA 2048, ECC prime256v1": the kinds of a set of KEY_KIND_BITs. */
const char *key_kind_list(struct arena *arena, unsigned set);
