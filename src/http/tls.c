/*
 * A handshake borrows the chain and the key while it runs and nobody tells when it ends.  So a certificate that was
 * exchanged is kept for ten minutes, far beyond the time that a handshake is given, and freed at a later exchange.
 */
#include "http/tls.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "http/http.h"

enum { HTTP_TLS_CHAIN = 8, HTTP_TLS_KEEP_MS = 600000 };

struct http_certificate {
        struct http_certificate *older;
        int64_t retired_ms;
        gnutls_pcert_st chain[HTTP_TLS_CHAIN];
        unsigned chain_length;
        gnutls_privkey_t key;
};

struct http_identity {
        pthread_mutex_t lock;
        struct http_certificate *current;
};

static void http_certificate_free(struct http_certificate *certificate)
{
        for (unsigned i = 0; i < certificate->chain_length; i++)
                gnutls_pcert_deinit(&certificate->chain[i]);
        if (certificate->key)
                gnutls_privkey_deinit(certificate->key);
        free(certificate);
}

static void http_certificate_free_ptr(struct http_certificate **certificate)
{
        if (*certificate)
                http_certificate_free(*certificate);
}

static gnutls_datum_t http_datum(const char *text)
{
        return (gnutls_datum_t){.data = (unsigned char *)(uintptr_t)text, .size = (unsigned)strlen(text)};
}

static void http_pubkey_free(gnutls_pubkey_t *key)
{
        if (*key)
                gnutls_pubkey_deinit(*key);
}

/* Do the leaf and the private key belong together? */
static res http_certificate_check_pair(const struct http_certificate *certificate)
{
        CLEAN(http_pubkey_free) gnutls_pubkey_t key = NULL;
        unsigned char of_key[64], of_leaf[64];
        size_t key_size = sizeof(of_key), leaf_size = sizeof(of_leaf);

        ENSURE(gnutls_pubkey_init(&key) == 0, ERR_MEMORY);
        ENSURE(gnutls_pubkey_import_privkey(key, certificate->key, 0, 0) == 0, ERR_CRYPTO);
        ENSURE(gnutls_pubkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, of_key, &key_size) == 0, ERR_CRYPTO);
        ENSURE(gnutls_pubkey_get_key_id(certificate->chain[0].pubkey, GNUTLS_KEYID_USE_SHA256, of_leaf, &leaf_size) ==
                       0,
               ERR_CRYPTO);
        ENSURE(key_size == leaf_size && memcmp(of_key, of_leaf, key_size) == 0, ERR_CRYPTO);
        return RES_OK;
}

static res http_certificate_new(const struct http_tls *tls, struct http_certificate **ret_certificate)
{
        CLEAN(http_certificate_free_ptr) struct http_certificate *certificate = calloc(1, sizeof(*certificate));
        const gnutls_datum_t chain = http_datum(tls->cert_chain);
        const gnutls_datum_t key = http_datum(tls->key);
        unsigned length = HTTP_TLS_CHAIN;

        ENSURE(certificate, ERR_MEMORY);
        ENSURE(gnutls_pcert_list_import_x509_raw(certificate->chain, &length, &chain, GNUTLS_X509_FMT_PEM, 0) == 0,
               ERR_CRYPTO);
        certificate->chain_length = length;
        ENSURE(length > 0, ERR_CRYPTO);
        ENSURE(gnutls_privkey_init(&certificate->key) == 0, ERR_MEMORY);
        ENSURE(gnutls_privkey_import_x509_raw(certificate->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0) == 0, ERR_CRYPTO);
        TRY(http_certificate_check_pair(certificate));
        *ret_certificate = certificate;
        certificate = NULL;
        return RES_OK;
}

/* Free what was retired long enough ago; the list is newest first. */
static void http_identity_sweep(struct http_identity *identity, int64_t now_ms)
{
        struct http_certificate **at = &identity->current->older;

        while (*at) {
                struct http_certificate *old = *at;

                if (now_ms - old->retired_ms < HTTP_TLS_KEEP_MS) {
                        at = &old->older;
                        continue;
                }
                *at = old->older;
                http_certificate_free(old);
        }
}

res http_identity_set(struct http_identity *identity, const struct http_tls *tls)
{
        const int64_t now_ms = clock_mono_ms();
        struct http_certificate *fresh = NULL;

        ENSURE(tls->cert_chain && tls->key, ERR_CRYPTO);
        TRY(http_certificate_new(tls, &fresh));
        pthread_mutex_lock(&identity->lock);
        fresh->older = identity->current;
        if (identity->current)
                identity->current->retired_ms = now_ms;
        identity->current = fresh;
        http_identity_sweep(identity, now_ms);
        pthread_mutex_unlock(&identity->lock);
        return RES_OK;
}

res http_identity_new(const struct http_tls *tls, struct http_identity **ret_identity)
{
        struct http_identity *identity = calloc(1, sizeof(*identity));
        res result;

        ENSURE(identity, ERR_MEMORY);
        pthread_mutex_init(&identity->lock, NULL);
        result = http_identity_set(identity, tls);
        if (!res_is_ok(result)) {
                http_identity_free(identity);
                return result;
        }
        *ret_identity = identity;
        return RES_OK;
}

void http_identity_free(struct http_identity *identity)
{
        if (!identity)
                return;
        for (struct http_certificate *at = identity->current, *older; at; at = older) {
                older = at->older;
                http_certificate_free(at);
        }
        pthread_mutex_destroy(&identity->lock);
        free(identity);
}

void http_identity_view(struct http_identity *identity, struct http_identity_view *ret_view)
{
        pthread_mutex_lock(&identity->lock);
        *ret_view = (struct http_identity_view){
                .chain = identity->current->chain,
                .chain_length = identity->current->chain_length,
                .key = identity->current->key,
        };
        pthread_mutex_unlock(&identity->lock);
}
