/*
 * Private keys that somebody brings, in every form: PEM with and without headers, DER, base64.  What is read is a pair,
 * and reads the same once it is written as PKCS#8.
 */
#include <stdio.h>
#include <stdlib.h>

#include "pki/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct pki_key *key = NULL, *again = NULL;
        struct secret plain = {0};
        bool encrypted = false;

        if (!res_is_ok(pki_key_import(bytes_of(data, size), STR("secret"), &encrypted, &key)))
                return 0;
        if (!res_is_ok(pki_key_to_pkcs8(key, &plain)) ||
            !res_is_ok(pki_key_import(secret_bytes(&plain), (struct str){NULL, 0}, &encrypted, &again)) || encrypted ||
            pki_key_spki(key).n != pki_key_spki(again).n ||
            memcmp(pki_key_spki(key).p, pki_key_spki(again).p, pki_key_spki(key).n) != 0)
                abort();
        secret_done(&plain);
        pki_key_free(key);
        pki_key_free(again);
        return 0;
}
