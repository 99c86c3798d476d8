/* Revocation lists, read by OpenSSL.  RFC 5280 §5, BR 7.2; LIFE, REV. */
#include "pki_help.h"

#include <openssl/x509v3.h>

#include "pki/crl.h"
#include "pki/pem.h"

static struct help *help;

static struct pki_crl_head head_of(const char *url)
{
        return (struct pki_crl_head){&help->intermediate.issuer, 7,           help->now,
                                     help->now + 7 * HELP_DAY,   str_of(url), false};
}

static X509_CRL *parse(struct bytes der)
{
        const unsigned char *p = der.p;
        X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.n);
        unsigned char *again = NULL;
        int n;

        assert_non_null(crl);
        assert_ptr_equal(p, der.p + der.n);
        X509_CRL_set1_lastUpdate(crl, X509_CRL_get0_lastUpdate(crl)); /* makes OpenSSL write it anew */
        n = i2d_X509_CRL(crl, &again);
        assert_int_equal(n, der.n);
        assert_memory_equal(again, der.p, der.n); /* canonical */
        OPENSSL_free(again);
        return crl;
}

static X509 *issuer_cert(const struct help_ca *ca)
{
        const unsigned char *p = ca->cert.p;

        return d2i_X509(NULL, &p, (long)ca->cert.n);
}

static void check_signature(X509_CRL *crl)
{
        X509 *issuer = issuer_cert(&help->intermediate);

        assert_int_equal(X509_CRL_verify(crl, X509_get0_pubkey(issuer)), 1);
        X509_free(issuer);
}

static void test_empty(void **state)
{
        struct pki_crl_head head = head_of(NULL);
        struct pki_crl *crl = NULL;
        struct bytes der;
        X509_CRL *read;

        (void)state;
        OK(pki_crl_begin(&head, 65536, &crl));
        OK(pki_crl_end(crl, help->intermediate.key, &der));
        read = parse(der);
        check_signature(read);
        assert_int_equal(X509_CRL_get_version(read), 1);
        assert_null(X509_CRL_get_REVOKED(read)); /* the list is left out, not empty */
        assert_int_equal(X509_CRL_get_ext_count(read), 2);
        X509_CRL_free(read);
        pki_crl_free(crl);
}

static void check_issuing_point(X509_CRL *read, const char *url, bool of_ca)
{
        int critical = 0;
        ISSUING_DIST_POINT *point = X509_CRL_get_ext_d2i(read, NID_issuing_distribution_point, &critical, NULL);
        const GENERAL_NAME *name;

        assert_non_null(point);
        assert_int_equal(critical, 1);
        name = sk_GENERAL_NAME_value(point->distpoint->name.fullname, 0);
        assert_int_equal(ASN1_STRING_length(name->d.uniformResourceIdentifier), strlen(url));
        assert_memory_equal(ASN1_STRING_get0_data(name->d.uniformResourceIdentifier), url, strlen(url));
        assert_int_equal(point->onlyCA > 0, of_ca);
        assert_int_equal(point->onlyuser > 0, !of_ca);
        assert_true(point->indirectCRL <= 0);
        ISSUING_DIST_POINT_free(point);
}

static void test_entries(void **state)
{
        static const uint32_t reasons[] = {0, 1, 2, 3, 4, 5, 6, 9, 10};
        static const char url[] = "http://ca.example/crl/dv-ecc/3.crl";
        struct pki_crl_head head = head_of(url);
        struct pki_crl *crl = NULL;
        struct bytes der;
        X509_CRL *read;
        ASN1_INTEGER *number;

        (void)state;
        OK(pki_crl_begin(&head, 65536, &crl));
        for (size_t i = 0; i < 9; i++) {
                uint8_t serial[16] = {(uint8_t)(i * 29), 2, 3, (uint8_t)i}; /* leading zero octets, high bits */
                OK(pki_crl_add(crl, bytes_of(serial, 16), help->now - (int64_t)i, reasons[i]));
        }
        assert_int_equal(pki_crl_count(crl), 9);
        OK(pki_crl_end(crl, help->intermediate.key, &der));
        read = parse(der);
        check_signature(read);
        check_issuing_point(read, url, false);
        number = X509_CRL_get_ext_d2i(read, NID_crl_number, NULL, NULL);
        assert_int_equal(ASN1_INTEGER_get(number), 7);
        ASN1_INTEGER_free(number);
        assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(read)), 9);
        for (int i = 0; i < 9; i++) {
                const X509_REVOKED *entry = sk_X509_REVOKED_value(X509_CRL_get_REVOKED(read), i);
                int critical = 0;
                ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, &critical, NULL);

                assert_int_equal(reason ? ASN1_ENUMERATED_get(reason) : 0, reasons[i]);
                assert_true(!reason || critical == 0);
                ASN1_ENUMERATED_free(reason);
        }
        X509_CRL_free(read);
        pki_crl_free(crl);
}

static void test_of_authorities(void **state)
{
        struct pki_crl_head head = head_of("http://ca.example/crl/root/0.crl");
        struct pki_crl *crl = NULL;
        struct bytes der;
        X509_CRL *read;

        (void)state;
        head.of_ca_certs = true;
        OK(pki_crl_begin(&head, 65536, &crl));
        OK(pki_crl_end(crl, help->intermediate.key, &der));
        read = parse(der);
        check_issuing_point(read, "http://ca.example/crl/root/0.crl", true);
        X509_CRL_free(read);
        pki_crl_free(crl);
}

static void test_refused(void **state)
{
        static const uint32_t reasons[] = {7, 8, 11, 255};
        struct pki_crl_head head = head_of("http://a/b"), backwards = head;
        struct pki_crl *crl = NULL;
        uint8_t serial[21] = {1};
        res result = RES_OK;

        (void)state;
        backwards.next_update = backwards.this_update;
        FAILS(ERR_FORMAT, pki_crl_begin(&backwards, 65536, &crl));
        FAILS(ERR_TOO_LARGE, pki_crl_begin(&head, 10, &crl));
        assert_null(crl);
        OK(pki_crl_begin(&head, 6000, &crl)); /* the room for the head counts too */
        for (size_t i = 0; i < 4; i++)
                FAILS(ERR_FORMAT, pki_crl_add(crl, bytes_of(serial, 16), help->now, reasons[i]));
        FAILS(ERR_FORMAT, pki_crl_add(crl, bytes_of(serial, 0), help->now, 1));
        FAILS(ERR_FORMAT, pki_crl_add(crl, bytes_of(serial, 21), help->now, 1));
        assert_int_equal(pki_crl_count(crl), 0);
        for (int i = 0; i < 100 && res_is_ok(result); i++)
                result = pki_crl_add(crl, bytes_of(serial, 16), help->now, 1);
        assert_int_equal(result.err, ERR_TOO_LARGE);
        pki_crl_free(crl);
}

/* Every size of the list around the changes of its lengths' sizes; the list of a million is in the bench. */
static void test_sizes(void **state)
{
        static const int counts[] = {1, 2, 3, 4, 5, 6, 1500, 1560, 1600, 2000};
        struct pki_crl_head head = head_of("http://a/b");

        (void)state;
        for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
                struct pki_crl *crl = NULL;
                struct bytes der;
                X509_CRL *read;

                OK(pki_crl_begin(&head, 1024 * 1024, &crl));
                for (int k = 0; k < counts[i]; k++) {
                        uint8_t serial[16];
                        help_serial(serial);
                        OK(pki_crl_add(crl, bytes_of(serial, 16), help->now, 0));
                }
                OK(pki_crl_end(crl, help->intermediate.key, &der));
                read = parse(der);
                assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(read)), counts[i]);
                X509_CRL_free(read);
                pki_crl_free(crl);
        }
}

static void add_some(struct pki_crl *crl, int count)
{
        for (int i = 0; i < count; i++) {
                const uint8_t serial[16] = {(uint8_t)(i * 37), 1, (uint8_t)(i >> 8), (uint8_t)i};

                OK(pki_crl_add(crl, bytes_of(serial, 16), help->now - i * 1000, i % 2 ? 4 : 0));
        }
}

/* Signed in one program, joined in another: the bytes are those of the list signed in one; with other entries it does not fit. */
static void test_joined_elsewhere(void **state)
{
        static const int counts[] = {0, 1, 2, 5, 6, 1500, 2000};
        struct pki_crl_head head = head_of("http://a/b");
        struct pki_alg alg = help->intermediate.issuer.alg;
        struct pki_crl *crl = NULL;
        struct pki_cert issuer;
        struct pki_kit *kit = NULL;

        (void)state;
        OK(pki_cert_parse(buf_bytes(&help->intermediate.cert), &issuer));
        OK(pki_kit_of_thread(&kit));
        OK(pki_crl_begin(&head, 1024 * 1024, &crl));
        for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) { /* one after the other in the same memory */
                struct pki_crl *other = NULL;
                struct pki_crl_frame frame;
                struct bytes der, tbs;
                struct buf memory;
                X509_CRL *read;

                pki_crl_clear(crl);
                OK(pki_crl_set_head(crl, &head));
                add_some(crl, counts[i]);
                OK(pki_crl_sign(crl, help->intermediate.key, &frame));
                OK(pki_crl_new(1024 * 1024, &other));
                add_some(other, counts[i]);
                OK(pki_crl_join(other, alg, &frame, &tbs, &der));
                OK(pki_spki_verify(kit, &issuer.spki, alg, tbs, frame.signature));
                memory = pki_crl_take_memory(other);
                pki_crl_free(other);
                assert_memory_equal(memory.p + memory.n - der.n, der.p, der.n);
                read = parse(der);
                check_signature(read);
                assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(read)), counts[i] ? counts[i] : -1);
                X509_CRL_free(read);
                buf_done(&memory);

                OK(pki_crl_new(1024 * 1024, &other));
                add_some(other, counts[i] + 1);
                OK(pki_crl_join(other, alg, &frame, &tbs, &der));
                FAILS(ERR_SIGNATURE, pki_spki_verify(kit, &issuer.spki, alg, tbs, frame.signature));
                pki_crl_free(other);
        }
        pki_crl_free(crl);
}

/* What a database may hold in place of a frame. */
static void test_no_frame(void **state)
{
        static const uint8_t big[5000] = {0x30};
        const struct pki_crl_frame frames[] = {
                {{0}, {0}, {0}},
                {bytes_of(big, sizeof big), bytes_of(big, 1), bytes_of(big, 1)},
                {bytes_of(big, 1), bytes_of(big, sizeof big), bytes_of(big, 1)},
                {bytes_of(big, 1), bytes_of(big, 1), bytes_of(big, sizeof big)},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(frames) / sizeof(*frames); i++) {
                struct pki_crl *crl = NULL;
                struct bytes tbs, der;

                OK(pki_crl_new(65536, &crl));
                add_some(crl, 3);
                FAILS(ERR_FORMAT, pki_crl_join(crl, help->intermediate.issuer.alg, &frames[i], &tbs, &der));
                pki_crl_free(crl);
        }
}

static void write_pem(const struct help_dir *dir, const char *name, struct str label, struct bytes der)
{
        struct buf pem;

        buf_init(&pem, 65536);
        pki_pem_write(label, der, &pem);
        help_write(dir, name, buf_bytes(&pem));
        buf_done(&pem);
}

static void write_crl(const struct help_dir *dir, const char *name, const struct help_ca *ca, struct pki_crl_head head,
                      const uint8_t *serial)
{
        struct pki_crl *crl = NULL;
        struct bytes der;

        head.issuer = &ca->issuer;
        OK(pki_crl_begin(&head, 65536, &crl));
        if (serial)
                OK(pki_crl_add(crl, bytes_of(serial, PKI_SERIAL_SIZE), head.this_update, 1));
        OK(pki_crl_end(crl, ca->key, &der));
        write_pem(dir, name, PKI_PEM_CRL, der);
        pki_crl_free(crl);
}

/* `openssl verify` takes the shard named by the certificate, and sees the revocation. */
static void test_verify(void **state)
{
        static const char command[] =
                "openssl verify -attime 1795000100 -crl_check_all -extended_crl -CAfile root.pem -untrusted dv.pem -CRLfile root.crl -CRLfile dv.crl leaf.pem";
        const struct str name = STR("example.com");
        struct pki_key *key = NULL;
        struct pki_cert_request request;
        struct pki_crl_head dv = head_of("http://ca.example/crl/dv-ecc/0.crl"),
                            root = head_of(NULL); /* complete: `verify` looks the root itself up too */
        struct help_dir dir;
        struct buf cert;
        char output[4096];

        (void)state;
        help_dir_new(&dir);
        buf_init(&cert, 32768);
        OK(pki_key_generate(PKI_KEY_EC_P256, &key));
        request = help_leaf(help, key, &name, 1);
        help_issue(help, &request, help->intermediate.key, &cert);
        write_pem(&dir, "leaf.pem", PKI_PEM_CERTIFICATE, buf_bytes(&cert));
        write_pem(&dir, "dv.pem", PKI_PEM_CERTIFICATE, buf_bytes(&help->intermediate.cert));
        write_pem(&dir, "root.pem", PKI_PEM_CERTIFICATE, buf_bytes(&help->root.cert));
        write_crl(&dir, "root.crl", &help->root, root, NULL);
        write_crl(&dir, "dv.crl", &help->intermediate, dv, NULL);
        if (help_run(&dir, command, output, sizeof(output)) != 0)
                fail_msg("%s", output);
        write_crl(&dir, "dv.crl", &help->intermediate, dv, request.serial);
        assert_int_not_equal(help_run(&dir, command, output, sizeof(output)), 0);
        assert_non_null(strstr(output, "certificate revoked"));
        dv.shard_url = STR("http://ca.example/crl/dv-ecc/1.crl"); /* another shard says nothing about this one */
        write_crl(&dir, "dv.crl", &help->intermediate, dv, NULL);
        assert_int_not_equal(help_run(&dir, command, output, sizeof(output)), 0);
        assert_non_null(strstr(output, "ifferent CRL scope"));
        buf_done(&cert);
        pki_key_free(key);
        help_dir_free(&dir);
}

static int set_up(void **state)
{
        (void)state;
        help = help_new(PKI_KEY_EC_P384, PKI_KEY_EC_P256);
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        help_free(help);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_empty),          cmocka_unit_test(test_entries),
                                           cmocka_unit_test(test_of_authorities), cmocka_unit_test(test_refused),
                                           cmocka_unit_test(test_sizes),          cmocka_unit_test(test_joined_elsewhere),
                                           cmocka_unit_test(test_no_frame),       cmocka_unit_test(test_verify)};

        return cmocka_run_group_tests_name("pki_crl", tests, set_up, tear_down);
}
