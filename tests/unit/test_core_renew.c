/*
 * Renewal by applying anew, at the level of core: when a successor counts, when there is room for another, both links, what is
 * carried over, and what a deleted one leaves.  REN-03 REN-04 LIFE-15 RVK-07
 */
#include "order_fixture.h"

#include "base/log.h"
#include "core/renew.h"
#include "store/certificate.h"
#include "store/tag.h"

static res insert_tx(struct store_tx *tx, void *arg)
{
        return store_certificate_insert(tx, arg);
}

static struct certificate_row certificate_make(struct shop *shop, int64_t account, const char *id, const char *product, int64_t status)
{
        struct certificate_row row = {.account_id = account, .certificate_id = str_of(id), .package_type = str_of(product), .status = status};
        struct str *texts[] = {&row.source, &row.certificate_type, &row.product_name, &row.level, &row.status_msg, &row.alias,
                               &row.domain, &row.names, &row.primary_domain, &row.validity_months, &row.verify_type, &row.email,
                               &row.phone, &row.key_type, &row.issuer, &row.profile, &row.origin_certificate_id,
                               &row.renew_certificate_id, &row.replaced_by, &row.replaced_for};

        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
                *texts[i] = STR("");
        row.domain = row.names = STR("a.maple.com");
        row.created_at = NOW;
        assert_int_equal(store_run(shop->core.store, insert_tx, &row).err, ERR_NONE);
        return row;
}

struct linking {
        struct act *act;
        const struct certificate_row *row;
};

static res link_tx(struct store_tx *tx, void *arg)
{
        struct linking *linking = arg;

        return renew_link(linking->act, tx, linking->row);
}

static res forget_tx(struct store_tx *tx, void *arg)
{
        struct linking *linking = arg;

        return renew_forget(linking->act, tx, linking->row);
}

static res delete_tx(struct store_tx *tx, void *arg)
{
        const struct certificate_row *row = arg;

        return store_certificate_delete(tx, row->account_id, row->certificate_id, NOW);
}

static struct certificate_row read_row(struct shop *shop, struct act *act, const char *id)
{
        struct certificate_row row = {0};

        assert_int_equal(store_certificate_get(shop_reader(shop), act->arena, act->account_id, str_of(id), &row).err, ERR_NONE);
        return row;
}

static res link_new(struct act *act, struct certificate_row *row, const char *origin)
{
        row->origin_certificate_id = str_of(origin);
        return store_run(act->core->store, link_tx, &(struct linking){act, row});
}

/* What a successor's state means for its origin: does it renew it, and may another be asked for? */
static const struct {
        const char *product; /* 83 is free, 104 is bought */
        int64_t status;
        bool taken, open;
} states[] = {
        {"83", CERT_PENDING, true, false},     {"83", CERT_ISSUED, true, false},         {"83", CERT_EXPIRED, true, false},
        {"83", CERT_REVOKED, true, false},     {"83", CERT_CANCELLED, false, true},      {"83", CERT_REVIEW_FAILED, false, true},
        {"104", CERT_PAID, true, false},       {"104", CERT_PENDING, true, false},       {"104", CERT_ISSUED, true, false},
        {"104", CERT_CANCELLED, false, false}, {"104", CERT_REVIEW_FAILED, false, false}, /* paid for: taken up again, or refunded */
        {"104", CERT_REFUNDED, false, true},
};

static void a_successor_counts_by_its_state(void **state)
{
        struct shop *shop = *state;
        int64_t account = shop_account(shop, "individual", 0);
        struct act act;

        shop_act(shop, &act, account, NOW);
        for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
                const char *old_id = arena_printf(act.arena, "old%05zu", i), *new_id = arena_printf(act.arena, "new%05zu", i);
                bool taken = true, open = false;

                (void)certificate_make(shop, account, old_id, states[i].product, CERT_ISSUED);
                struct certificate_row old = read_row(shop, &act, old_id);

                assert_int_equal(renew_is_taken(&act, shop_reader(shop), &old, &taken).err, ERR_NONE);
                assert_int_equal(renew_is_open(&act, shop_reader(shop), &old, &open).err, ERR_NONE);
                assert_true(!taken && open); /* nothing there */
                struct certificate_row next = certificate_make(shop, account, new_id, states[i].product, states[i].status);

                assert_int_equal(link_new(&act, &next, old_id).err, ERR_NONE);
                old = read_row(shop, &act, old_id);
                assert_true(str_equals(old.renew_certificate_id, new_id));
                assert_int_equal(renew_is_taken(&act, shop_reader(shop), &old, &taken).err, ERR_NONE);
                assert_int_equal(renew_is_open(&act, shop_reader(shop), &old, &open).err, ERR_NONE);
                if (taken != states[i].taken || open != states[i].open)
                        fail_msg("product %s in state %lld: taken %d, open %d", states[i].product, (long long)states[i].status, taken, open);
        }
        arena_free(act.arena);
}

static void only_one_successor_that_counts(void **state)
{
        struct shop *shop = *state;
        int64_t account = shop_account(shop, "individual", 0);
        struct act act;

        shop_act(shop, &act, account, NOW);
        (void)certificate_make(shop, account, "origin01", "83", CERT_ISSUED);
        struct certificate_row first = certificate_make(shop, account, "firstone", "83", CERT_PENDING),
                               second = certificate_make(shop, account, "secondly", "83", CERT_CANCELLED),
                               third = certificate_make(shop, account, "thirdone", "83", CERT_PENDING);

        assert_int_equal(link_new(&act, &second, "origin01").err, ERR_NONE); /* cancelled: it stands in nobody's way */
        assert_int_equal(link_new(&act, &first, "origin01").err, ERR_NONE);
        assert_int_equal(link_new(&act, &third, "origin01").err, ERR_CERT_STATE);
        assert_true(str_equals(read_row(shop, &act, "origin01").renew_certificate_id, "firstone"));
        /* one that is deleted leaves no link, unless another has taken it over */
        assert_int_equal(store_run(shop->core.store, forget_tx, &(struct linking){&act, &second}).err, ERR_NONE);
        assert_true(str_equals(read_row(shop, &act, "origin01").renew_certificate_id, "firstone"));
        assert_int_equal(store_run(shop->core.store, forget_tx, &(struct linking){&act, &first}).err, ERR_NONE);
        assert_true(str_equals(read_row(shop, &act, "origin01").renew_certificate_id, ""));
        assert_int_equal(link_new(&act, &third, "origin01").err, ERR_NONE);
        assert_int_equal(store_run(shop->core.store, delete_tx, &third).err, ERR_NONE);
        struct certificate_row old = read_row(shop, &act, "origin01"); /* an older row may point to what is gone */
        bool taken = true, open = false;

        assert_int_equal(renew_is_taken(&act, shop_reader(shop), &old, &taken).err, ERR_NONE);
        assert_int_equal(renew_is_open(&act, shop_reader(shop), &old, &open).err, ERR_NONE);
        assert_true(!taken && open);
        arena_free(act.arena);
}

static res tag_tx(struct store_tx *tx, void *arg)
{
        return store_tag_put(tx, arg);
}

static void what_is_carried_over(void **state)
{
        struct shop *shop = *state;
        int64_t account = shop_account(shop, "individual", 0), stranger = shop_account(shop, "individual", 0);
        struct certificate_apply in = {.old_certificate_id = STR("carry001")}, said = in, foreign = in, none = {0};
        struct act act, other;

        shop_act(shop, &act, account, NOW);
        shop_act(shop, &other, stranger, NOW);
        struct certificate_row row = certificate_make(shop, account, "carry000", "83", CERT_ISSUED);

        row.seq = 0;
        row.certificate_id = STR("carry001");
        row.alias = STR("the shop");
        row.email = STR("a@maple.com");
        row.key_type = STR("ECC prime256v1");
        row.project_id = 7;
        assert_int_equal(store_run(shop->core.store, insert_tx, &row).err, ERR_NONE);
        assert_int_equal(store_run(shop->core.store, tag_tx,
                                   &(struct tag_row){.account_id = account, .certificate_id = row.certificate_id, .tag_key = STR("env"), .tag_value = STR("x")})
                                 .err,
                         ERR_NONE);
        assert_int_equal(renew_carry_over(&act, &in).err, ERR_NONE);
        assert_true(str_equals(in.alias, "the shop") && str_equals(in.email, "a@maple.com") && str_equals(in.key_algo, "ECC"));
        assert_true(in.project_id.set && in.project_id.v == 7);
        assert_int_equal(in.tags.n, 1);
        said.alias = STR("new");
        said.key_algo = STR("RSA");
        said.project_id = (struct opt_int){true, 0};
        assert_int_equal(renew_carry_over(&act, &said).err, ERR_NONE);
        assert_true(str_equals(said.alias, "new") && str_equals(said.key_algo, "RSA") && said.project_id.v == 0);
        assert_int_equal(renew_carry_over(&other, &foreign).err, ERR_NONE); /* a foreign id fills nothing */
        assert_true(foreign.alias.n == 0 && foreign.tags.n == 0);
        assert_int_equal(renew_carry_over(&act, &none).err, ERR_NONE);
        assert_true(none.alias.n == 0 && !none.project_id.set);
        arena_free(act.arena);
        arena_free(other.arena);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, shop_open, shop_close)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(a_successor_counts_by_its_state), TEST(only_one_successor_that_counts), TEST(what_is_carried_over),
        };

        log_init("test", LOG_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
