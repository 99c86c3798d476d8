/*
 * See path.h.  Everything is made anew for each chain and thrown away: people bring certificates rarely, and ten of them
 * cost two milliseconds.
 */
#include "pki/path.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "pki/der.h"

static const uint8_t ec_key_oid[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};

struct path {
        X509 *certs[PKI_CHAIN_MAX];
        STACK_OF(X509) *between; /* borrows from certs */
        X509_STORE *store;
        X509_STORE_CTX *context;
};

static void path_done(struct path *path)
{
        X509_STORE_CTX_free(path->context);
        X509_STORE_free(path->store);
        sk_X509_free(path->between);
        for (size_t i = 0; i < PKI_CHAIN_MAX; i++)
                X509_free(path->certs[i]);
        ERR_clear_error();
}

/* Keys that our reader leaves alone are OpenSSL's to decode; a curve must have a name all the same. */
static res check_curve_is_named(const struct pki_cert *cert)
{
        struct der in, algorithm;
        struct bytes oid;

        if (cert->spki.family != PKI_FAMILY_NONE)
                return RES_OK;
        TRY(der_enter_all(cert->spki.der, DER_SEQUENCE, &in));
        TRY(der_enter(&in, DER_SEQUENCE, &algorithm));
        TRY(der_read_oid(&algorithm, &oid));
        if (der_oid_equal(oid, bytes_of(ec_key_oid, sizeof(ec_key_oid))))
                ENSURE(der_next_is(&algorithm, DER_OID), ERR_KEY_TYPE);
        return RES_OK;
}

static res path_decode(struct path *path, const struct pki_chain *chain)
{
        for (size_t i = 0; i < chain->n; i++) {
                const unsigned char *p = chain->v[i].der.p;

                TRY(check_curve_is_named(&chain->v[i]));
                path->certs[i] = d2i_X509(NULL, &p, (long)chain->v[i].der.n);
                ENSURE(path->certs[i] != NULL, ERR_FORMAT);
                if (i > 0 && i + 1 < chain->n)
                        ENSURE(sk_X509_push(path->between, path->certs[i]) > 0, ERR_MEMORY);
        }
        return RES_OK;
}

static res path_begin(struct path *path, const struct pki_chain *chain)
{
        path->between = sk_X509_new_null();
        path->store = X509_STORE_new();
        path->context = X509_STORE_CTX_new();
        ENSURE(path->between && path->store && path->context, ERR_MEMORY);
        TRY(path_decode(path, chain));
        ENSURE(X509_STORE_add_cert(path->store, path->certs[chain->n - 1]) == 1, ERR_CRYPTO);
        ENSURE(X509_STORE_CTX_init(path->context, path->store, path->certs[0], path->between) == 1, ERR_CRYPTO);
        return RES_OK;
}

static void path_set_rules(struct path *path, int64_t at_sec, bool strict)
{
        X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(path->context);
        unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN | (strict ? X509_V_FLAG_X509_STRICT : 0);

        if (at_sec < 0)
                flags |= X509_V_FLAG_NO_CHECK_TIME;
        else
                X509_VERIFY_PARAM_set_time(param, (time_t)at_sec);
        X509_VERIFY_PARAM_set_flags(param, flags);
}

res pki_path_verify(const struct pki_chain *chain, int64_t at_sec, bool strict, struct pki_path_fault *ret_fault)
{
        CLEAN(path_done) struct path path = {0};

        ENSURE(chain->n > 0 && chain->n <= PKI_CHAIN_MAX, ERR_FORMAT);
        TRY(path_begin(&path, chain));
        path_set_rules(&path, at_sec, strict);
        if (X509_verify_cert(path.context) == 1)
                return RES_OK;
        int depth = X509_STORE_CTX_get_error_depth(path.context);

        *ret_fault = (struct pki_path_fault){
                .why = X509_verify_cert_error_string(X509_STORE_CTX_get_error(path.context)),
                .at = depth >= 0 && (size_t)depth < chain->n ? (size_t)depth : 0,
        };
        return FAIL(ERR_SIGNATURE);
}
