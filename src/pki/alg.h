/*
 * Algorithms.  Key type, digest and the SM2 distinguishing id travel as ONE value, so that nobody pairs them
 * wrongly and SM2 opens nothing again.  The kit is one thread's tools: digests fetched and contexts made once,
 * because OpenSSL 3.0 is slow at making either; it is never shared between threads.
 */
#pragma once

#include "base/buf.h"
#include "base/res.h"
#include "base/str.h"

/* Numbers as in enum msg_key_type (ipc/msg.h): whoever includes both asserts it. */
enum pki_key_type {
        PKI_KEY_NONE, /* also: a readable key of a kind that we do not make */
        PKI_KEY_RSA_2048,
        PKI_KEY_RSA_4096,
        PKI_KEY_EC_P256,
        PKI_KEY_EC_P384,
        PKI_KEY_SM2,      /* room for later */
        PKI_KEY_RSA_3072, /* our RSA root: 128 bits of strength at a third of the time that 4096 takes to make */
        PKI_KEY_TYPE_COUNT
};

enum pki_family { PKI_FAMILY_NONE, PKI_FAMILY_RSA, PKI_FAMILY_ECC, PKI_FAMILY_SM2, PKI_FAMILY_COUNT };

enum pki_digest {
        PKI_DIGEST_NONE,
        PKI_SHA1 /* identifiers only, never signatures */,
        PKI_SHA256,
        PKI_SHA384,
        PKI_SHA512,
        PKI_SM3,
        PKI_DIGEST_COUNT
};

#define PKI_DIGEST_MAX 64
#define PKI_SM2_DEFAULT_ID STR("1234567812345678") /* GM/T 0009 §10 */

struct pki_alg {
        enum pki_key_type key_type; /* NONE: an RSA key of another size (reading only) */
        enum pki_family family;
        enum pki_digest digest;
        struct str sm2_id;
};

struct pki_alg pki_alg_of(
        enum pki_key_type key_type); /* what we sign with: SHA-256; P-384: SHA-384; SM2: SM3 and the default id */
enum pki_family pki_alg_family(enum pki_key_type key_type);
const char *pki_alg_key_name(enum pki_key_type key_type); /* "rsa-2048", "ec-p256", …; "" for NONE */
enum pki_key_type pki_alg_key_by_name(struct str name);   /* PKI_KEY_NONE = unknown */
size_t pki_digest_size(enum pki_digest digest);
/* AlgorithmIdentifier of a signature: complete DER. */
struct bytes pki_alg_der(struct pki_alg alg);
/* The same, read: byte for byte one that we know (MD5, SHA-1, PSS are not known).  ERR_FORMAT. */
MUST res pki_alg_parse(struct bytes der, struct pki_alg *ret_alg); /* key_type stays NONE */
/* Any AlgorithmIdentifier: an OID and at most one parameter.  ERR_FORMAT. */
MUST res pki_alg_check_form(struct bytes der);

struct pki_kit;
MUST res
pki_kit_new(struct pki_kit **ret_kit); /* ERR_CRYPTO, ERR_MEMORY; fetches everything: the warm-up before a jail */
void pki_kit_free(struct pki_kit *kit);
void pki_kit_free_ptr(struct pki_kit **kit); /* for CLEAN() */
/* The calling thread's own, made at first use and freed when the thread ends; borrowed.  ERR_CRYPTO, ERR_MEMORY. */
MUST res pki_kit_of_thread(struct pki_kit **ret_kit);
MUST res pki_kit_hash(struct pki_kit *kit, enum pki_digest digest, struct bytes in, uint8_t out[PKI_DIGEST_MAX]);
