/*
 * An SSL_CTX is made for each certificate and swapped under a lock; OpenSSL counts who uses one, so the old goes when its last
 * connection does.  No sessions are resumed: the clients of an API and of ACME either keep their connection or come back
 * hours later, a ticket costs a tenth of a handshake, and the keys of tickets would outlive what they protect.
 */
#include "http/tls.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "http/http.h"

enum { HTTP_TLS_CHAIN = 8 };

struct http_identity {
        pthread_mutex_t lock;
        SSL_CTX *current;
        BIO_METHOD *memory; /* reads `in` and writes `out` of a session */
};

/* -- the way in and out of a session ------------------------------------------------------------- */

static int http_bio_read(BIO *bio, char *to, int size)
{
        struct http_session *session = BIO_get_data(bio);
        const size_t n = session->in.n < (size_t)size ? session->in.n : (size_t)size;

        BIO_clear_retry_flags(bio);
        if (n == 0) {
                BIO_set_retry_read(bio);
                return -1;
        }
        memcpy(to, session->in.p, n);
        session->in.p += n;
        session->in.n -= n;
        return (int)n;
}

static int http_bio_write(BIO *bio, const char *bytes, int n)
{
        struct http_session *session = BIO_get_data(bio);

        BIO_clear_retry_flags(bio);
        buf_add(session->out, bytes, (size_t)n);
        return res_is_ok(buf_check(session->out)) ? n : -1;
}

static long http_bio_control(BIO *bio, int what, long number, void *pointer)
{
        (void)bio, (void)number, (void)pointer;
        return what == BIO_CTRL_FLUSH;
}

static int http_bio_create(BIO *bio)
{
        BIO_set_init(bio, 1);
        return 1;
}

static BIO_METHOD *http_bio_method(void)
{
        BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "session");

        if (method)
                BIO_meth_set_read(method, http_bio_read);
        if (method)
                BIO_meth_set_write(method, http_bio_write);
        if (method)
                BIO_meth_set_ctrl(method, http_bio_control);
        if (method)
                BIO_meth_set_create(method, http_bio_create);
        return method;
}

/* -- certificate and key -------------------------------------------------------------------------- */

static void http_context_free(SSL_CTX **context)
{
        SSL_CTX_free(*context);
}

static void http_bio_free(BIO **bio)
{
        BIO_free(*bio);
}

static void http_cert_free(X509 **cert)
{
        X509_free(*cert);
}

static void http_key_free(EVP_PKEY **key)
{
        EVP_PKEY_free(*key);
}

/* Nobody is asked for one. */
static int http_no_password(char *to, int size, int writing, void *arg)
{
        (void)to, (void)size, (void)writing, (void)arg;
        return -1;
}

static res http_context_set_chain(SSL_CTX *context, const char *text)
{
        CLEAN(http_bio_free) BIO *bio = BIO_new_mem_buf(text, -1);
        size_t count = 0;

        ENSURE(bio, ERR_MEMORY);
        for (;;) {
                CLEAN(http_cert_free) X509 *cert = PEM_read_bio_X509(bio, NULL, http_no_password, NULL);

                if (!cert)
                        break;
                ENSURE(count < HTTP_TLS_CHAIN, ERR_CRYPTO);
                ENSURE((count++ == 0 ? SSL_CTX_use_certificate(context, cert) : (int)SSL_CTX_add1_chain_cert(context, cert)) == 1,
                       ERR_CRYPTO);
        }
        ENSURE(count > 0 && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE, ERR_CRYPTO);
        return RES_OK;
}

static res http_context_set_key(SSL_CTX *context, const char *text)
{
        CLEAN(http_bio_free) BIO *bio = BIO_new_mem_buf(text, -1);
        CLEAN(http_key_free) EVP_PKEY *key = NULL;

        ENSURE(bio, ERR_MEMORY);
        key = PEM_read_bio_PrivateKey(bio, NULL, http_no_password, NULL);
        ENSURE(key && SSL_CTX_use_PrivateKey(context, key) == 1, ERR_CRYPTO);
        ENSURE(SSL_CTX_check_private_key(context) == 1, ERR_CRYPTO);
        return RES_OK;
}

/* RFC 7301; who offers other protocols only is served without having agreed on one, as by a server that does not know of them. */
static int http_choose_protocol(SSL *ssl, const unsigned char **ret_name, unsigned char *ret_size,
                                const unsigned char *offered, unsigned size, void *arg)
{
        static const unsigned char ours[] = "\x08http/1.1";
        unsigned char *chosen = NULL;

        (void)ssl, (void)arg;
        if (SSL_select_next_proto(&chosen, ret_size, ours, sizeof(ours) - 1, offered, size) != OPENSSL_NPN_NEGOTIATED)
                return SSL_TLSEXT_ERR_NOACK;
        *ret_name = chosen;
        return SSL_TLSEXT_ERR_OK;
}

/* The chain is sent as it was given: building one anew for each handshake would cost as much again. */
static res http_context_set_up(SSL_CTX *context)
{
        SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                             SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
        SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_alpn_select_cb(context, http_choose_protocol, NULL);
        ENSURE(SSL_CTX_set_num_tickets(context, 0) == 1, ERR_CRYPTO);
        ENSURE(SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1, ERR_CRYPTO);
        ENSURE(SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1, ERR_CRYPTO);
        return RES_OK;
}

static res http_context_new(const struct http_tls *tls, SSL_CTX **ret_context)
{
        CLEAN(http_context_free) SSL_CTX *context = NULL;

        ENSURE(tls->cert_chain && tls->key, ERR_CRYPTO);
        context = SSL_CTX_new(TLS_server_method());
        ENSURE(context, ERR_MEMORY);
        TRY(http_context_set_up(context));
        TRY(http_context_set_chain(context, tls->cert_chain));
        TRY(http_context_set_key(context, tls->key));
        *ret_context = context;
        context = NULL;
        return RES_OK;
}

res http_identity_set(struct http_identity *identity, const struct http_tls *tls)
{
        SSL_CTX *fresh = NULL, *old;
        const res made = http_context_new(tls, &fresh);

        ERR_clear_error();
        TRY(made);
        pthread_mutex_lock(&identity->lock);
        old = identity->current;
        identity->current = fresh;
        pthread_mutex_unlock(&identity->lock);
        SSL_CTX_free(old);
        return RES_OK;
}

res http_identity_new(const struct http_tls *tls, struct http_identity **ret_identity)
{
        struct http_identity *identity = calloc(1, sizeof(*identity));
        res result;

        ENSURE(identity, ERR_MEMORY);
        pthread_mutex_init(&identity->lock, NULL);
        identity->memory = http_bio_method();
        result = identity->memory ? http_identity_set(identity, tls) : FAIL(ERR_MEMORY);
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
        SSL_CTX_free(identity->current);
        BIO_meth_free(identity->memory);
        pthread_mutex_destroy(&identity->lock);
        free(identity);
}

/* -- sessions ------------------------------------------------------------------------------------- */

res http_session_open(struct http_session *session, struct http_identity *identity)
{
        BIO *bio = BIO_new(identity->memory);

        *session = (struct http_session){0};
        pthread_mutex_lock(&identity->lock);
        session->ssl = bio ? SSL_new(identity->current) : NULL;
        pthread_mutex_unlock(&identity->lock);
        if (!session->ssl) {
                BIO_free(bio);
                ERR_clear_error();
                return FAIL(ERR_MEMORY);
        }
        BIO_set_data(bio, session);
        SSL_set_bio(session->ssl, bio, bio);
        SSL_set_accept_state(session->ssl);
        return RES_OK;
}

void http_session_close(struct http_session *session)
{
        SSL_free(session->ssl);
        session->ssl = NULL;
}

bool http_session_has_shaken(const struct http_session *session)
{
        return SSL_is_init_finished(session->ssl);
}

static enum http_session_state http_session_judge(struct http_session *session, int result)
{
        const int error = SSL_get_error(session->ssl, result);

        ERR_clear_error();
        if (error == SSL_ERROR_WANT_READ)
                return HTTP_SESSION_GOES_ON;
        return error == SSL_ERROR_ZERO_RETURN ? HTTP_SESSION_ENDED : HTTP_SESSION_FAILED;
}

enum http_session_state http_session_read(struct http_session *session, uint8_t *text, size_t room, size_t *ret_n)
{
        *ret_n = 0;
        ERR_clear_error(); /* whatever a handler left behind would be taken for ours */
        while (session->in.n > 0 || SSL_has_pending(session->ssl)) {
                const size_t left = room - *ret_n;
                const int got = SSL_read(session->ssl, text + *ret_n, left < INT_MAX ? (int)left : INT_MAX);

                if (got <= 0) {
                        const enum http_session_state state = http_session_judge(session, got);

                        if (state != HTTP_SESSION_GOES_ON || session->in.n == 0)
                                return state;
                        return HTTP_SESSION_FAILED;
                }
                *ret_n += (size_t)got;
        }
        return HTTP_SESSION_GOES_ON;
}

bool http_session_write(struct http_session *session, const void *bytes, size_t n)
{
        ERR_clear_error();
        if (n <= INT_MAX && SSL_write(session->ssl, bytes, (int)n) == (int)n)
                return true;
        ERR_clear_error();
        return false;
}

void http_session_end(struct http_session *session)
{
        ERR_clear_error();
        if (SSL_is_init_finished(session->ssl))
                (void)SSL_shutdown(session->ssl);
        ERR_clear_error();
}
