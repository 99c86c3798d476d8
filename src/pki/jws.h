/*
 * Signed requests of ACME: flattened JWS (RFC 7515 §7.2.2) as RFC 8555 §6.2 narrows it.  The reader is strict, because
 * everything that two libraries read differently has been a hole somewhere (RFC 8725): one fixed list of algorithms,
 * each tied to one kind of key; no unprotected header, no `crit`, no keys by address, no padding in base64url.
 *
 * Pure: bytes in, a verdict out.  Nonce, url and account are the caller's business.
 */
#pragma once

#include "base/arena.h"
#include "pki/alg.h"

enum jws_key_kind { JWS_KEY_NONE, JWS_KEY_RSA, JWS_KEY_P256, JWS_KEY_P384, JWS_KEY_ED25519, JWS_KEY_KIND_COUNT };

#define JWS_THUMBPRINT_SIZE 44 /* base64url of SHA-256, and NUL */

struct pki_public;
struct jws_key {
        enum jws_key_kind kind;
        struct bytes spki;        /* DER */
        struct pki_public *ready; /* the same, made ready to verify; NULL = not yet */
};

struct jws {
        struct str protected_text, payload_text; /* base64url as sent: what is signed */
        struct str alg, nonce, url, kid;         /* p NULL = absent */
        bool has_jwk;
        struct jws_key jwk;
        struct bytes payload; /* decoded; n = 0: POST-as-GET (RFC 8555 §6.3) */
        struct bytes signature;
};

/*
 * Everything lives in the arena.  On failure *ret_why is a sentence: ERR_ACME_MALFORMED; ERR_ACME_ALGORITHM for an `alg`
 * that is not signed with here, MACs included; ERR_KEY_TYPE for a jwk of another kind.  Does not verify.
 * Exactly one of jwk and kid is there.
 */
MUST res jws_parse(struct arena *arena, struct str text, struct jws *ret_jws, const char **ret_why);
/* The same for an external account binding (RFC 8555 §7.3.4): HS256, HS384 or HS512 with kid, no nonce. */
MUST res jws_parse_mac(struct arena *arena, struct str text, struct jws *ret_jws, const char **ret_why);

/* Its algorithm verifies in 100 µs; P-384 takes ten times as long. */
bool jws_is_quick(const struct jws *jws);
/* The algorithm fits the key and the signature is good: else ERR_ACME_ALGORITHM, ERR_ACME_SIGNATURE. */
MUST res jws_verify(struct pki_kit *kit, const struct jws *jws, const struct jws_key *key);
/* ERR_ACME_SIGNATURE. */
MUST res jws_verify_mac(const struct jws *jws, struct bytes secret);

/* The names of what jws_verify takes, comma-separated and quoted: the "algorithms" of badSignatureAlgorithm. */
const char *jws_algorithms(void);

/*
 * A public key as JSON (RFC 7517, RFC 8037): {"kty":…}.  Private members are refused, so that nobody's key travels by
 * mistake.  ERR_ACME_MALFORMED, ERR_KEY_TYPE.
 */
MUST res jws_key_from_json(struct arena *arena, struct str json, struct jws_key *ret_key, const char **ret_why);
/* The same where it is the member oldKey of an object (RFC 8555 §7.3.5). */
MUST res jws_key_from_old_key(struct arena *arena, struct str json, struct jws_key *ret_key, const char **ret_why);
/* Borrows.  ERR_KEY_TYPE for a kind that no JWS is signed with. */
MUST res jws_key_from_spki(struct bytes spki, struct jws_key *ret_key);
/* RFC 7638. */
MUST res jws_key_thumbprint(const struct jws_key *key, char out[JWS_THUMBPRINT_SIZE]);
/* May an account have it?  The key gate of pki/spki.h.  ERR_KEY_WEAK with a static sentence. */
MUST res jws_key_check(struct pki_kit *kit, const struct jws_key *key, const char **ret_why);
