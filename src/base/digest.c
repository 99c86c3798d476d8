/*
 * Fetching an algorithm costs more in OpenSSL 3 than hashing a request, so every thread fetches once.  The
 * contexts hang on a thread key, whose destructor frees them when the thread ends.  A failure here means that
 * memory ran out or that the library is broken: the process ends, as for the arena.
 */
#include "base/digest.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>

struct digest_thread {
        EVP_MD *sha256;
        EVP_MD_CTX *md;
        EVP_MAC_CTX *hmac;
};

static pthread_key_t digest_key;
static pthread_once_t digest_once = PTHREAD_ONCE_INIT;

static void digest_thread_free(void *p)
{
        struct digest_thread *own = p;

        EVP_MAC_CTX_free(own->hmac);
        EVP_MD_CTX_free(own->md);
        EVP_MD_free(own->sha256);
        free(own);
}

static void digest_make_key(void)
{
        if (pthread_key_create(&digest_key, digest_thread_free) != 0)
                abort();
}

static struct digest_thread *digest_thread_new(void)
{
        char sha256[] = "SHA256";
        const OSSL_PARAM params[] = {
                OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256, 0),
                OSSL_PARAM_construct_end(),
        };
        struct digest_thread *own = calloc(1, sizeof(*own));
        EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);

        if (!own || !mac)
                abort();
        own->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
        own->md = EVP_MD_CTX_new();
        own->hmac = EVP_MAC_CTX_new(mac);
        EVP_MAC_free(mac);
        if (!own->sha256 || !own->md || !own->hmac || !EVP_MAC_CTX_set_params(own->hmac, params))
                abort();
        if (pthread_setspecific(digest_key, own) != 0)
                abort();
        return own;
}

static struct digest_thread *digest_own(void)
{
        struct digest_thread *own;

        pthread_once(&digest_once, digest_make_key);
        own = pthread_getspecific(digest_key);
        return own ? own : digest_thread_new();
}

void digest_sha256(struct bytes in, uint8_t out[DIGEST_SHA256_SIZE])
{
        const struct digest_thread *own = digest_own();

        if (!EVP_DigestInit_ex(own->md, own->sha256, NULL) || !EVP_DigestUpdate(own->md, in.p, in.n) ||
            !EVP_DigestFinal_ex(own->md, out, NULL))
                abort();
}

void digest_hmac_sha256(struct bytes key, struct bytes in, uint8_t out[DIGEST_SHA256_SIZE])
{
        static const uint8_t none[1] = {0};
        const struct digest_thread *own = digest_own();
        size_t n = 0;

        /* A NULL key would mean "the one before". */
        if (!EVP_MAC_init(own->hmac, key.p ? key.p : none, key.n, NULL) || !EVP_MAC_update(own->hmac, in.p, in.n) ||
            !EVP_MAC_final(own->hmac, out, &n, DIGEST_SHA256_SIZE))
                abort();
}
