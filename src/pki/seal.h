/*
 * Sealing: AES-256-GCM (NIST SP 800-38D) under a key derived from the master key by HKDF-SHA-256 (RFC 5869).  What a
 * ciphertext is for (its account, object, version) is the additional data, so that one put in another's place opens nothing.
 *
 *   sealed = 0x01 | nonce (12, random) | ciphertext | tag (16)
 */
#pragma once

#include "base/buf.h"
#include "base/secret.h"

#define PKI_SEAL_KEY_SIZE 32
#define PKI_SEAL_OVERHEAD (1 + 12 + 16)

/* The key for one purpose ("vault", "signer").  The master key has at least 32 bytes.  ERR_CRYPTO, ERR_FORMAT. */
MUST res pki_seal_derive(struct bytes master, const char *purpose, uint8_t ret_key[PKI_SEAL_KEY_SIZE]);
/* Appends. */
MUST res pki_seal(const uint8_t key[PKI_SEAL_KEY_SIZE], struct bytes aad, struct bytes plain, struct buf *out);
/* ERR_FORMAT: not of this form, not of this key, or not for this aad. */
MUST res pki_unseal(const uint8_t key[PKI_SEAL_KEY_SIZE], struct bytes aad, struct bytes sealed,
                    struct secret *ret_plain);
