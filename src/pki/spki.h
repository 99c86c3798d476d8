/*
 * SubjectPublicKeyInfo, read by ourselves: turning it into an OpenSSL key costs 200 µs and a lock (d2i_PUBKEY).
 * Taken are RSA (rsaEncryption with NULL, RFC 3279 §2.3.1) and named curves (RFC 5480 §2.1.1) with an uncompressed
 * point; explicit curve parameters never.  pki_spki_check is the key gate of BR 6.1.1.3 and 6.1.6.
 */
#pragma once

#include "pki/alg.h"

struct pki_spki {
        struct bytes der;           /* whole; everything here borrows from the input */
        enum pki_key_type key_type; /* NONE: RSA of a size that we do not make */
        enum pki_family family;
        unsigned bits;
        struct bytes modulus, exponent; /* RSA; no leading zeros */
        struct bytes point;             /* EC: 04 x y */
        struct bytes key_bits;          /* content of subjectPublicKey: what key identifiers hash */
};

/* The form only, strict DER.  ERR_FORMAT; ERR_KEY_TYPE for another algorithm, curve or point form. */
MUST res pki_spki_parse(struct bytes der, struct pki_spki *ret_spki);
/*
 * May this key be certified?  RSA: 2048 … 8192 bits, multiple of 8, odd exponent >= 65537 (and < 2^256), no factor
 * below 752, not ROCA, not two close primes (100 rounds of Fermat).  EC: the point is on its curve.
 * ERR_KEY_WEAK; *ret_why (may be NULL) is then a static sentence.
 */
MUST res pki_spki_check(struct pki_kit *kit, const struct pki_spki *spki, const char **ret_why);
/* RFC 5280 §4.2.1.2 (1): SHA-1 of the key bits. */
MUST res pki_spki_key_id(struct pki_kit *kit, const struct pki_spki *spki, uint8_t out[20]);
/* Signature over message by this key.  ERR_CRYPTO-free answer: RES_OK = good, ERR_SIGNATURE = not. */
MUST res pki_spki_verify(struct pki_kit *kit, const struct pki_spki *spki, struct pki_alg alg, struct bytes message,
                         struct bytes signature);

/*
 * A key made ready to verify many signatures, with the context that pki_spki_verify makes for each: 25 µs of its 115.  RSA and
 * named curves.  Never changes, so threads share it; who holds it is counted.
 */
struct pki_public;
MUST res pki_public_new(struct pki_kit *kit, const struct pki_spki *spki, struct pki_public **ret_public);
struct pki_public *pki_public_hold(struct pki_public *key);
void pki_public_free(struct pki_public *key);
/* As pki_spki_verify; `family` is that of the spki. */
MUST res pki_public_verify(struct pki_kit *kit, struct pki_public *key, enum pki_family family, struct pki_alg alg, struct bytes message,
                           struct bytes signature);
