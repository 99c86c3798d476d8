/* OCSP: requests that OpenSSL makes, answers that OpenSSL checks with a delegated responder.  RFC 6960, RFC 9654, BR 4.9.9. */
#include "pki_help.h"

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "pki/der.h"
#include "pki/ocsp.h"

static struct help *help;
static struct pki_key *responder_key, *leaf_key;
static struct buf responder_cert, leaf_cert;
static uint8_t responder_key_id[20], leaf_serial[PKI_SERIAL_SIZE];

static X509 *x509_of(const struct buf *cert)
{
        const unsigned char *p = cert->p;
        X509 *x509 = d2i_X509(NULL, &p, (long)cert->n);

        assert_non_null(x509);
        return x509;
}

static OCSP_REQUEST *openssl_request(const EVP_MD *digest, int nonce, struct buf *out)
{
        X509 *leaf = x509_of(&leaf_cert), *issuer = x509_of(&help->intermediate.cert);
        OCSP_REQUEST *request = OCSP_REQUEST_new();
        unsigned char *der = NULL;
        int n;

        assert_non_null(OCSP_request_add0_id(request, OCSP_cert_to_id(digest, leaf, issuer)));
        if (nonce > 0)
                assert_int_equal(OCSP_request_add1_nonce(request, NULL, nonce), 1);
        n = i2d_OCSP_REQUEST(request, &der);
        buf_add(out, der, (size_t)n);
        OPENSSL_free(der);
        X509_free(leaf);
        X509_free(issuer);
        return request;
}

static void check_id(const struct pki_ocsp_id *id, enum pki_digest digest)
{
        struct pki_spki spki;
        uint8_t name_hash[32], key_hash[32];
        struct buf again;
        size_t size = pki_digest_size(digest);

        assert_int_equal(id->digest, digest);
        OK(pki_spki_parse(pki_key_spki(help->intermediate.key), &spki));
        OK(pki_ocsp_issuer_hashes(help->kit, digest, help->intermediate.issuer.name, &spki, name_hash, key_hash));
        assert_true(der_oid_equal(id->name_hash, bytes_of(name_hash, size)));
        assert_true(der_oid_equal(id->key_hash, bytes_of(key_hash, size)));
        assert_true(der_oid_equal(id->serial, bytes_of(leaf_serial, PKI_SERIAL_SIZE)));
        buf_init(&again, 256);
        pki_ocsp_id_write(id->digest, id->name_hash, id->key_hash, id->serial, &again);
        assert_true(der_oid_equal(id->der, buf_bytes(&again)));
        buf_done(&again);
}

/* Ask as OpenSSL asks, answer, and let OpenSSL judge the answer. */
static void ask(const EVP_MD *md, enum pki_digest digest, int nonce, enum pki_ocsp_status status, uint32_t reason)
{
        X509 *issuer = x509_of(&help->intermediate.cert), *root = x509_of(&help->root.cert);
        X509_STORE *store = X509_STORE_new();
        struct pki_ocsp_request request;
        struct pki_ocsp_single single = {.status = status,
                                         .revoked_at = help->now - 100,
                                         .reason = reason,
                                         .this_update = help->now,
                                         .next_update = help->now + HELP_DAY};
        struct pki_ocsp_answer answer = {.v = &single,
                                         .n = 1,
                                         .produced_at = help->now,
                                         .responder_key_id = {responder_key_id, 20},
                                         .responder_cert = buf_bytes(&responder_cert)};
        struct buf in, out;
        const unsigned char *p;
        OCSP_REQUEST *asked;
        OCSP_RESPONSE *response;
        OCSP_BASICRESP *basic;
        int got_status = -1, got_reason = -1;
        ASN1_GENERALIZEDTIME *revoked = NULL, *this_update = NULL, *next_update = NULL;

        buf_init(&in, 4096);
        buf_init(&out, 16384);
        asked = openssl_request(md, nonce, &in);
        OK(pki_ocsp_parse(buf_bytes(&in), &request));
        assert_int_equal(request.id_count, 1);
        assert_int_equal(request.nonce.n, nonce);
        check_id(&request.ids[0], digest);
        single.id = request.ids[0].der;
        answer.nonce = request.nonce;
        OK(pki_ocsp_build(responder_key, pki_key_alg(responder_key), &answer, &out));
        p = out.p;
        response = d2i_OCSP_RESPONSE(NULL, &p, (long)out.n);
        assert_non_null(response);
        assert_ptr_equal(p, out.p + out.n);
        assert_int_equal(OCSP_response_status(response), OCSP_RESPONSE_STATUS_SUCCESSFUL);
        basic = OCSP_response_get1_basic(response);
        assert_non_null(basic);
        assert_int_equal(OCSP_check_nonce(asked, basic), nonce > 0 ? 1 : 2); /* 2: both absent */
        X509_STORE_add_cert(store, root);
        X509_STORE_add_cert(store, issuer);
        X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)help->now + 10);
        assert_int_equal(OCSP_basic_verify(basic, NULL, store, 0), 1);
        assert_int_equal(OCSP_resp_find_status(basic, OCSP_onereq_get0_id(OCSP_request_onereq_get0(asked, 0)),
                                               &got_status, &got_reason, &revoked, &this_update, &next_update),
                         1);
        assert_int_equal(got_status, status);
        assert_int_equal(got_reason, status == PKI_OCSP_REVOKED && reason ? (int)reason : -1);
        assert_int_equal(revoked != NULL, status == PKI_OCSP_REVOKED);
        OCSP_BASICRESP_free(basic);
        OCSP_RESPONSE_free(response);
        OCSP_REQUEST_free(asked);
        X509_STORE_free(store);
        X509_free(issuer);
        X509_free(root);
        buf_done(&in);
        buf_done(&out);
}

static void test_answers(void **state)
{
        (void)state;
        ask(EVP_sha1(), PKI_SHA1, 0, PKI_OCSP_GOOD, 0);
        ask(EVP_sha1(), PKI_SHA1, 16, PKI_OCSP_GOOD, 0);
        ask(EVP_sha256(), PKI_SHA256, 32, PKI_OCSP_GOOD, 0);
        ask(EVP_sha256(), PKI_SHA256, 1, PKI_OCSP_REVOKED, 1);
        ask(EVP_sha1(), PKI_SHA1, 0, PKI_OCSP_REVOKED, 0);
        ask(EVP_sha1(), PKI_SHA1, 0, PKI_OCSP_UNKNOWN, 0);
}

/* Nonces: none for over 32 bytes, malformed over 128 (RFC 9654 §2.1). */
static void test_nonces(void **state)
{
        static const struct {
                int size;
                enum err err;
                size_t taken;
        } cases[] = {{32, ERR_NONE, 32}, {33, ERR_NONE, 0}, {128, ERR_NONE, 0}, {129, ERR_FORMAT, 0}};

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                struct pki_ocsp_request request = {0};
                struct buf in;

                buf_init(&in, 4096);
                OCSP_REQUEST_free(openssl_request(EVP_sha1(), cases[i].size, &in));
                FAILS(cases[i].err, pki_ocsp_parse(buf_bytes(&in), &request));
                assert_int_equal(request.nonce.n, cases[i].taken);
                buf_done(&in);
        }
}

static void test_damage(void **state)
{
        struct pki_ocsp_request request;
        struct buf in;

        (void)state;
        buf_init(&in, 4096);
        OCSP_REQUEST_free(openssl_request(EVP_sha512(), 16, &in));
        OK(pki_ocsp_parse(buf_bytes(&in), &request));
        assert_int_equal(request.ids[0].digest, PKI_DIGEST_NONE); /* answered "unauthorized", never by chance */
        buf_clear(&in);
        OCSP_REQUEST_free(openssl_request(EVP_sha1(), 16, &in));
        for (size_t i = 0; i < in.n; i++) {
                FAILS(ERR_FORMAT, pki_ocsp_parse(bytes_of(in.p, i), &request));
                in.p[i] ^= 0x21;
                (void)!res_is_ok(pki_ocsp_parse(buf_bytes(&in), &request));
                in.p[i] ^= 0x21;
        }
        buf_add_byte(&in, 0);
        FAILS(ERR_FORMAT, pki_ocsp_parse(buf_bytes(&in), &request));
        buf_done(&in);
}

/* An unknown critical extension must not be overlooked; more than eight certificates at once are too many. */
static void test_request_refused(void **state)
{
        struct pki_ocsp_request request;

        (void)state;
        for (int critical = 0; critical < 2; critical++) {
                struct buf in;
                struct der_mark whole, tbs, list, single, outer, extensions, extension;
                uint8_t hash[20] = {0};

                buf_init(&in, 4096);
                whole = der_open(&in, DER_SEQUENCE);
                tbs = der_open(&in, DER_SEQUENCE);
                list = der_open(&in, DER_SEQUENCE);
                single = der_open(&in, DER_SEQUENCE);
                pki_ocsp_id_write(PKI_SHA1, bytes_of(hash, 20), bytes_of(hash, 20), bytes_of(hash, 1), &in);
                der_close(&in, single);
                der_close(&in, list);
                outer = der_open(&in, DER_CONTEXT_CONSTRUCTED(2));
                extensions = der_open(&in, DER_SEQUENCE);
                extension = der_open(&in, DER_SEQUENCE);
                der_add_oid(&in, STR_BYTES("\x2a\x03\x04"));
                if (critical)
                        der_add_bool(&in, true);
                der_add(&in, DER_OCTET_STRING, STR_BYTES("x"));
                der_close(&in, extension);
                der_close(&in, extensions);
                der_close(&in, outer);
                der_close(&in, tbs);
                der_close(&in, whole);
                FAILS(critical ? ERR_FORMAT : ERR_NONE, pki_ocsp_parse(buf_bytes(&in), &request));
                buf_done(&in);
        }
        for (int count = 8; count < 10; count++) {
                OCSP_REQUEST *many = OCSP_REQUEST_new();
                X509 *leaf = x509_of(&leaf_cert), *issuer = x509_of(&help->intermediate.cert);
                unsigned char *der = NULL;
                int n;

                for (int i = 0; i < count; i++)
                        OCSP_request_add0_id(many, OCSP_cert_to_id(EVP_sha1(), leaf, issuer));
                n = i2d_OCSP_REQUEST(many, &der);
                FAILS(count > PKI_OCSP_IDS_MAX ? ERR_FORMAT : ERR_NONE,
                      pki_ocsp_parse(bytes_of(der, (size_t)n), &request));
                OPENSSL_free(der);
                OCSP_REQUEST_free(many);
                X509_free(leaf);
                X509_free(issuer);
        }
}

static void test_errors(void **state)
{
        static const enum pki_ocsp_error errors[] = {PKI_OCSP_MALFORMED, PKI_OCSP_INTERNAL, PKI_OCSP_TRY_LATER,
                                                     PKI_OCSP_UNAUTHORIZED};
        struct pki_ocsp_single single = {0};
        struct pki_ocsp_answer bad = {.v = &single, .n = 1, .responder_key_id = {responder_key_id, 20}};
        struct buf out;

        (void)state;
        buf_init(&out, 16384);
        for (size_t i = 0; i < 4; i++) {
                const unsigned char *p;
                OCSP_RESPONSE *response;

                buf_clear(&out);
                pki_ocsp_error(errors[i], &out);
                p = out.p;
                response = d2i_OCSP_RESPONSE(NULL, &p, (long)out.n);
                assert_int_equal(OCSP_response_status(response), errors[i]);
                OCSP_RESPONSE_free(response);
        }
        FAILS(ERR_FORMAT, pki_ocsp_build(responder_key, pki_key_alg(responder_key), &bad, &out)); /* no id, no dates */
        buf_done(&out);
}

static int set_up(void **state)
{
        const struct str name = STR("example.com");
        struct pki_cert_request request;
        struct buf subject;

        (void)state;
        help = help_new(PKI_KEY_EC_P384, PKI_KEY_EC_P256);
        buf_init(&responder_cert, 16384);
        buf_init(&leaf_cert, 16384);
        buf_init(&subject, 256);
        OK(pki_key_generate(PKI_KEY_EC_P256, &responder_key));
        OK(pki_key_generate(PKI_KEY_EC_P256, &leaf_key));
        help_key_id(help, responder_key, responder_key_id);
        pki_name_write_cn(STR("Test OCSP"), &subject);
        request = help_leaf(help, leaf_key, &name, 1);
        memcpy(leaf_serial, request.serial, sizeof(leaf_serial));
        help_issue(help, &request, help->intermediate.key, &leaf_cert);
        request = help_leaf(help, responder_key, NULL, 0);
        request.profile = help_profile(help, "ocsp");
        request.subject = buf_bytes(&subject);
        help_issue(help, &request, help->intermediate.key, &responder_cert);
        buf_done(&subject);
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        pki_key_free(responder_key);
        pki_key_free(leaf_key);
        buf_done(&responder_cert);
        buf_done(&leaf_cert);
        help_free(help);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers), cmocka_unit_test(test_nonces),
                                           cmocka_unit_test(test_damage), cmocka_unit_test(test_request_refused),
                                           cmocka_unit_test(test_errors)};

        return cmocka_run_group_tests_name("pki_ocsp", tests, set_up, tear_down);
}
