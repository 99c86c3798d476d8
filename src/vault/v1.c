/* See v1.h. */
#include "vault/v1.h"

#include <limits.h>
#include <openssl/hmac.h>

res v1_mac(uint32_t hash, struct bytes secret, struct bytes text, struct msg_vault_v1_sign_reply *ret_reply)
{
        unsigned n = 0;

        ENSURE((hash == 1 || hash == 256) && secret.n <= INT_MAX, ERR_FORMAT);
        ENSURE(HMAC(hash == 1 ? EVP_sha1() : EVP_sha256(), secret.p, (int)secret.n, text.p, text.n, ret_reply->mac,
                    &n) != NULL,
               ERR_CRYPTO);
        ret_reply->mac_len = n;
        return RES_OK;
}
