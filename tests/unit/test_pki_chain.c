/* Chains: any order in, one order out, every link proved.  CON-19, SIL-64. */
#include "pki_help.h"

#include "pki/chain.h"
#include "pki/pem.h"

static struct help *help, *other;
static struct pki_key *leaf_key;
static struct buf leaf, second, under_leaf;

static const struct buf *piece(char c)
{
        return c == 'l'   ? &leaf
               : c == '2' ? &second
               : c == 'u' ? &under_leaf
               : c == 'i' ? &help->intermediate.cert
               : c == 'r' ? &help->root.cert
               : c == 'R' ? &other->root.cert
                          : &other->intermediate.cert;
}

static res run(const char *order, struct pki_chain *chain, struct buf *der)
{
        struct buf pem;
        res result;

        buf_init(&pem, 262144);
        for (; *order; order++)
                pki_pem_write(PKI_PEM_CERTIFICATE, buf_bytes(piece(*order)), &pem);
        result = pki_chain_from_pem(buf_str(&pem), der, chain);
        buf_done(&pem);
        if (res_is_ok(result))
                result = pki_chain_sort(chain);
        return res_is_ok(result) ? pki_chain_verify(help->kit, chain) : result;
}

static void test_orders(void **state)
{
        static const struct {
                const char *order, *sorted; /* sorted NULL = refused */
                bool has_root;
        } cases[] = {
                {"l", "l", false},    {"r", "r", true},      {"li", "li", false},  {"il", "li", false},
                {"lir", "lir", true}, {"ril", "lir", true},  {"irl", "lir", true}, {"rli", "lir", true},
                {"ir", "ir", true},   {"ll", NULL, false},   {"lr", NULL, false},  {"l2", NULL, false},
                {"l2i", NULL, false}, {"liI", NULL, false},  {"lI", NULL, false},  {"lirR", NULL, false},
                {"", NULL, false},    {"liri", NULL, false},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                struct pki_chain chain;
                struct buf der;
                res result;

                buf_init(&der, 262144);
                result = run(cases[i].order, &chain, &der);
                if (res_is_ok(result) != (cases[i].sorted != NULL))
                        fail_msg("%s: %s", cases[i].order, err_name(result.err));
                for (size_t k = 0; cases[i].sorted && k < chain.n; k++) {
                        const struct buf *want = piece(cases[i].sorted[k]);
                        assert_int_equal(chain.v[k].der.n, want->n);
                        assert_memory_equal(chain.v[k].der.p, want->p, want->n);
                }
                if (cases[i].sorted)
                        assert_int_equal(chain.ends_in_root, cases[i].has_root);
                buf_done(&der);
        }
}

/* A leaf is no authority, whatever name the next one bears. */
static void test_leaf_as_issuer(void **state)
{
        struct pki_chain chain;
        struct buf der;

        (void)state;
        buf_init(&der, 262144);
        FAILS(ERR_SIGNATURE, run("ulir", &chain, &der));
        buf_done(&der);
}

/* The same names and key identifiers, another key: found by the signature alone. */
static void test_wrong_key(void **state)
{
        struct pki_chain chain;
        struct buf der;

        (void)state;
        buf_init(&der, 262144);
        leaf.p[leaf.n - 1] ^= 1;
        FAILS(ERR_SIGNATURE, run("lir", &chain, &der));
        leaf.p[leaf.n - 1] ^= 1;
        buf_done(&der);
}

static void test_too_many(void **state)
{
        struct pki_chain chain;
        struct buf der;

        (void)state;
        buf_init(&der, 262144);
        FAILS(ERR_TOO_LARGE, run("llllllllllll", &chain, &der));
        FAILS(ERR_FORMAT,
              pki_chain_from_pem(STR("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"), &der, &chain));
        buf_done(&der);
}

static void make_leaf(struct buf *out, const char *name)
{
        const struct str names[] = {str_of(name)};
        struct pki_cert_request request = help_leaf(help, leaf_key, names, 1);

        buf_init(out, 32768);
        help_issue(help, &request, help->intermediate.key, out);
}

/* Issued by the leaf's key under the leaf's name. */
static void make_under_leaf(void)
{
        const struct str name = STR("below.example.com");
        struct pki_cert_request request = help_leaf(help, leaf_key, &name, 1);
        uint8_t key_id[20];
        struct pki_issuer issuer = {.key_id = {key_id, 20}, .alg = pki_key_alg(leaf_key)};
        struct buf subject;

        buf_init(&subject, 256);
        buf_init(&under_leaf, 32768);
        pki_name_write_cn(STR("example.com"), &subject);
        help_key_id(help, leaf_key, key_id);
        issuer.name = buf_bytes(&subject);
        request.issuer = &issuer;
        help_issue(help, &request, leaf_key, &under_leaf);
        buf_done(&subject);
}

static int set_up(void **state)
{
        (void)state;
        help = help_new(PKI_KEY_EC_P384, PKI_KEY_EC_P256);
        other = help_new(PKI_KEY_EC_P256, PKI_KEY_EC_P256);
        OK(pki_key_generate(PKI_KEY_EC_P256, &leaf_key));
        make_leaf(&leaf, "example.com");
        make_leaf(&second, "second.example.com");
        make_under_leaf();
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        pki_key_free(leaf_key);
        buf_done(&leaf);
        buf_done(&second);
        buf_done(&under_leaf);
        help_free(help);
        help_free(other);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_orders), cmocka_unit_test(test_leaf_as_issuer),
                                           cmocka_unit_test(test_wrong_key), cmocka_unit_test(test_too_many)};

        return cmocka_run_group_tests_name("pki_chain", tests, set_up, tear_down);
}
