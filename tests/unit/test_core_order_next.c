/* Orders that continue a certificate – upgrade, renewal –, and what is paid in points. */
#include "order_fixture.h"

/* ---- upgrade and renewal ---- */

static struct outcome upgrade(struct shop *shop, int64_t account, const char *id, const char *product, int64_t months)
{
        struct order_made made = {0};
        struct outcome o;
        struct act act;

        shop_act(shop, &act, account, NOW);
        outcome_of(&o, &act, order_upgrade(&act, str_of(id), str_of(product), months, &made), &made);
        arena_free(act.arena);
        return o;
}

static void test_upgrade(void **state)
{
        struct shop *shop = *state;
        int64_t account = shop_account(shop, "individual", 1000000), other = shop_account(shop, "individual", 1000000);
        const char *id = plant(shop, account, "2", CERT_ISSUED, NOW + YEAR);
        const char *pending = plant(shop, account, "2", CERT_PENDING, 0), *paid = plant(shop, account, "104", CERT_ISSUED, NOW + YEAR);
        struct arena *arena = arena_new(4 * 1024 * 1024);

        assert_int_equal(upgrade(shop, other, id, "", 0).err, ERR_CERT_NOT_FOUND);
        assert_int_equal(upgrade(shop, account, "nothere1", "", 0).err, ERR_CERT_NOT_FOUND);
        assert_int_equal(upgrade(shop, account, pending, "", 0).err, ERR_CERT_STATE);
        assert_int_equal(upgrade(shop, account, paid, "", 0).err, ERR_CERT_STATE);
        assert_int_equal(upgrade(shop, account, id, "11", 12).err, ERR_PARAM_VALUE); /* several names: buy anew (UPG-03) */
        assert_int_equal(upgrade(shop, account, id, "48", 48).err, ERR_PARAM_VALUE); /* UPG-05 */
        assert_int_equal(shop_balance(shop, account), 1000000);
        struct outcome o = upgrade(shop, account, id, "", 0); /* UPG-02, UPG-04 */
        assert_int_equal(o.err, ERR_NONE);
        assert_int_equal(o.price, 19900);
        struct certificate_row row = certificate(shop, arena, account, o.certificate_id);
        assert_string_equal(row.package_type.p, "48");
        assert_string_equal(row.domain.p, "a.example.com"); /* UPG-03 */
        assert_string_equal(row.origin_certificate_id.p, id);
        assert_int_equal(row.status, CERT_PAID);
        assert_string_equal(certificate(shop, arena, account, id).renew_certificate_id.p, o.certificate_id);
        assert_int_equal(certificate(shop, arena, account, id).status, CERT_ISSUED); /* goes on serving */
        assert_int_equal(upgrade(shop, account, id, "", 0).err, ERR_CERT_STATE);     /* once */
        assert_int_equal(shop_balance(shop, account), 1000000 - 19900);
        assert_int_equal(do_at(shop, account, NOW, REFUND, o.order_id).err, ERR_NONE);
        assert_string_equal(certificate(shop, arena, account, id).renew_certificate_id.p, "");
        o = upgrade(shop, account, id, "49", 36); /* a wildcard of the same name, three years */
        assert_int_equal(o.err, ERR_NONE);
        assert_string_equal(certificate(shop, arena, account, o.certificate_id).domain.p, "*.a.example.com");
        arena_free(arena);
}

static struct outcome renew(struct shop *shop, int64_t account, int64_t now, const char *id, bool may_stay_unpaid)
{
        struct order_made made = {0};
        struct outcome o;
        struct act act;

        shop_act(shop, &act, account, now);
        outcome_of(&o, &act, order_renew(&act, &(struct order_renew){str_of(id), 0, may_stay_unpaid}, &made), &made);
        arena_free(act.arena);
        return o;
}

static void test_renewal(void **state) /* REN-01, REN-03, MSG-05 */
{
        struct shop *shop = *state;
        int64_t account = shop_account(shop, "individual", 39900 * 2);
        struct order_buy wish = shop_wish("104", 1, 1);
        struct outcome bought = buy(shop, account, &wish), o;
        int64_t end_at = NOW + YEAR;
        struct arena *arena = arena_new(4 * 1024 * 1024);

        assert_int_equal(renew(shop, account, NOW, plant(shop, account, "2", CERT_ISSUED, NOW + DAY), false).err, ERR_CERT_STATE); /* UPG-01 */
        assert_int_equal(renew(shop, account, NOW, bought.certificate_id, false).err, ERR_CERT_STATE);
        set_status(shop, account, bought.certificate_id, CERT_ISSUED, true);
        assert_int_equal(renew(shop, account, end_at - 30 * DAY - 1, bought.certificate_id, false).err, ERR_CERT_STATE);
        o = renew(shop, account, end_at - 30 * DAY, bought.certificate_id, false);
        assert_int_equal(o.err, ERR_NONE);
        assert_int_not_equal(o.order_id, bought.order_id);
        assert_string_equal(certificate(shop, arena, account, o.certificate_id).origin_certificate_id.p, bought.certificate_id);
        assert_int_equal(shop_balance(shop, account), 0);
        assert_int_equal(renew(shop, account, end_at - 30 * DAY, bought.certificate_id, false).err, ERR_TRADE);
        arena_free(arena);
}

static int64_t notice_count(struct shop *shop, int64_t account)
{
        int64_t count = 0;

        assert_int_equal(store_notice_count_unread(shop_reader(shop), account, &count).err, ERR_NONE);
        return count;
}

static enum err give(struct shop *shop, int64_t account, int64_t minor)
{
        struct grant grant = {shop, account, minor};

        return store_run(shop->core.store, grant_tx, &grant).err;
}

/* PUR-10, SIL-33: with too little money the order waits, its owner is told once, and the next try pays it. */
static void test_renewal_waits_for_money(void **state)
{
        struct shop *shop = *state;
        int64_t account = shop_account(shop, "individual", 39900);
        struct order_buy wish = shop_wish("104", 1, 1);
        struct outcome bought = buy(shop, account, &wish), o, again;
        int64_t end_at = NOW + YEAR;

        set_status(shop, account, bought.certificate_id, CERT_ISSUED, true);
        o = renew(shop, account, end_at - 30 * DAY, bought.certificate_id, true);
        assert_int_equal(o.err, ERR_NONE);
        assert_string_equal(o.state, "unpaid");
        assert_int_equal(o.certificates, 0);
        assert_int_equal(notice_count(shop, account), 1);
        again = renew(shop, account, end_at - 29 * DAY, bought.certificate_id, true);
        assert_int_equal(again.order_id, o.order_id);
        assert_string_equal(again.state, "unpaid");
        assert_int_equal(notice_count(shop, account), 1);
        assert_int_equal(give(shop, account, 39900), ERR_NONE);
        again = renew(shop, account, end_at - 28 * DAY, bought.certificate_id, true);
        assert_int_equal(again.order_id, o.order_id);
        assert_string_equal(again.state, "paid");
        assert_int_equal(again.certificates, 1);
        assert_int_equal(shop_balance(shop, account), 0);
        again = renew(shop, account, end_at - 27 * DAY, bought.certificate_id, true); /* done: nothing more */
        assert_int_equal(again.order_id, o.order_id);
        assert_int_equal(shop_balance(shop, account), 0);
}

static void test_grants(void **state)
{
        struct shop *shop = *state;
        int64_t account = shop_account(shop, "individual", 0);

        assert_int_equal(give(shop, account, -1), ERR_TRADE);
        assert_int_equal(give(shop, account, LIMIT_MONEY_MINOR + 1), ERR_PARAM_VALUE);
        assert_int_equal(give(shop, account, LIMIT_MONEY_MINOR), ERR_NONE);
        assert_int_equal(give(shop, account, 1), ERR_PARAM_VALUE);
        assert_int_equal(give(shop, account, -LIMIT_MONEY_MINOR), ERR_NONE);
        assert_int_equal(shop_balance(shop, account), 0);
}

/* ---- benefit packages ---- */

static const char *package(struct shop *shop, int64_t account, const char *kind, int64_t days)
{
        static char ids[8][16];
        char *id = ids[shop->next++ % 8];
        struct benefit_row row;
        struct act act;

        shop_act(shop, &act, account, NOW);
        assert_int_equal(benefit_grant(&act, &(struct benefit_grant){str_of(kind), days}, &row).err, ERR_NONE);
        (void)snprintf(id, 16, "%s", row.package_id.p);
        arena_free(act.arena);
        return id;
}

static int64_t points(struct shop *shop, int64_t account, int64_t now)
{
        struct benefit_page page;
        struct act act;

        shop_act(shop, &act, account, now);
        assert_int_equal(benefit_list(&act, &(struct benefit_query){0}, &page).err, ERR_NONE);
        arena_free(act.arena);
        return page.total_balance;
}

static enum err spend(struct shop *shop, int64_t account, int64_t now, const struct order_package_buy *in, struct outcome *ret)
{
        struct strs ids = {0};
        struct act act;
        res r;

        shop_act(shop, &act, account, now);
        r = order_buy_by_package(&act, in, &ids);
        *ret = (struct outcome){.err = r.err, .certificates = ids.n};
        if (ids.n)
                (void)snprintf(ret->certificate_id, sizeof ret->certificate_id, "%s", ids.v[0].p);
        (void)snprintf(ret->why, sizeof ret->why, "%s", act.detail);
        arena_free(act.arena);
        return r.err;
}

static void test_packages(void **state) /* SIL-02, QTA-23 */
{
        struct shop *shop = *state;
        int64_t account = shop_account(shop, "individual", 0), other = shop_account(shop, "individual", 0);
        struct str ids[] = {str_of(package(shop, account, "ssl_100", 400)), str_of(package(shop, account, "ssl_100", 0))};
        struct str foreign[] = {str_of(package(shop, other, "ssl_100", 0))}, twice[] = {ids[0], ids[0]};
        struct order_package_buy in = {.pid = 1018586, .package_ids = {ids, 2}, .names = 1, .months = 12, .count = 1};
        struct arena *arena = arena_new(4 * 1024 * 1024);
        struct outcome o;

        in.pid = 1;
        assert_int_equal(spend(shop, account, NOW, &in, &o), ERR_PRODUCT_PID);
        in.pid = 1018586;
        in.months = 48;
        assert_int_equal(spend(shop, account, NOW, &in, &o), ERR_PERIOD);
        in.months = 12;
        in.names = 2;
        assert_int_equal(spend(shop, account, NOW, &in, &o), ERR_DOMAIN_COUNT);
        in.names = 1;
        in.count = 0;
        assert_int_equal(spend(shop, account, NOW, &in, &o), ERR_PARAM_VALUE);
        in.count = 1;
        in.package_ids = (struct strs){foreign, 1};
        assert_int_equal(spend(shop, account, NOW, &in, &o), ERR_PACKAGE_IDS);
        in.package_ids = (struct strs){twice, 2};
        assert_int_equal(spend(shop, account, NOW, &in, &o), ERR_PACKAGE_IDS);
        in.package_ids = (struct strs){ids, 0};
        assert_int_equal(spend(shop, account, NOW, &in, &o), ERR_PACKAGE_IDS);
        in.package_ids = (struct strs){ids, 2};
        in.count = 14; /* 14 × 15 = 210 of 200 points */
        assert_int_equal(spend(shop, account, NOW, &in, &o), ERR_TRADE);
        assert_int_equal(points(shop, account, NOW), 200); /* nothing of the thirteen that would have fitted */
        assert_int_equal(order_count(shop, account), 0);
        in.count = 8;
        assert_int_equal(spend(shop, account, NOW, &in, &o), ERR_NONE);
        assert_int_equal(o.certificates, 8);
        assert_int_equal(points(shop, account, NOW), 80);
        assert_int_equal(points(shop, account, NOW + 401 * DAY), 80); /* the one that expires first was spent first */
        struct certificate_row row = certificate(shop, arena, account, o.certificate_id);
        assert_int_equal(row.status, CERT_PAID);
        assert_string_equal(row.package_type.p, "12");
        assert_int_equal(do_at(shop, account, NOW, REFUND, row.order_id).err, ERR_NONE);
        assert_int_equal(points(shop, account, NOW), 95);
        assert_int_equal(shop_balance(shop, account), 0); /* points never become money */
        arena_free(arena);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, shop_open, shop_close)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_upgrade), TEST(test_renewal), TEST(test_renewal_waits_for_money), TEST(test_grants), TEST(test_packages),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
