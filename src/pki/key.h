/*
 * Private keys.  One belongs to one thread: it keeps its signing context for reuse.
 * Secret DER lives in struct secret and is wiped; PEM of a secret key goes to a buf that the caller wipes (buf_wipe).
 */
#pragma once

#include "base/secret.h"
#include "pki/alg.h"
#include "pki/spki.h"

struct pki_key;

MUST res pki_key_generate(enum pki_key_type key_type, struct pki_key **ret_key); /* RSA-4096 takes seconds */
void pki_key_free(struct pki_key *key);
void pki_key_free_ptr(struct pki_key **key);
enum pki_key_type pki_key_type(const struct pki_key *key);
struct pki_alg pki_key_alg(const struct pki_key *key);
struct bytes pki_key_spki(const struct pki_key *key); /* borrowed DER */

/* PKCS#8 PrivateKeyInfo (RFC 5958 §2).  from: ERR_FORMAT, ERR_KEY_TYPE; the curve must be named. */
MUST res pki_key_from_pkcs8(struct bytes der, struct pki_key **ret_key);
MUST res pki_key_to_pkcs8(const struct pki_key *key, struct secret *ret_der);
/*
 * EncryptedPrivateKeyInfo (RFC 5958 §3): PBES2, AES-256-CBC, PBKDF2 with HMAC-SHA-256 and PKI_KEY_PBKDF2_ROUNDS.
 * from takes PBES2 with PBKDF2 of at most PKI_KEY_PBKDF2_MAX rounds (no scrypt, no PBES1): a bound on what a
 * stranger's file may cost.  Checked as a pair.  ERR_KEY_PASSWORD = wrong password (or damaged).
 */
#define PKI_KEY_PBKDF2_ROUNDS \
        100000 /* about 30 ms here; OWASP's 600,000 is for short passwords on stolen databases: this one travels with its key */
#define PKI_KEY_PBKDF2_MAX 1000000
MUST res pki_key_from_encrypted(struct bytes der, struct str password, struct pki_key **ret_key);
MUST res pki_key_to_encrypted(const struct pki_key *key, struct str password, struct buf *out);
/* "-----BEGIN PRIVATE KEY-----" and "-----BEGIN ENCRYPTED PRIVATE KEY-----". */
MUST res pki_key_to_pem(const struct pki_key *key, struct buf *out);
MUST res pki_key_to_encrypted_pem(const struct pki_key *key, struct str password, struct buf *out);
/* Do both halves belong together?  CBC lets a damaged file decrypt to another private half.  ERR_FORMAT. */
MUST res pki_key_check_pair(const struct pki_key *key);
/*
 * A customer's PEM (checked as a pair): PKCS#8 open or encrypted; the older "RSA PRIVATE KEY" and "EC PRIVATE KEY" (RFC
 * 5915; "EC PARAMETERS" may stand before it), open or encrypted with DEK-Info (RFC 1421 §4.6.1.3: AES-CBC, 3DES).
 * ERR_FORMAT, ERR_KEY_TYPE (another kind of key or of encryption), ERR_KEY_PASSWORD, ERR_TOO_LARGE (rounds, size).
 */
MUST res pki_key_from_pem(struct str pem, struct str password, struct pki_key **ret_key);
/*
 * The same from whatever a customer has: PEM, or the DER of one of these forms, as it is or in base64.  ret_encrypted:
 * it was under the password.
 */
MUST res pki_key_import(struct bytes in, struct str password, bool *ret_encrypted, struct pki_key **ret_key);

/* Signature octets appended: ECDSA as DER (RFC 3279 §2.2.3), RSA PKCS#1 v1.5.  alg must be of the key's type. */
MUST res pki_key_sign(struct pki_key *key, struct pki_alg alg, struct bytes message, struct buf *out);
