/*
 * Sealing: AES-256-GCM (NIST SP 800-38D) under a key derived from the master key by HKDF-SHA-256 (RFC 5869).
 * Each program derives its own key by its own label, so that a vault's ciphertext says nothing to the signer.
 * A sealed text is: version (1 byte, 1), nonce (12 random bytes), ciphertext, tag (16 bytes).
 */
#pragma once

#include "base/buf.h"
#include "base/secret.h"

#define SEAL_OVERHEAD (1 + 12 + 16)
#define SEAL_MASTER_MIN 32
#define SEAL_MASTER_MAX 4096

struct seal; /* one thread's */

/*
 * Read the master key from the beginning of fd (which is shared with others and stays open) and derive the key
 * for `label`.  ERR_CONFIG: shorter or longer than the limits; ERR_IO; ERR_CRYPTO.  Fetches every algorithm: the
 * warm-up before a jail.
 */
MUST res seal_new(int master_fd, const char *label, struct seal **ret_seal);
MUST res seal_new_from(struct bytes master, const char *label, struct seal **ret_seal);
void seal_free(struct seal *seal);   /* wipes the key */
void seal_free_ptr(struct seal **seal);
/* Append the sealed text to out. */
MUST res seal_close(struct seal *seal, struct bytes aad, struct bytes plain, struct buf *out);
/* ERR_FORMAT: not sealed under this key with this aad, or changed since. */
MUST res seal_open(struct seal *seal, struct bytes aad, struct bytes sealed, struct secret *ret_plain);
