/*
 * Every allocation fails in turn, ours and OpenSSL's, in each operation of this room: the operation says so or does
 * without, leaves its outputs alone, leaks nothing (under AddressSanitizer) and works again afterwards.
 */
#include "pki_help.h"

#include <openssl/crypto.h>

#include "pki/chain.h"
#include "pki/crl.h"
#include "pki/csr.h"
#include "pki/keystore.h"
#include "pki/ocsp.h"
#include "pki/pem.h"
#include "pki/zip.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

static bool counts_ours, counts_theirs;
static size_t calls, fail_at;

static bool must_fail(bool counts)
{
        return counts && ++calls == fail_at;
}

void *__wrap_malloc(size_t size)
{
        return must_fail(counts_ours) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
        return must_fail(counts_ours) ? NULL : __real_calloc(count, size);
}

static void *their_malloc(size_t size, const char *file, int line)
{
        (void)file;
        (void)line;
        return must_fail(counts_theirs) ? NULL : __real_malloc(size);
}

static void *their_realloc(void *p, size_t size, const char *file, int line)
{
        (void)file;
        (void)line;
        return must_fail(counts_theirs) ? NULL : realloc(p, size);
}

static void their_free(void *p, const char *file, int line)
{
        (void)file;
        (void)line;
        free(p);
}

/* ---- operations -------------------------------------------------------------------------------- */

static struct help *help;
static struct pki_key *key;
static struct buf leaf, csr_der, pem_key, chain_pem;

static res op_kit(struct buf *out)
{
        struct pki_kit *kit = NULL;

        (void)out;
        TRY(pki_kit_new(&kit));
        pki_kit_free(kit);
        return RES_OK;
}

static res op_generate(struct buf *out)
{
        struct pki_key *made = NULL;

        (void)out;
        res result = pki_key_generate(PKI_KEY_EC_P256, &made);
        assert_int_equal(made != NULL, res_is_ok(result));
        pki_key_free(made);
        return result;
}

static res op_issue(struct buf *out)
{
        const struct str name = STR("example.com");
        struct pki_cert_request request = help_leaf(help, key, &name, 1);
        CLEAN(buf_done) struct buf tbs = {0};

        buf_init(&tbs, 32768);
        TRY(pki_cert_build(&request, &tbs));
        return pki_cert_sign(help->intermediate.key, request.issuer->alg, buf_bytes(&tbs), out);
}

static res op_csr_make(struct buf *out)
{
        return pki_csr_make(key, STR("example.com"), NULL, 0, out);
}

static res op_csr_verify(struct buf *out)
{
        struct pki_csr csr;

        (void)out;
        TRY(pki_csr_parse(buf_bytes(&csr_der), &csr));
        return pki_csr_verify(help->kit, &csr);
}

static res op_key_gate(struct buf *out)
{
        struct pki_spki spki;

        (void)out;
        TRY(pki_spki_parse(pki_key_spki(key), &spki));
        return pki_spki_check(help->kit, &spki, NULL);
}

static res op_key_write(struct buf *out)
{
        return pki_key_to_encrypted_pem(key, STR("secret"), out);
}

static res op_key_read(struct buf *out)
{
        struct pki_key *read = NULL;

        (void)out;
        res result = pki_key_from_pem(buf_str(&pem_key), (struct str){NULL, 0}, &read);
        assert_int_equal(read != NULL, res_is_ok(result));
        pki_key_free(read);
        return result;
}

static res op_chain(struct buf *out)
{
        struct pki_chain chain;

        TRY(pki_chain_from_pem(buf_str(&chain_pem), out, &chain));
        TRY(pki_chain_sort(&chain));
        return pki_chain_verify(help->kit, &chain);
}

static res op_crl(struct buf *out)
{
        struct pki_crl_head head = {&help->intermediate.issuer, 1, HELP_NOW, HELP_NOW + 10, STR("http://a/b"), false};
        CLEAN(pki_crl_free_ptr) struct pki_crl *crl = NULL;
        struct bytes der;
        uint8_t serial[16] = {0x55};

        (void)out;
        TRY(pki_crl_begin(&head, 65536, &crl));
        for (int i = 0; i < 100; i++)
                TRY(pki_crl_add(crl, bytes_of(serial, 16), HELP_NOW - i, 1));
        TRY(pki_crl_end(crl, help->intermediate.key, &der));
        pki_crl_clear(crl);
        TRY(pki_crl_set_head(crl, &head));
        TRY(pki_crl_expect(crl, 100));
        return pki_crl_end(crl, help->intermediate.key, &der);
}

static res op_ocsp(struct buf *out)
{
        static const uint8_t id[] = {0x30, 0x00};
        struct pki_ocsp_single single = {.id = {id, 2}, .this_update = HELP_NOW, .next_update = HELP_NOW + 10};
        struct pki_ocsp_answer answer = {
                .v = &single, .n = 1, .produced_at = HELP_NOW, .responder_key_id = {help->intermediate.key_id, 20}};

        return pki_ocsp_build(help->intermediate.key, pki_key_alg(help->intermediate.key), &answer, out);
}

static res op_pfx(struct buf *out)
{
        const struct bytes chain[] = {buf_bytes(&leaf), buf_bytes(&help->intermediate.cert)};
        struct pki_keystore store = {key, chain, 2, STR("example.com"), STR("Secret-1"), HELP_NOW};

        return pki_keystore_pfx(&store, out);
}

static res op_jks(struct buf *out)
{
        const struct bytes chain[] = {buf_bytes(&leaf)};
        struct pki_keystore store = {key, chain, 1, STR("example.com"), STR("Secret-1"), HELP_NOW};

        return pki_keystore_jks(&store, out);
}

static res op_zip(struct buf *out)
{
        CLEAN(pki_zip_free_ptr) struct pki_zip *zip = NULL;

        TRY(pki_zip_new(HELP_NOW, 65536, &zip));
        TRY(pki_zip_add(zip, "a", STR_BYTES("content")));
        return pki_zip_end(zip, out);
}

static res op_profiles(struct buf *out)
{
        static struct pki_profiles profiles;
        struct buf text;
        res result;

        buf_init(&text, 8192);
        pki_profile_text(&help->profiles.v[0], &text);
        result = buf_check(&text);
        if (res_is_ok(result))
                result = pki_profiles_parse(buf_str(&text), &profiles, out);
        buf_done(&text);
        return result;
}

static const struct {
        const char *name;
        res (*run)(struct buf *out);
} ops[] = {{"kit", op_kit},
           {"generate", op_generate},
           {"issue", op_issue},
           {"csr make", op_csr_make},
           {"csr verify", op_csr_verify},
           {"key gate", op_key_gate},
           {"key write", op_key_write},
           {"key read", op_key_read},
           {"chain", op_chain},
           {"crl", op_crl},
           {"ocsp", op_ocsp},
           {"pfx", op_pfx},
           {"jks", op_jks},
           {"zip", op_zip},
           {"profiles", op_profiles}};

/*
 * Fail the first, second, third … allocation until the operation asks for no more; the far ones in growing steps, because
 * deriving a key from a password allocates 200,000 times.
 */
static void torture(size_t op, bool *counts)
{
        size_t failures = 0;
        struct buf out;
        res result;

        for (fail_at = 1;; fail_at += fail_at < 60 ? 1 : fail_at) {
                buf_init(&out, 65536);
                calls = 0;
                *counts = true;
                result = ops[op].run(&out);
                *counts = false;
                buf_done(&out);
                if (calls < fail_at)
                        break;
                failures += !res_is_ok(result);
        }
        if (!res_is_ok(result))
                fail_msg("%s does not recover: %s", ops[op].name, err_name(result.err));
        if (getenv("TORTURE_VERBOSE"))
                print_message("%s: %zu allocations, %zu failures told\n", ops[op].name, fail_at - 1, failures);
}

static void test_ours(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
                torture(i, &counts_ours);
}

static void test_openssl(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
                torture(i, &counts_theirs);
}

static int set_up(void **state)
{
        const struct str name = STR("example.com");
        struct pki_cert_request request;

        (void)state;
        help = help_new(PKI_KEY_EC_P256, PKI_KEY_EC_P256);
        OK(pki_key_generate(PKI_KEY_EC_P256, &key));
        buf_init(&leaf, 32768);
        buf_init(&csr_der, 32768);
        buf_init(&pem_key, 32768);
        buf_init(&chain_pem, 65536);
        request = help_leaf(help, key, &name, 1);
        help_issue(help, &request, help->intermediate.key, &leaf);
        OK(pki_csr_make(key, name, NULL, 0, &csr_der));
        OK(pki_key_to_pem(key, &pem_key));
        pki_pem_write(PKI_PEM_CERTIFICATE, buf_bytes(&leaf), &chain_pem);
        pki_pem_write(PKI_PEM_CERTIFICATE, buf_bytes(&help->intermediate.cert), &chain_pem);
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        pki_key_free(key);
        buf_done(&leaf);
        buf_done(&csr_der);
        buf_wipe(&pem_key);
        buf_done(&chain_pem);
        help_free(help);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_ours), cmocka_unit_test(test_openssl)};

        if (CRYPTO_set_mem_functions(their_malloc, their_realloc, their_free) !=
            1) /* before OpenSSL's first allocation */
                return 1;
        return cmocka_run_group_tests_name("pki_torture", tests, set_up, tear_down);
}
