/* Private keys as bytes: PKCS#8, encrypted, PEM; with OpenSSL's command line at the other end.  PKP-01, PKP-03, CON-22, CON-39. */
#include "pki_help.h"

#include "pki/der.h"
#include "pki/pem.h"

static const enum pki_key_type types[] = {PKI_KEY_RSA_2048, PKI_KEY_EC_P256, PKI_KEY_EC_P384, PKI_KEY_SM2};
#define TYPE_COUNT (sizeof(types) / sizeof(*types))
static struct pki_key *keys[TYPE_COUNT];

static void same_key(const struct pki_key *a, const struct pki_key *b)
{
        assert_true(der_oid_equal(pki_key_spki(a), pki_key_spki(b)));
}

static void test_round_trip(void **state)
{
        (void)state;
        for (size_t i = 0; i < TYPE_COUNT; i++) {
                struct secret der = {0};
                struct pki_key *back = NULL;
                struct buf pem;

                OK(pki_key_to_pkcs8(keys[i], &der));
                OK(pki_key_from_pkcs8(secret_bytes(&der), &back));
                same_key(keys[i], back);
                assert_int_equal(pki_key_type(back), types[i]);
                pki_key_free(back);
                buf_init(&pem, 16384);
                OK(pki_key_to_pem(keys[i], &pem));
                OK(pki_key_from_pem(buf_str(&pem), (struct str){NULL, 0}, &back));
                same_key(keys[i], back);
                pki_key_free(back);
                for (size_t n = 0; n < der.n; n++) { /* cut anywhere */
                        back = NULL;
                        assert_false(res_is_ok(pki_key_from_pkcs8(bytes_of(der.p, n), &back)));
                        assert_null(back);
                }
                buf_wipe(&pem);
                secret_done(&der);
        }
}

/* PKP-01: the file opens with its password and with no other. */
static void test_encrypted(void **state)
{
        (void)state;
        for (size_t i = 0; i < TYPE_COUNT; i++) {
                struct pki_key *back = NULL;
                struct buf pem;

                buf_init(&pem, 16384);
                OK(pki_key_to_encrypted_pem(keys[i], STR("pass w\xc3\xb6rd"), &pem));
                assert_null(strstr(buf_c(&pem), "BEGIN PRIVATE"));
                OK(pki_key_from_pem(buf_str(&pem), STR("pass w\xc3\xb6rd"), &back));
                same_key(keys[i], back);
                pki_key_free(back);
                back = NULL;
                FAILS(ERR_KEY_PASSWORD, pki_key_from_pem(buf_str(&pem), STR("wrong"), &back));
                FAILS(ERR_KEY_PASSWORD, pki_key_from_pem(buf_str(&pem), (struct str){NULL, 0}, &back));
                assert_null(back);
                buf_done(&pem);
        }
}

static void test_openssl_reads(void **state)
{
        struct help_dir dir;
        char output[4096];
        struct buf pem;

        (void)state;
        help_dir_new(&dir);
        for (size_t i = 0; i < TYPE_COUNT; i++) {
                buf_init(&pem, 16384);
                OK(pki_key_to_encrypted_pem(keys[i], STR("secret"), &pem));
                help_write(&dir, "key.pem", buf_bytes(&pem));
                if (help_run(&dir, "openssl pkey -in key.pem -passin pass:secret -check -noout", output,
                             sizeof(output)) != 0)
                        fail_msg("%s", output);
                buf_done(&pem);
        }
        help_dir_free(&dir);
}

/* Files that other programs write, and what is refused of them. */
static void test_foreign(void **state)
{
        static const struct {
                const char *command;
                enum err err;
        } cases[] = {
                {"openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048", ERR_NONE},
                {"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256", ERR_NONE},
                {"openssl genrsa -traditional 2048", ERR_NONE},
                {"openssl ecparam -name prime256v1 -genkey -noout", ERR_NONE},
                {"openssl ecparam -name secp384r1 -genkey -noout", ERR_NONE},
                {"openssl ecparam -name prime256v1 -genkey -noout -param_enc explicit", ERR_KEY_TYPE},
                {"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit",
                 ERR_KEY_TYPE},
                {"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1", ERR_KEY_TYPE},
                {"openssl genpkey -algorithm ED25519", ERR_KEY_TYPE},
                {"openssl genrsa -traditional 2048 | openssl rsa -traditional -aes128 -passout pass:secret",
                 ERR_NONE},
                {"openssl genrsa -traditional 2048 | openssl rsa -traditional -aes256 -passout pass:other",
                 ERR_KEY_PASSWORD},
                {"openssl genrsa -traditional 2048 | openssl rsa -traditional -des3 -passout pass:secret", ERR_NONE},
                {"openssl genrsa -traditional 2048 | openssl rsa -traditional -aes-192-cbc -passout pass:secret",
                 ERR_NONE},
                {"openssl genrsa -traditional 2048 | openssl rsa -traditional -camellia256 -passout pass:secret",
                 ERR_KEY_TYPE},
                {"openssl ecparam -name secp384r1 -genkey | openssl ec -aes256 -passout pass:secret", ERR_NONE},
                {"openssl ecparam -name prime256v1 -genkey", ERR_NONE}, /* EC PARAMETERS stand before it */
                {"openssl ecparam -name secp521r1 -genkey", ERR_KEY_TYPE},
                {"openssl ecparam -name prime256v1", ERR_NOT_FOUND},
                {"openssl genrsa 2048 | openssl pkcs8 -topk8 -v2 aes-128-cbc -passout pass:secret", ERR_NONE},
                {"openssl genrsa 2048 | openssl pkcs8 -topk8 -v2 des3 -v2prf hmacWithSHA1 -passout pass:secret",
                 ERR_NONE},
                {"openssl genrsa 2048 | openssl pkcs8 -topk8 -v2 aes-192-cbc -v2prf hmacWithSHA512 -passout pass:secret",
                 ERR_NONE},
                {"openssl genrsa 2048 | openssl pkcs8 -topk8 -iter 1000001 -passout pass:secret", ERR_TOO_LARGE},
                {"openssl genrsa 2048 | openssl pkcs8 -topk8 -scrypt -passout pass:secret", ERR_KEY_TYPE},
                {"openssl genrsa 2048 | openssl pkcs8 -topk8 -v1 PBE-SHA1-3DES -passout pass:secret", ERR_KEY_TYPE},
                {"openssl genrsa 2048; openssl genrsa 2048", ERR_FORMAT},
                {"openssl genrsa 2048 | openssl rsa -pubout", ERR_KEY_TYPE},
                {"echo", ERR_NOT_FOUND},
                {"echo hello", ERR_FORMAT},
        };
        struct help_dir dir;

        (void)state;
        help_dir_new(&dir);
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                static char pem[32768];
                char command[512];
                struct pki_key *key = NULL;
                res result;

                snprintf(command, sizeof(command), "( %s ) 2>/dev/null", cases[i].command);
                assert_int_equal(help_run(&dir, command, pem, sizeof(pem)), 0);
                result = pki_key_from_pem(str_of(pem), STR("secret"), &key);
                if (result.err != cases[i].err)
                        fail_msg("%s: %s", cases[i].command, err_name(result.err));
                pki_key_free(key);
        }
        help_dir_free(&dir);
}

/* Every byte of an encrypted key changed: an error each time, never a crash, never another key. */
static void test_damage(void **state)
{
        struct buf der;
        struct pki_key *back = NULL;

        (void)state;
        buf_init(&der, 16384);
        OK(pki_key_to_encrypted(keys[1], STR("secret"), &der));
        for (size_t i = 0; i < der.n; i += 3) {
                res result;

                der.p[i] ^= 0x10;
                result = pki_key_from_encrypted(buf_bytes(&der), STR("secret"), &back);
                assert_false(res_is_ok(result));
                assert_null(back);
                der.p[i] ^= 0x10;
        }
        buf_done(&der);
}

static int set_up(void **state)
{
        (void)state;
        for (size_t i = 0; i < TYPE_COUNT; i++)
                OK(pki_key_generate(types[i], &keys[i]));
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        for (size_t i = 0; i < TYPE_COUNT; i++)
                pki_key_free(keys[i]);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_encrypted),
                cmocka_unit_test(test_openssl_reads), cmocka_unit_test(test_foreign),
                cmocka_unit_test(test_damage),
        };

        return cmocka_run_group_tests_name("pki_key", tests, set_up, tear_down);
}
