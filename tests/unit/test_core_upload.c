/*
 * Uploads at the level of core, over a real store and the key maker's own code: what is refused stores nothing, what is taken
 * is kept as it came, one version can be gone back to, and no blocked key comes in or back.
 * UPL-01 UPL-06 UPL-07 UPL-09 UPL-15 UPL-16 SIL-53 SIL-63 RVK-31 CON-19
 */
#include "account_fixture.h"
#include "pki_help.h"

#include "base/digest.h"
#include "base/log.h"
#include "base/secret.h"
#include "core/deletion.h"
#include "core/catalogue.h"
#include "core/upload.h"
#include "pki/pem.h"
#include "store/blocked_key.h"
#include "store/key.h"
#include "store/upload.h"
#include "vault/stock.h"

struct world {
        struct fixture *f;
        struct help *help;
        struct stock *stock;
        struct act act, other;
};

struct leaf {
        struct pki_key *key;
        struct str chain, key_pem;
        uint8_t spki_hash[32];
};

/* The vault seals the accounts' secrets first; then the same code is the key maker. */
static struct world *world_new(struct fixture *f)
{
        static int number;
        struct world *w = calloc(1, sizeof *w);
        char name[2][16];

        (void)snprintf(name[0], sizeof name[0], "own%d", ++number);
        (void)snprintf(name[1], sizeof name[1], "other%d", number);
        f->vault.stock = NULL;
        *w = (struct world){.f = f, .help = help_new(PKI_KEY_EC_P256, PKI_KEY_EC_P256), .act = f->act, .other = f->act};
        struct account_made own = make_account(f, name[0], "user"), other = make_account(f, name[1], "user");

        OK(account_of_key(&w->act, str_of(own.secret_id)));
        OK(account_of_key(&w->other, str_of(other.secret_id)));
        OK(stock_new(&w->stock));
        f->vault.stock = w->stock;
        f->core.keymaker = f->core.vault;
        struct buf why;
        buf_init(&why, 512);
        OK(catalogue_load(TEST_SOURCE_DIR "/catalogue", &f->core.catalogue, &why)); /* with the list of refused keys */
        buf_done(&why);
        return w;
}

static void world_free(struct world *w)
{
        w->f->vault.stock = NULL;
        catalogue_free(w->f->core.catalogue);
        w->f->core.catalogue = NULL;
        stock_free(w->stock);
        help_free(w->help);
        free(w);
}

static struct str pem_of(struct arena *arena, struct str label, struct bytes der)
{
        struct buf pem;

        buf_init(&pem, 64 * 1024);
        pki_pem_write(label, der, &pem);
        struct str text = str_dup(arena, buf_str(&pem));

        buf_done(&pem);
        return text;
}

static struct leaf leaf_of(struct world *w, const char *domain)
{
        struct arena *arena = w->act.arena;
        struct leaf leaf = {0};
        struct str name = str_of(domain);
        struct buf cert;
        struct secret der = {0};

        OK(pki_key_generate(PKI_KEY_EC_P256, &leaf.key));
        struct pki_cert_request request = help_leaf(w->help, leaf.key, &name, 1);

        buf_init(&cert, 16384);
        help_issue(w->help, &request, w->help->intermediate.key, &cert);
        OK(pki_key_to_pkcs8(leaf.key, &der));
        struct str own = pem_of(arena, PKI_PEM_CERTIFICATE, buf_bytes(&cert)),
                   above = pem_of(arena, PKI_PEM_CERTIFICATE, buf_bytes(&w->help->intermediate.cert));

        leaf.chain = str_of(arena_printf(arena, "%.*s%.*s", (int)own.n, own.p, (int)above.n, above.p));
        leaf.key_pem = pem_of(arena, PKI_PEM_KEY, secret_bytes(&der));
        digest_sha256(pki_key_spki(leaf.key), leaf.spki_hash);
        buf_done(&cert);
        secret_done(&der);
        return leaf;
}

static const char *take(struct world *w, const struct leaf *leaf, int64_t repeatable)
{
        const struct certificate_upload in = {.public_key = leaf->chain, .private_key = leaf->key_pem, .repeatable = {repeatable >= 0, repeatable}};
        const char *id = NULL, *repeat = NULL;
        res r = certificate_upload(&w->act, &in, &id, &repeat);

        if (!res_is_ok(r))
                fail_msg("%s", w->act.detail);
        return repeat[0] ? repeat : id;
}

static struct certificate_row row_of(struct act *act, const char *id)
{
        struct store_conn *conn = NULL;
        struct certificate_row row = {0};

        OK(store_read(act->core->store, &conn));
        OK(store_certificate_get(conn, act->arena, act->account_id, str_of(id), &row));
        return row;
}

static bool key_is_here(struct act *act, int64_t key_id)
{
        struct store_conn *conn = NULL;
        bool is_here = false;

        OK(store_read(act->core->store, &conn));
        OK(store_key_is_here(conn, act->account_id, key_id, &is_here));
        return is_here;
}

static res block_tx(struct store_tx *tx, void *arg)
{
        return store_blocked_key_put(tx, &(struct blocked_key_row){.spki_hash = bytes_of(arg, 32), .source = STR("owner"), .created_at = NOW});
}

static void what_is_refused_stores_nothing(void **state)
{
        struct world *w = world_new(*state);
        struct leaf good = leaf_of(w, "a.maple.com"), other = leaf_of(w, "b.maple.com");
        struct arena *arena = w->act.arena;
        char *spaces = arena_alloc(arena, 200000);
        const char *found = NULL;

        memset(spaces, ' ', 199999);
        const struct str wide = str_of(arena_printf(arena, "%.*s%.140000s", (int)good.chain.n, good.chain.p, spaces)),
                         long_key = str_of(arena_printf(arena, "%.*s%.40000s", (int)good.key_pem.n, good.key_pem.p, spaces)),
                         twice = str_of(arena_printf(arena, "%.*s%.*s", (int)good.chain.n, good.chain.p, (int)good.chain.n, good.chain.p)),
                         leaves = str_of(arena_printf(arena, "%.*s%.*s", (int)good.chain.n, good.chain.p, (int)other.chain.n, other.chain.p)),
                         password = str_of(arena_printf(arena, "%.5000s", spaces));
        const struct {
                const char *what;
                struct certificate_upload in;
                enum err expected;
        } cases[] = {
                {"nothing", {0}, ERR_CERT_PARSE},
                {"words", {.public_key = STR("hello"), .private_key = good.key_pem}, ERR_CERT_PARSE},
                {"a key in the certificate's place", {.public_key = good.key_pem, .private_key = good.key_pem}, ERR_CERT_PARSE}, /* UPL-06 */
                {"too much", {.public_key = wide, .private_key = good.key_pem}, ERR_CERT_PARSE},
                {"twice", {.public_key = twice, .private_key = good.key_pem}, ERR_CERT_CHAIN},
                {"two leaves", {.public_key = leaves, .private_key = good.key_pem}, ERR_CERT_CHAIN},
                {"no key", {.public_key = good.chain}, ERR_PARAM},
                {"no key that can be read", {.public_key = good.chain, .private_key = STR("x")}, ERR_PARAM}, /* UPL-09 */
                {"a long key", {.public_key = good.chain, .private_key = long_key}, ERR_PARAM},
                {"another's key", {.public_key = good.chain, .private_key = other.key_pem}, ERR_CERT_MATCH},
                {"a kind that is none", {.public_key = good.chain, .private_key = good.key_pem, .type = STR("XYZ")}, ERR_PARAM},
                {"a bundle with a leaf", {.public_key = good.chain, .type = STR("CA")}, ERR_CERT_CA},
                {"a bundle with a key", {.public_key = good.chain, .private_key = good.key_pem, .type = STR("CA")}, ERR_PARAM},
                {"no such project", {.public_key = good.chain, .private_key = good.key_pem, .project_id = {true, 9}}, ERR_PROJECT},
                {"an endless password", {.public_key = good.chain, .private_key = good.key_pem, .key_password = password}, ERR_PARAM},
        };

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                const char *id = NULL, *repeat = NULL;
                res r = certificate_upload(&w->act, &cases[i].in, &id, &repeat);

                if (r.err != cases[i].expected)
                        fail_msg("%s: %s: %s", cases[i].what, err_name(r.err), w->act.detail);
                if (w->act.detail[0] == '\0')
                        fail_msg("%s: refused without a sentence", cases[i].what);
                w->act.detail[0] = '\0';
        }
        OK(certificate_upload_find(&w->act, good.chain, &found));
        assert_string_equal(found, "");
        pki_key_free(good.key);
        pki_key_free(other.key);
        world_free(w);
}

static void the_same_twice(void **state)
{
        struct world *w = world_new(*state);
        struct leaf leaf = leaf_of(w, "twice.maple.com");
        const struct certificate_upload in = {.public_key = leaf.chain, .private_key = leaf.key_pem};
        const char *first = take(w, &leaf, -1), *id = NULL, *repeat = NULL, *found = NULL;
        struct certificate_row row = row_of(&w->act, first);

        assert_true(str_equals(row.domain, "twice.maple.com"));
        assert_true(str_equals(row.source, "upload"));
        assert_int_equal(row.status, CERT_ISSUED);
        assert_int_equal(certificate_upload(&w->act, &in, &id, &repeat).err, ERR_CERT_EXISTS); /* SIL-63 */
        assert_non_null(strstr(w->act.detail, first));
        assert_string_equal(take(w, &leaf, 0), first);
        assert_string_not_equal(take(w, &leaf, 1), first);
        OK(certificate_upload_find(&w->act, leaf.chain, &found));
        assert_string_equal(found, first);
        OK(certificate_upload_find(&w->other, leaf.chain, &found));
        assert_string_equal(found, ""); /* another account's is as good as none */
        OK(certificate_upload(&w->other, &in, &id, &repeat));
        pki_key_free(leaf.key);
        world_free(w);
}

static void exchanged_and_taken_back(void **state)
{
        struct world *w = world_new(*state);
        struct leaf one = leaf_of(w, "x.maple.com"), two = leaf_of(w, "y.maple.com"), three = leaf_of(w, "z.maple.com");
        const char *id = take(w, &one, -1);
        struct str type = STR("clb");
        struct certificate_exchange in = {str_of(id), two.chain, two.key_pem, {&type, 1}};
        struct upload_row bytes = {0};
        struct store_conn *conn = NULL;
        int64_t first = 0, second = 0, key[3] = {row_of(&w->act, id).key_id};

        OK(certificate_upload_exchange(&w->act, &in, &first));
        key[1] = row_of(&w->act, id).key_id;
        assert_true(key_is_here(&w->act, key[0]));
        in.public_key = three.chain;
        in.private_key = three.key_pem;
        OK(certificate_upload_exchange(&w->act, &in, &second));
        key[2] = row_of(&w->act, id).key_id;
        assert_false(key_is_here(&w->act, key[0])); /* one version back, no more */
        assert_int_equal(certificate_upload_exchange(&w->other, &in, &first).err, ERR_CERT_NOT_FOUND);
        assert_int_equal(certificate_upload_rollback(&w->act, first).err, ERR_ROLLBACK);
        assert_int_equal(certificate_upload_rollback(&w->other, second).err, ERR_PARAM);
        assert_int_equal(certificate_upload_rollback(&w->act, second + 1).err, ERR_PARAM);
        assert_int_equal(certificate_upload_retry(&w->act, second).err, ERR_RETRY);
        OK(certificate_upload_rollback(&w->act, second));
        struct certificate_row row = row_of(&w->act, id);

        assert_int_equal(row.key_id, key[1]);
        assert_true(str_equals(row.domain, "y.maple.com"));
        assert_false(key_is_here(&w->act, key[2]));
        OK(store_read(w->act.core->store, &conn));
        OK(store_upload_get(conn, w->act.arena, w->act.account_id, str_of(id), &bytes));
        assert_true(str_equal(bytes.public_text, two.chain)); /* byte for byte */
        assert_int_equal(certificate_upload_rollback(&w->act, second).err, ERR_ROLLBACK);
        pki_key_free(one.key);
        pki_key_free(two.key);
        pki_key_free(three.key);
        world_free(w);
}

static void a_blocked_key_comes_neither_in_nor_back(void **state)
{
        struct world *w = world_new(*state);
        struct leaf bad = leaf_of(w, "bad.maple.com"), good = leaf_of(w, "good.maple.com"), new = leaf_of(w, "new.maple.com");
        const char *id = take(w, &good, -1), *none = NULL, *repeat = NULL;
        struct str type = STR("clb");
        struct certificate_exchange in = {str_of(id), new.chain, new.key_pem, {&type, 1}};
        int64_t update = 0;

        OK(store_run(w->act.core->store, block_tx, bad.spki_hash));
        const struct certificate_upload refused = {.public_key = bad.chain, .private_key = bad.key_pem};

        assert_int_equal(certificate_upload(&w->act, &refused, &none, &repeat).err, ERR_KEY_BLOCKED); /* RVK-31 */
        OK(certificate_upload_exchange(&w->act, &in, &update));
        OK(store_run(w->act.core->store, block_tx, good.spki_hash));
        assert_int_equal(certificate_upload_rollback(&w->act, update).err, ERR_KEY_BLOCKED);
        assert_true(str_equals(row_of(&w->act, id).domain, "new.maple.com"));
        pki_key_free(bad.key);
        pki_key_free(good.key);
        pki_key_free(new.key);
        world_free(w);
}

static void deleted_with_every_version(void **state)
{
        struct world *w = world_new(*state);
        struct leaf one = leaf_of(w, "old.maple.com"), two = leaf_of(w, "two.maple.com");
        const char *id = take(w, &one, -1);
        struct str type = STR("clb");
        struct certificate_exchange in = {str_of(id), two.chain, two.key_pem, {&type, 1}};
        struct upload_row bytes = {0};
        struct upload_before_row before = {0};
        struct store_conn *conn = NULL;
        int64_t update = 0, key[2] = {row_of(&w->act, id).key_id};

        OK(certificate_upload_exchange(&w->act, &in, &update));
        key[1] = row_of(&w->act, id).key_id;
        assert_int_equal(deletion_run(&w->other, str_of(id), DELETION_ANYWAY).err, ERR_CERT_NOT_FOUND);
        OK(deletion_run(&w->act, str_of(id), DELETION_ASKS)); /* UPL-21 */
        OK(store_read(w->act.core->store, &conn));
        assert_int_equal(store_upload_get(conn, w->act.arena, w->act.account_id, str_of(id), &bytes).err, ERR_NOT_FOUND);
        assert_int_equal(store_upload_before_get(conn, w->act.arena, w->act.account_id, str_of(id), &before).err, ERR_NOT_FOUND);
        for (int i = 0; i < 2; i++)
                assert_false(key_is_here(&w->act, key[i]));
        assert_int_equal(certificate_upload_rollback(&w->act, update).err, ERR_CERT_NOT_FOUND);
        pki_key_free(one.key);
        pki_key_free(two.key);
        world_free(w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_refused_stores_nothing),
                cmocka_unit_test(the_same_twice),
                cmocka_unit_test(exchanged_and_taken_back),
                cmocka_unit_test(a_blocked_key_comes_neither_in_nor_back),
                cmocka_unit_test(deleted_with_every_version),
        };

        log_init("test", LOG_ERROR);
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
