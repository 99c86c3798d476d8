/*
 * Keys: public (SubjectPublicKeyInfo) and private (PKCS#8, open and encrypted), told apart by trying.  A public key that
 * passes the gate is one that OpenSSL takes; a private key that is read writes itself again.
 */
#include "pki_fuzz.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include "pki/key.h"

static struct pki_kit *kit;

static void fuzz_public(struct bytes der)
{
        const unsigned char *p = der.p;
        struct pki_spki spki;
        EVP_PKEY *key;

        if (!res_is_ok(pki_spki_parse(der, &spki)) || !res_is_ok(pki_spki_check(kit, &spki, NULL)))
                return;
        key = d2i_PUBKEY(NULL, &p, (long)der.n);
        FUZZ_CHECK(key && p == der.p + der.n && (unsigned)EVP_PKEY_get_bits(key) == spki.bits);
        EVP_PKEY_free(key);
        ERR_clear_error();
}

static void fuzz_private(struct bytes der, bool is_encrypted)
{
        struct pki_key *key = NULL, *again = NULL;
        struct secret plain = {0};

        if (!res_is_ok(is_encrypted ? pki_key_from_encrypted(der, STR("secret"), &key) : pki_key_from_pkcs8(der, &key)))
                return;
        FUZZ_CHECK(res_is_ok(pki_key_to_pkcs8(key, &plain)));
        FUZZ_CHECK(res_is_ok(pki_key_from_pkcs8(secret_bytes(&plain), &again)));
        FUZZ_CHECK(pki_key_spki(key).n == pki_key_spki(again).n &&
                   memcmp(pki_key_spki(key).p, pki_key_spki(again).p, pki_key_spki(key).n) == 0);
        secret_done(&plain);
        pki_key_free(key);
        pki_key_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct buf der;

        if (!kit)
                FUZZ_CHECK(res_is_ok(pki_kit_new(&kit)));
        fuzz_der(data, size, &der);
        fuzz_public(buf_bytes(&der));
        fuzz_private(buf_bytes(&der), false);
        fuzz_private(buf_bytes(&der), true);
        buf_done(&der);
        return 0;
}
