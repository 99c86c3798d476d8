/* Keystores: opened by OpenSSL, GnuTLS and Java, with the right password and no other.  DL-05, DL-06, PKP-01, PKP-02, PKP-04, SIL-17, SIL-54. */
#include "pki_help.h"

#include "pki/keystore.h"
#include "pki/pem.h"

struct fixture {
        struct help *help;
        struct pki_key *key;
        struct buf leaf;
        struct bytes chain[3];
        struct help_dir dir;
        char output[16384];
};

static struct pki_keystore store_of(const struct fixture *f, const char *password)
{
        return (struct pki_keystore){.key = f->key,
                                     .chain = f->chain,
                                     .chain_count = 2,
                                     .alias = STR("Example.com"),
                                     .password = str_of(password),
                                     .created_at = HELP_NOW};
}

static void write_stores(struct fixture *f, const char *password)
{
        struct pki_keystore store = store_of(f, password);
        struct buf out;

        buf_init(&out, 65536);
        OK(pki_keystore_pfx(&store, &out));
        help_write(&f->dir, "a.pfx", buf_bytes(&out));
        buf_clear(&out);
        OK(pki_keystore_jks(&store, &out));
        help_write(&f->dir, "a.jks", buf_bytes(&out));
        buf_done(&out);
}

static void run(struct fixture *f, const char *command)
{
        if (help_run(&f->dir, command, f->output, sizeof(f->output)) != 0)
                fail_msg("%s:\n%s", command, f->output);
}

static void refuse(struct fixture *f, const char *command)
{
        if (help_run(&f->dir, command, f->output, sizeof(f->output)) == 0)
                fail_msg("%s was taken", command);
}

/* The key in out.pem is ours. */
static void check_key(struct fixture *f)
{
        static char pem[16384];
        struct pki_key *back = NULL;

        assert_int_equal(help_run(&f->dir, "openssl pkey -in out.pem", pem, sizeof(pem)), 0);
        OK(pki_key_from_pem(str_of(pem), (struct str){NULL, 0}, &back));
        assert_int_equal(pki_key_spki(back).n, pki_key_spki(f->key).n);
        assert_memory_equal(pki_key_spki(back).p, pki_key_spki(f->key).p, pki_key_spki(f->key).n);
        pki_key_free(back);
}

/* DL-05: Windows before 10 (1809) reads 3DES with SHA-1 and nothing newer. */
static void test_pfx(void **state)
{
        struct fixture *f = *state;

        write_stores(f, "Secret-1");
        run(f, "openssl pkcs12 -in a.pfx -passin pass:Secret-1 -nodes -info -out out.pem");
        assert_non_null(strstr(f->output, "MAC: sha1, Iteration 2048"));
        assert_non_null(strstr(f->output, "Shrouded Keybag: pbeWithSHA1And3-KeyTripleDES-CBC"));
        assert_non_null(strstr(f->output, "PKCS7 Encrypted data: pbeWithSHA1And3-KeyTripleDES-CBC"));
        check_key(f);
        run(f, "grep -c 'BEGIN CERTIFICATE' out.pem");
        assert_string_equal(f->output, "2\n");
        run(f, "grep friendlyName out.pem");
        assert_non_null(strstr(f->output, "friendlyName: Example.com"));
        refuse(f, "openssl pkcs12 -in a.pfx -passin pass:secret-1 -nodes");
        run(f, "certtool --p12-info --inder --infile a.pfx --password Secret-1");
        run(f, "keytool -list -v -storetype PKCS12 -keystore a.pfx -storepass Secret-1");
        assert_non_null(strstr(f->output, "Certificate chain length: 2"));
}

/* DL-06: the real format, as keytool knows it. */
static void test_jks(void **state)
{
        struct fixture *f = *state;

        write_stores(f, "Secret-1");
        run(f, "keytool -list -v -storetype JKS -keystore a.jks -storepass Secret-1");
        assert_non_null(strstr(f->output, "Keystore type: JKS"));
        assert_non_null(strstr(f->output, "Alias name: example.com"));
        assert_non_null(strstr(f->output, "Entry type: PrivateKeyEntry"));
        assert_non_null(strstr(f->output, "Certificate chain length: 2"));
        refuse(f, "keytool -list -storetype JKS -keystore a.jks -storepass secret-1");
        run(f,
            "rm -f b.pfx; keytool -importkeystore -srckeystore a.jks -srcstoretype JKS -srcstorepass Secret-1 -destkeystore b.pfx -deststoretype PKCS12 "
            "-deststorepass Secret-1 -noprompt && openssl pkcs12 -in b.pfx -passin pass:Secret-1 -nodes -out out.pem");
        check_key(f);
}

/* A damaged store is told apart from a good one. */
static void test_jks_damage(void **state)
{
        struct fixture *f = *state;
        struct pki_keystore store = store_of(f, "Secret-1");
        struct buf out;

        buf_init(&out, 65536);
        OK(pki_keystore_jks(&store, &out));
        out.p[out.n / 2] ^= 1;
        help_write(&f->dir, "a.jks", buf_bytes(&out));
        refuse(f, "keytool -list -storetype JKS -keystore a.jks -storepass Secret-1");
        buf_done(&out);
}

/* Passwords of more than ASCII. */
static void test_passwords(void **state)
{
        struct fixture *f = *state;

        write_stores(f, "p\xc3\xa4ss \xe4\xb8\xad\xf0\x9f\x94\x91");
        run(f, "openssl pkcs12 -in a.pfx -passin 'pass:p\xc3\xa4ss \xe4\xb8\xad\xf0\x9f\x94\x91' -nodes -out out.pem");
        check_key(f);
        run(f,
            "printf 'p\xc3\xa4ss \xe4\xb8\xad\xf0\x9f\x94\x91' >pw; LC_ALL=C.UTF-8 keytool -J-Dfile.encoding=UTF-8 -list -storetype JKS -keystore a.jks -storepass:file pw");
}

static void test_refused(void **state)
{
        struct fixture *f = *state;
        const char *const passwords[] = {"", "\xff",
                                         "0123456789012345678901234567890123456789012345678901234567890123456789"};
        struct pki_keystore store;
        struct buf out;

        buf_init(&out, 65536);
        for (size_t i = 0; i < 3; i++) {
                store = store_of(f, passwords[i]);
                FAILS(ERR_FORMAT, pki_keystore_pfx(&store, &out));
                FAILS(ERR_FORMAT, pki_keystore_jks(&store, &out));
        }
        store = store_of(f, "Secret-1");
        store.key = f->help->root.key; /* another key */
        FAILS(ERR_FORMAT, pki_keystore_pfx(&store, &out));
        FAILS(ERR_FORMAT, pki_keystore_jks(&store, &out));
        store = store_of(f, "Secret-1");
        store.chain_count = 0;
        FAILS(ERR_FORMAT, pki_keystore_pfx(&store, &out));
        FAILS(ERR_FORMAT, pki_keystore_jks(&store, &out));
        store = store_of(f, "Secret-1");
        store.alias = STR("a\nb");
        FAILS(ERR_FORMAT, pki_keystore_jks(&store, &out));
        assert_int_equal(out.n, 0);
        buf_done(&out);
}

static int set_up_of(void **state, enum pki_key_type type)
{
        struct fixture *f = calloc(1, sizeof(*f));
        const struct str name = STR("example.com");
        struct pki_cert_request request;

        f->help = help_new(PKI_KEY_EC_P384, PKI_KEY_EC_P256);
        OK(pki_key_generate(type, &f->key));
        buf_init(&f->leaf, 32768);
        request = help_leaf(f->help, f->key, &name, 1);
        help_issue(f->help, &request, f->help->intermediate.key, &f->leaf);
        f->chain[0] = buf_bytes(&f->leaf);
        f->chain[1] = buf_bytes(&f->help->intermediate.cert);
        help_dir_new(&f->dir);
        *state = f;
        return 0;
}

static int set_up_rsa(void **state)
{
        return set_up_of(state, PKI_KEY_RSA_2048);
}

static int set_up_ec(void **state)
{
        return set_up_of(state, PKI_KEY_EC_P256);
}

static int tear_down(void **state)
{
        struct fixture *f = *state;

        help_dir_free(&f->dir);
        pki_key_free(f->key);
        buf_done(&f->leaf);
        help_free(f->help);
        free(f);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                {"test_pfx_rsa", test_pfx, set_up_rsa, tear_down, NULL},
                {"test_pfx_ec", test_pfx, set_up_ec, tear_down, NULL},
                {"test_jks_rsa", test_jks, set_up_rsa, tear_down, NULL},
                {"test_jks_ec", test_jks, set_up_ec, tear_down, NULL},
                cmocka_unit_test_setup_teardown(test_jks_damage, set_up_ec, tear_down),
                cmocka_unit_test_setup_teardown(test_passwords, set_up_ec, tear_down),
                cmocka_unit_test_setup_teardown(test_refused, set_up_ec, tear_down),
        };

        return cmocka_run_group_tests_name("pki_keystore", tests, NULL, NULL);
}
