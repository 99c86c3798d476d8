/* Distinguished names, and PEM: strict in, plain out. */
#include "pki_help.h"

#include <openssl/x509.h>

#include "pki/der.h"
#include "pki/pem.h"

static void test_write(void **state)
{
        const struct pki_name_part parts[] = {{PKI_ATTR_C, STR("CN")},
                                              {PKI_ATTR_O, STR("A, \"B\" + C")},
                                              {PKI_ATTR_OU, {NULL, 0}},
                                              {PKI_ATTR_CN, STR(" #x\\ ")}};
        const unsigned char *p;
        struct buf der, text;
        struct str value;
        X509_NAME *name;

        (void)state;
        buf_init(&der, 1024);
        buf_init(&text, 1024);
        pki_name_write(parts, 4, &der);
        OK(pki_name_check(buf_bytes(&der)));
        OK(pki_name_text(buf_bytes(&der), &text));
        assert_string_equal(buf_c(&text), "C=CN, O=A\\, \\\"B\\\" \\+ C, CN=\\ #x\\\\\\ ");
        OK(pki_name_find(buf_bytes(&der), PKI_ATTR_O, &value));
        assert_true(str_equals(value, "A, \"B\" + C"));
        FAILS(ERR_NOT_FOUND, pki_name_find(buf_bytes(&der), PKI_ATTR_L, &value));
        p = der.p;
        name = d2i_X509_NAME(NULL, &p, (long)der.n);
        assert_non_null(name);
        assert_int_equal(X509_NAME_entry_count(name), 3);
        X509_NAME_free(name);
        buf_clear(&der);
        pki_name_write_cn((struct str){NULL, 0}, &der);
        assert_true(der.n == 2 && der.p[0] == 0x30 && der.p[1] == 0);
        buf_done(&der);
        buf_done(&text);
}

/* Hostile and old string types: shown as UTF-8, controls escaped, zero bytes refused. */
static void test_read(void **state)
{
        static const struct {
                uint8_t tag;
                const char *value;
                size_t n;
                const char *text; /* NULL = refused */
        } cases[] = {
                {DER_UTF8_STRING, "caf\xc3\xa9", 5, "CN=caf\xc3\xa9"},
                {DER_UTF8_STRING, "caf\xe9", 4, NULL},
                {DER_UTF8_STRING, "a\0b", 3, NULL},
                {DER_UTF8_STRING, "a\nb\x1b[31m", 8, "CN=a\\0Ab\\1B[31m"},
                {DER_PRINTABLE_STRING, "plain", 5, "CN=plain"},
                {DER_PRINTABLE_STRING, "a\nb", 3, NULL},
                {DER_T61_STRING, "caf\xe9", 4, "CN=caf\xc3\xa9"},
                {DER_BMP_STRING, "\0a\x4e\x2d", 4, "CN=a\xe4\xb8\xad"},
                {DER_BMP_STRING, "\xd8\x00", 2, NULL}, /* half of a pair */
                {DER_BMP_STRING, "\0a\x4e", 3, NULL},
                {DER_UNIVERSAL_STRING, "\0\0\0a", 4, "CN=#1C0400000061"},
                {DER_UNIVERSAL_STRING, "\0\0a", 3, NULL},
                {DER_UNIVERSAL_STRING, "\0\x11\0\0", 4, NULL}, /* past the end of Unicode */
                {DER_IA5_STRING, "a@b", 3, "CN=a@b"},
                {DER_IA5_STRING, "a\x80", 2, NULL},
                {DER_INTEGER, "\1", 1, NULL},
                {DER_UTF8_STRING, "", 0, "CN="},
                {DER_UTF8_STRING, "<script>", 8, "CN=\\<script\\>"},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                struct buf der, text;
                struct der_mark name, set, pair;

                buf_init(&der, 256);
                buf_init(&text, 256);
                name = der_open(&der, DER_SEQUENCE);
                set = der_open(&der, DER_SET);
                pair = der_open(&der, DER_SEQUENCE);
                der_add_oid(&der, STR_BYTES("\x55\x04\x03"));
                der_add(&der, cases[i].tag, bytes_of(cases[i].value, cases[i].n));
                der_close(&der, pair);
                der_close(&der, set);
                der_close(&der, name);
                if (cases[i].text) {
                        OK(pki_name_check(buf_bytes(&der)));
                        OK(pki_name_text(buf_bytes(&der), &text));
                        assert_string_equal(buf_c(&text), cases[i].text);
                } else {
                        FAILS(ERR_FORMAT, pki_name_check(buf_bytes(&der)));
                }
                buf_done(&der);
                buf_done(&text);
        }
        FAILS(ERR_FORMAT, pki_name_check(STR_BYTES("\x30\x02\x31\x00"))); /* an empty set */
}

static void test_pem_write(void **state)
{
        static const size_t sizes[] = {1, 2, 3, 47, 48, 49, 96, 1000};
        static uint8_t bytes[1000];

        (void)state;
        random_bytes(bytes, sizeof(bytes));
        for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
                struct buf pem, der;

                buf_init(&pem, 4096);
                buf_init(&der, 4096);
                pki_pem_write(PKI_PEM_CERTIFICATE, bytes_of(bytes, sizes[i]), &pem);
                OK(pki_pem_read_one(buf_str(&pem), PKI_PEM_CERTIFICATE, &der));
                assert_int_equal(der.n, sizes[i]);
                assert_memory_equal(der.p, bytes, der.n);
                for (struct str rest = buf_str(&pem); rest.p;)
                        assert_true(str_cut(&rest, '\n').n <= 64);
                buf_done(&pem);
                buf_done(&der);
        }
}

#define HEAD "-----BEGIN CERTIFICATE-----\n"
#define TAIL "-----END CERTIFICATE-----\n"

static void test_pem_read(void **state)
{
        static const struct {
                const char *text;
                enum err err;
        } cases[] = {
                {HEAD "MAA=\n" TAIL, ERR_NONE},
                {"\n\r\n" HEAD "MAA=\n" TAIL "\n  \n", ERR_NONE},
                {"-----BEGIN CERTIFICATE-----\r\nMAA=\r\n-----END CERTIFICATE-----\r\n", ERR_NONE},
                {HEAD "MAA=\n-----END CERTIFICATE-----", ERR_NONE},
                {"", ERR_NOT_FOUND},
                {"\n\n", ERR_NOT_FOUND},
                {"hello\n" HEAD "MAA=\n" TAIL, ERR_FORMAT},
                {HEAD "MAA=\n" TAIL "hello", ERR_FORMAT},
                {HEAD "MAA=\n" TAIL HEAD "MAA=\n" TAIL, ERR_FORMAT},
                {HEAD "MAA=\n", ERR_FORMAT},
                {HEAD TAIL, ERR_FORMAT},
                {HEAD "MAA\n" TAIL, ERR_FORMAT},
                {HEAD "MA=A\n" TAIL, ERR_FORMAT},
                {HEAD " MAA=\n" TAIL, ERR_FORMAT},
                {HEAD "MAA= \n" TAIL, ERR_FORMAT},
                {HEAD "\nMAA=\n" TAIL, ERR_FORMAT},
                {HEAD "M-AA\n" TAIL, ERR_FORMAT},
                {HEAD "Proc-Type: 4,ENCRYPTED\n\nMAA=\n" TAIL, ERR_FORMAT},
                {HEAD "MAA=\n-----END CERTIFICATE REQUEST-----\n", ERR_FORMAT},
                {"-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n", ERR_FORMAT},
                {"----BEGIN CERTIFICATE----\nMAA=\n----END CERTIFICATE----\n", ERR_FORMAT},
                {"-----BEGIN -----\nMAA=\n-----END -----\n", ERR_FORMAT},
                {HEAD "MAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n" TAIL,
                 ERR_FORMAT},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                struct buf der;
                res result;

                buf_init(&der, 256);
                result = pki_pem_read_one(str_of(cases[i].text), PKI_PEM_CERTIFICATE, &der);
                if (result.err != cases[i].err)
                        fail_msg("%s: %s", cases[i].text, err_name(result.err));
                buf_done(&der);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_write), cmocka_unit_test(test_read),
                                           cmocka_unit_test(test_pem_write), cmocka_unit_test(test_pem_read)};

        return cmocka_run_group_tests_name("pki_name", tests, NULL, NULL);
}
