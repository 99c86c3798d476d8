/* Certificate requests: ours read by OpenSSL, OpenSSL's and others' read by us.  CON-15, CON-16, DOM-21, DOM-22, SIL-65. */
#include "pki_help.h"

#include "pki/csr.h"
#include "pki/pem.h"

static struct pki_kit *kit;

static void test_ours(void **state)
{
        static const enum pki_key_type types[] = {PKI_KEY_RSA_2048, PKI_KEY_EC_P256, PKI_KEY_EC_P384};
        const struct str names[] = {STR("example.com"), STR("*.example.com"), STR("192.0.2.1")};
        struct help_dir dir;
        char output[8192];

        (void)state;
        help_dir_new(&dir);
        for (size_t i = 0; i < 3; i++) {
                struct arena *arena = arena_new(65536);
                struct pki_key *key = NULL;
                struct pki_csr csr;
                struct strs read = {0};
                struct str common_name = {NULL, 0};
                struct buf der, pem;

                buf_init(&der, 16384);
                buf_init(&pem, 32768);
                OK(pki_key_generate(types[i], &key));
                OK(pki_csr_make(key, names[0], names, 3, &der));
                OK(pki_csr_parse(buf_bytes(&der), &csr));
                OK(pki_csr_verify(kit, &csr));
                OK(pki_csr_names(&csr, arena, &read));
                assert_int_equal(read.n, 3);
                for (size_t k = 0; k < 3; k++)
                        assert_true(str_equal(read.v[k], names[k]));
                OK(pki_csr_common_name(&csr, &common_name));
                assert_true(str_equal(common_name, names[0]));
                pki_pem_write(PKI_PEM_CSR, buf_bytes(&der), &pem);
                help_write(&dir, "a.csr", buf_bytes(&pem));
                if (help_run(&dir, "openssl req -in a.csr -noout -verify -text", output, sizeof(output)) != 0 ||
                    !strstr(output, "verify OK") ||
                    !strstr(output, "DNS:example.com, DNS:*.example.com, IP Address:192.0.2.1") ||
                    !strstr(output, "Subject: CN = example.com\n"))
                        fail_msg("%s", output);
                buf_done(&der);
                buf_done(&pem);
                pki_key_free(key);
                arena_free(arena);
        }
        help_dir_free(&dir);
}

/* Without names the common name is the name; one over 64 bytes stands in the names alone. */
static void test_common_name(void **state)
{
        const struct str long_name = STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bb");
        struct arena *arena = arena_new(65536);
        struct pki_key *key = NULL;
        struct pki_csr csr;
        struct strs read = {0};
        struct str common_name = {NULL, 0};
        struct buf der;

        (void)state;
        buf_init(&der, 16384);
        OK(pki_key_generate(PKI_KEY_EC_P256, &key));
        OK(pki_csr_make(key, long_name, NULL, 0, &der));
        OK(pki_csr_parse(buf_bytes(&der), &csr));
        OK(pki_csr_names(&csr, arena, &read));
        assert_true(read.n == 1 && str_equal(read.v[0], long_name));
        OK(pki_csr_common_name(&csr, &common_name));
        assert_int_equal(common_name.n, 0);
        FAILS(ERR_FORMAT, pki_csr_make(key, (struct str){NULL, 0}, NULL, 0, &der));
        buf_done(&der);
        pki_key_free(key);
        arena_free(arena);
}

static void test_foreign(void **state)
{
        static const struct {
                const char *what, *command;
                enum err err;
                size_t names;
                const char *common_name;
        } cases[] = {
                {"the forms' fields",
                 "openssl req -new -newkey rsa:2048 -nodes -keyout k -subj '/C=CN/ST=Guangdong/L=Shenzhen/O=Tencent/OU=IT/CN=a.example.com/emailAddress=a@b.c'",
                 ERR_NONE, 0, "a.example.com"},
                {"with names",
                 "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -subj /CN=a.b -addext subjectAltName=DNS:a.b,DNS:c.d,email:x@y.z",
                 ERR_NONE, 2, "a.b"},
                {"empty subject",
                 "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout k -subj / -addext subjectAltName=DNS:a.b",
                 ERR_NONE, 1, ""},
                {"challenge password",
                 "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -config c", ERR_NONE, 0,
                 "a.b"},
                {"SHA-512", "openssl req -new -newkey rsa:3072 -nodes -keyout k -subj /CN=a.b -sha512", ERR_NONE, 0,
                 "a.b"},
                {"GnuTLS",
                 "certtool --generate-privkey --key-type rsa --bits 2048 --outfile k 2>/dev/null; printf 'cn=\"a.b\"\\ndns_name=\"a.b\"\\ntls_www_server\\n' >t; "
                 "certtool --no-text --generate-request --load-privkey k --template t",
                 ERR_NONE, 1, "a.b"},
                {"keytool",
                 "keytool -genkeypair -alias a -keyalg EC -groupname secp256r1 -dname CN=a.b -keystore s -storepass secret >/dev/null 2>&1; "
                 "keytool -certreq -alias a -keystore s -storepass secret -ext san=dns:a.b",
                 ERR_NONE, 1, "a.b"},
                {"SHA-1", "openssl req -new -newkey rsa:2048 -nodes -keyout k -subj /CN=a.b -sha1", ERR_FORMAT, 0,
                 NULL},
                {"PSS", "openssl req -new -newkey rsa:2048 -nodes -keyout k -subj /CN=a.b -sigopt rsa_padding_mode:pss",
                 ERR_FORMAT, 0, NULL},
                {"Ed25519", "openssl genpkey -algorithm ED25519 -out k; openssl req -new -key k -subj /CN=a.b",
                 ERR_FORMAT, 0, NULL},
                {"explicit curve",
                 "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit -nodes -keyout k -subj /CN=a.b",
                 ERR_KEY_TYPE, 0, NULL},
                {"a certificate", "openssl req -x509 -newkey rsa:2048 -nodes -keyout k -subj /CN=a.b", ERR_FORMAT, 0,
                 NULL},
        };
        struct help_dir dir;

        (void)state;
        help_dir_new(&dir);
        help_write(
                &dir, "c",
                STR_BYTES(
                        "[req]\nprompt=no\ndistinguished_name=d\nattributes=a\n[d]\nCN=a.b\n[a]\nchallengePassword=secret12\n"));
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                struct arena *arena = arena_new(65536);
                static char pem[32768];
                char command[1024];
                struct pki_csr csr;
                struct strs names = {0};
                struct str common_name = {NULL, 0};
                struct buf der;
                res result;

                buf_init(&der, 16384);
                snprintf(command, sizeof(command), "rm -f s; ( %s ) 2>/dev/null", cases[i].command);
                assert_int_equal(help_run(&dir, command, pem, sizeof(pem)), 0);
                result = pki_csr_from_pem(str_of(pem), &der);
                if (res_is_ok(result))
                        result = pki_csr_parse(buf_bytes(&der), &csr);
                if (res_is_ok(result))
                        result = pki_csr_verify(kit, &csr);
                if (result.err != cases[i].err)
                        fail_msg("%s: %s\n%s", cases[i].what, err_name(result.err), pem);
                if (res_is_ok(result)) {
                        OK(pki_csr_names(&csr, arena, &names));
                        OK(pki_csr_common_name(&csr, &common_name));
                        assert_int_equal(names.n, cases[i].names);
                        assert_true(str_equals(common_name, cases[i].common_name));
                }
                buf_done(&der);
                arena_free(arena);
        }
        help_dir_free(&dir);
}

/* A request changed in any byte is refused: by its form, or by its signature. */
static void test_damage(void **state)
{
        const struct str name = STR("example.com");
        struct pki_key *key = NULL;
        struct pki_csr csr;
        struct buf der;

        (void)state;
        buf_init(&der, 16384);
        OK(pki_key_generate(PKI_KEY_EC_P256, &key));
        OK(pki_csr_make(key, name, &name, 1, &der));
        for (size_t i = 0; i < der.n; i++) {
                res result;

                FAILS(ERR_FORMAT, pki_csr_parse(bytes_of(der.p, i), &csr));
                der.p[i] ^= 0x04;
                result = pki_csr_parse(buf_bytes(&der), &csr);
                if (res_is_ok(result))
                        result = pki_csr_verify(kit, &csr);
                assert_true(result.err == ERR_FORMAT || result.err == ERR_KEY_TYPE || result.err == ERR_SIGNATURE);
                der.p[i] ^= 0x04;
        }
        OK(pki_csr_parse(buf_bytes(&der), &csr));
        buf_done(&der);
        pki_key_free(key);
}

static int set_up(void **state)
{
        (void)state;
        OK(pki_kit_new(&kit));
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        pki_kit_free(kit);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_ours), cmocka_unit_test(test_common_name),
                                           cmocka_unit_test(test_foreign), cmocka_unit_test(test_damage)};

        return cmocka_run_group_tests_name("pki_csr", tests, set_up, tear_down);
}
