/*
 * Foreign chains proved: the verdict is that of `openssl verify`, plain and with -x509_strict, for chains that openssl's
 * own command line made, good and bad.  Sorting names what is wrong.  CON-19, UPL-01, UPL-07, INST-14.
 */
#include "pki_help.h"

#include "pki/path.h"

#define AT "1800000000" /* 2027-01-15: within every certificate here but the expired one */

static struct help_dir dir;

/* One certificate: r = root, i = intermediate, l = leaf of each case. */
#define CONF "printf '[req]\\ndistinguished_name=dn\\nprompt=no\\n[dn]\\nCN=%s\\n[x]\\n%b\\n' "
#define ROOT(extensions) \
        CONF "'Root' '" extensions "' > r.cnf; openssl req -x509 -newkey $alg -nodes -keyout r.key -config r.cnf " \
             "-extensions x -days 3650 $opt -out r.pem;"
#define SIGNED(name, cn, by, extensions) \
        CONF "'" cn "' '" extensions "' > " name ".cnf; openssl req -new -newkey $alg -nodes -keyout " name ".key -config " name \
             ".cnf -out " name ".csr; openssl x509 -req -in " name ".csr -CA " by ".pem -CAkey " by \
             ".key -CAcreateserial -extfile " name ".cnf -extensions x -days 3600 $opt -out " name ".pem;"
#define CA "basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign,cRLSign\\nsubjectKeyIdentifier=hash\\n"
#define AKI "authorityKeyIdentifier=keyid\\n"
#define NO_AKI "authorityKeyIdentifier=none\\n"
#define EE "basicConstraints=CA:FALSE\\nsubjectKeyIdentifier=hash\\nsubjectAltName=DNS:a.example\\n"
#define P256 "alg='ec -pkeyopt ec_paramgen_curve:P-256'; opt=;"

static const struct {
        const char *name, *make;
        bool is_good, is_strict;
} cases[] = {
        {"all as it should be", P256 ROOT(CA) SIGNED("i", "Inter", "r", CA AKI) SIGNED("l", "a.example", "i", EE AKI),
         true, true},
        {"no authority key id", P256 ROOT(CA) SIGNED("i", "Inter", "r", CA AKI) SIGNED("l", "a.example", "i", EE NO_AKI),
         true, false},
        {"root without key usage",
         P256 ROOT("basicConstraints=critical,CA:TRUE\\nsubjectKeyIdentifier=hash\\n")
                 SIGNED("i", "Inter", "r", CA AKI) SIGNED("l", "a.example", "i", EE AKI),
         true, false},
        {"CA flag not critical",
         P256 ROOT(CA) SIGNED("i", "Inter", "r",
                              "basicConstraints=CA:TRUE\\nkeyUsage=keyCertSign\\nsubjectKeyIdentifier=hash\\n" AKI)
                 SIGNED("l", "a.example", "i", EE AKI),
         true, false},
        {"intermediate is no CA", P256 ROOT(CA) SIGNED("i", "Inter", "r", EE AKI) SIGNED("l", "a.example", "i", EE AKI),
         false, false},
        {"intermediate may not sign",
         P256 ROOT(CA) SIGNED("i", "Inter", "r",
                              "basicConstraints=critical,CA:TRUE\\nkeyUsage=digitalSignature\\nsubjectKeyIdentifier=hash\\n" AKI)
                 SIGNED("l", "a.example", "i", EE AKI),
         false, false},
        {"name constraint broken",
         P256 ROOT(CA) SIGNED("i", "Inter", "r", CA AKI "nameConstraints=critical,permitted;DNS:b.example\\n")
                 SIGNED("l", "a.example", "i", EE AKI),
         false, false},
        {"unknown critical extension",
         P256 ROOT(CA) SIGNED("i", "Inter", "r", CA AKI)
                 SIGNED("l", "a.example", "i", EE AKI "1.2.3.4=critical,DER:0500\\n"),
         false, false},
        {"Ed25519", "alg=ed25519; opt=;" ROOT(CA) SIGNED("i", "Inter", "r", CA AKI) SIGNED("l", "a.example", "i", EE AKI),
         true, true},
        {"P-521",
         "alg='ec -pkeyopt ec_paramgen_curve:P-521'; opt=;" ROOT(CA) SIGNED("i", "Inter", "r", CA AKI)
                 SIGNED("l", "a.example", "i", EE AKI),
         true, true},
        {"RSA-PSS signatures",
         "alg=rsa:2048; opt='-sigopt rsa_padding_mode:pss';" ROOT(CA) SIGNED("i", "Inter", "r", CA AKI)
                 SIGNED("l", "a.example", "i", EE AKI),
         true, true},
        {"SHA-1 signatures",
         "alg=rsa:2048; opt=-sha1;" ROOT(CA) SIGNED("i", "Inter", "r", CA AKI) SIGNED("l", "a.example", "i", EE AKI),
         true, true},
        {"another key of the same name",
         P256 ROOT(CA) SIGNED("i", "Inter", "r", CA NO_AKI) SIGNED("l", "a.example", "i", EE NO_AKI)
                 SIGNED("i", "Inter", "r", CA NO_AKI),
         false, false},
};

/* The line for one shell would be too long. */
static void make(const char *script)
{
        char output[16384];

        help_write(&dir, "make.sh", bytes_of(script, strlen(script)));
        if (help_run(&dir, "sh -e make.sh", output, sizeof(output)) != 0)
                fail_msg("%s\n%s", script, output);
}

static bool openssl_says(const char *flags)
{
        char command[256], output[4096];

        snprintf(command, sizeof(command), "openssl verify -attime " AT " %s -CAfile r.pem -untrusted i.pem l.pem", flags);
        return help_run(&dir, command, output, sizeof(output)) == 0;
}

static void read_chain(const char *files, struct buf *der, struct pki_chain *chain)
{
        static char pem[65536];
        char command[128];

        buf_init(der, 262144);
        snprintf(command, sizeof(command), "cat %s", files);
        assert_int_equal(help_run(&dir, command, pem, sizeof(pem)), 0);
        OK(pki_chain_from_pem(str_of(pem), der, chain));
}

static bool we_say(bool strict)
{
        struct pki_path_fault fault = {0};
        struct pki_chain chain;
        struct buf der;

        read_chain("i.pem r.pem l.pem", &der, &chain); /* any order */
        OK(pki_chain_sort(&chain));
        assert_int_equal(chain.n, 3);
        res r = pki_path_verify(&chain, strtoll(AT, NULL, 10), strict, &fault);

        if (r.err == ERR_SIGNATURE)
                assert_non_null(fault.why);
        buf_done(&der);
        return res_is_ok(r);
}

static void test_verdict(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                make(cases[i].make);
                if (we_say(false) != cases[i].is_good || openssl_says("") != cases[i].is_good)
                        fail_msg("%s: we %d, openssl %d", cases[i].name, we_say(false), openssl_says(""));
                if (we_say(true) != cases[i].is_strict || openssl_says("-x509_strict") != cases[i].is_strict)
                        fail_msg("%s, strict: we %d, openssl %d", cases[i].name, we_say(true),
                                 openssl_says("-x509_strict"));
        }
}

/* Dates count where they are asked for. */
static void test_dates(void **state)
{
        struct pki_path_fault fault = {0};
        struct pki_chain chain;
        struct buf der;

        (void)state;
        make(cases[0].make);
        read_chain("l.pem i.pem r.pem", &der, &chain);
        OK(pki_chain_sort(&chain));
        FAILS(ERR_SIGNATURE, pki_path_verify(&chain, 2200000000, true, &fault));
        assert_non_null(strstr(fault.why, "expired"));
        OK(pki_path_verify(&chain, -1, true, &fault));
        buf_done(&der);
}

/* CVE-2022-0778: curve parameters written out never reach a decoder. */
static void test_explicit_curve(void **state)
{
        struct pki_path_fault fault = {0};
        struct pki_chain chain;
        struct buf der;
        char output[4096];

        (void)state;
        assert_int_equal(help_run(&dir,
                                  "openssl ecparam -name prime256v1 -genkey -noout -param_enc explicit -out e.key && openssl "
                                  "req -x509 -new -key e.key -subj /CN=e -days 10 -out e.pem",
                                  output, sizeof(output)),
                         0);
        read_chain("e.pem", &der, &chain);
        FAILS(ERR_KEY_TYPE, pki_path_verify(&chain, -1, false, &fault));
        buf_done(&der);
}

static enum pki_chain_fault_kind fault_of(const char *files, size_t *ret_n)
{
        struct pki_chain_fault fault = {PKI_CHAIN_FAULT_COUNT, 0, 0};
        struct pki_chain chain;
        struct buf der;

        read_chain(files, &der, &chain);
        res r = pki_chain_arrange(&chain, &fault);

        assert_int_equal(res_is_ok(r), fault.kind == PKI_CHAIN_GOOD);
        *ret_n = chain.n;
        buf_done(&der);
        return fault.kind;
}

static void test_faults(void **state)
{
        static const struct {
                const char *files;
                enum pki_chain_fault_kind kind;
                size_t n;
        } files[] = {
                {"l.pem r.pem", PKI_CHAIN_GAP, 2},
                {"r.pem l.pem", PKI_CHAIN_GAP, 2},
                {"l.pem i.pem l.pem", PKI_CHAIN_DOUBLE, 3},
                {"l.pem m.pem i.pem", PKI_CHAIN_LEAVES, 3},
                {"l.pem i.pem o.pem", PKI_CHAIN_GAP, 3},
                {"l.pem i.pem r.pem o.pem", PKI_CHAIN_STRAY, 4},
                {"x.pem y.pem", PKI_CHAIN_LOOP, 2},
                {"l.pem i.pem r.pem x.pem o.pem", PKI_CHAIN_GOOD, 3}, /* x: the same root under o */
                {"x.pem l.pem o.pem i.pem", PKI_CHAIN_GOOD, 4},
        };

        (void)state;
        make(P256 ROOT(CA) SIGNED("i", "Inter", "r", CA AKI) SIGNED("l", "a.example", "i", EE AKI)
                     SIGNED("m", "m.example", "i", EE AKI)
             "sed s/Root/Old/ r.cnf > o.cnf; openssl ecparam -name prime256v1 -genkey -noout -out o.key;"
             "openssl req -x509 -new -key o.key -config o.cnf -extensions x -days 99 -out o.pem;"
             "openssl req -new -key r.key -config r.cnf -out x.csr; openssl x509 -req -in x.csr -CA o.pem -CAkey o.key "
             "-CAcreateserial -extfile r.cnf -extensions x -days 99 -out x.pem;"
             "openssl req -new -key o.key -config o.cnf -out y.csr; openssl x509 -req -in y.csr -CA r.pem -CAkey r.key "
             "-CAcreateserial -extfile o.cnf -extensions x -days 99 -out y.pem");
        for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
                size_t n = 0;
                enum pki_chain_fault_kind kind = fault_of(files[i].files, &n);

                if (kind != files[i].kind || n != files[i].n)
                        fail_msg("%s: %d, %zu left", files[i].files, (int)kind, n);
        }
}

static int set_up(void **state)
{
        (void)state;
        help_dir_new(&dir);
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        help_dir_free(&dir);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_verdict), cmocka_unit_test(test_dates),
                                           cmocka_unit_test(test_explicit_curve), cmocka_unit_test(test_faults)};

        return cmocka_run_group_tests_name("pki_path", tests, set_up, tear_down);
}
