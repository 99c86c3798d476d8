/*
 * chancery-vault: seals and opens what the server must not read by itself.  It holds nothing but its sealing key.  The
 * same program as key maker makes private keys, so that a slow one blocks nobody.
 */
#pragma once

#include "base/secret.h"
#include "ipc/answer.h"
#include "pki/seal.h"

#define VAULT_MAGIC 0x5661756cu

struct pki_key;
struct stock;

struct vault {
        uint32_t magic;
        uint8_t key[PKI_SEAL_KEY_SIZE];
        struct stock *stock; /* key maker only */
};

/* The whole life of either program; `is_keymaker` is the argument before the settings. */
int vault_main(int argc, char **argv);

/* One request; dispatch over msg_type.  A vault makes no keys, a key maker does nothing else. */
MUST res vault_handle(void *context, const struct frame *request, struct answer *answer);

/* Shared by the handlers: seal for this AAD and append to the answer's tail. */
MUST res vault_seal(const struct vault *vault, const struct msg_vault_aad *aad, struct bytes plain, struct buf *out);
MUST res vault_unseal(const struct vault *vault, const struct msg_vault_aad *aad, struct bytes sealed,
                      struct secret *ret_plain);
/* MSG_VAULT_MAKE_KEY. */
MUST res vault_make_key(struct vault *vault, const struct frame *request, struct answer *answer);
/* MSG_VAULT_IMPORT_KEY. */
MUST res vault_import_key(struct vault *vault, const struct frame *request, struct answer *answer);
/* Seal a key as PKCS#8; with a password only what is encrypted under it (PKP-01, PKP-03, CON-39). */
MUST res vault_seal_key(const struct vault *vault, const struct msg_vault_aad *aad, const struct pki_key *key,
                        struct str password, struct buf *out);
