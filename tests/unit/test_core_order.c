/* Buying: what is refused, what it costs, what is stored with it, and every cell of the order's states. */
#include "order_fixture.h"

/* ---- what is refused ---- */

static void test_bad_wishes(void **state)
{
        static const struct {
                const char *rule, *product;
                int64_t names, years;
                enum err err;
                const char *says;
        } cases[] = {
                {"no such product", "9999", 1, 1, ERR_PARAM_VALUE, "DescribeCatalogue"},
                {"no product", "", 1, 1, ERR_PARAM_VALUE, "DescribeCatalogue"},
                {"PUR-19 a free one", "2", 1, 1, ERR_PARAM_VALUE, "ApplyCertificate"},
                {"a free one", "83", 1, 1, ERR_PARAM_VALUE, "ApplyCertificate"},
                {"not sold under this number", "78", 1, 1, ERR_PARAM_VALUE, "no longer sold"},
                {"CAT-17 two names for one", "104", 2, 1, ERR_PARAM_VALUE, "exactly one"},
                {"no name", "104", 0, 1, ERR_PARAM_VALUE, "exactly one"},
                {"CAT-19", "12", 2, 1, ERR_PARAM_VALUE, "exactly one"},
                {"CAT-18 PUR-15", "11", 1, 1, ERR_PARAM_VALUE, "from 2 to 100"},
                {"CAT-18 SIL-47", "11", 101, 1, ERR_PARAM_VALUE, "from 2 to 100"},
                {"CAT-20", "42", 1, 1, ERR_PARAM_VALUE, "from 2"},
                {"PUR-12 UPG-05", "104", 1, 4, ERR_PARAM_VALUE, "1, 2, 3 year"},
                {"no term", "104", 1, 0, ERR_PARAM_VALUE, "1, 2, 3 year"},
                {"one year only", "105", 1, 2, ERR_PARAM_VALUE, "for 1 year"},
                {"a negative term", "104", 1, -1, ERR_PARAM_VALUE, "1, 2, 3 year"},
                {"ACC-15 SIL-57", "14", 1, 1, ERR_PARAM_VALUE, "individual"},
                {"ACC-15", "16", 1, 1, ERR_PARAM_VALUE, "individual"},
                {"SM2 is not issued here yet", "54", 1, 1, ERR_PARAM_VALUE, "cannot be issued"},
        };
        struct shop *shop = *state;
        int64_t account = shop_account(shop, "individual", 100000000), firm = shop_account(shop, "enterprise", 100000000);

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct order_buy wish = shop_wish(cases[i].product, cases[i].names, cases[i].years);
                struct outcome o = buy(shop, account, &wish);
                if (o.err != cases[i].err || !strstr(o.why, cases[i].says))
                        fail_msg("%s: %s \"%s\"", cases[i].rule, err_name(o.err), o.why);
                o = create(shop, account, &wish);
                if (o.err != cases[i].err)
                        fail_msg("create %s: %s", cases[i].rule, err_name(o.err));
        }
        struct order_buy ov = shop_wish("14", 1, 1);
        struct outcome o = buy(shop, firm, &ov); /* a firm may, as soon as it can be issued */
        assert_int_equal(o.err, ERR_PARAM_VALUE);
        assert_non_null(strstr(o.why, "cannot be issued"));
        assert_int_equal(shop_balance(shop, account), 100000000);
        assert_int_equal(order_count(shop, account), 0);
}

static void test_texts_are_checked(void **state)
{
        struct shop *shop = *state;
        int64_t account = shop_account(shop, "individual", 100000000);
        struct tag_pair bad_tag = {STR("a\x1f"), STR("b")}, no_key = {STR(""), STR("b")};
        struct order_buy wish = shop_wish("104", 1, 1);
        char longest[66] = "";

        wish.tags = (struct objs){&bad_tag, 1};
        assert_int_equal(buy(shop, account, &wish).err, ERR_PARAM_VALUE);
        wish.tags = (struct objs){&no_key, 1};
        assert_int_equal(buy(shop, account, &wish).err, ERR_PARAM_VALUE);
        wish.tags = (struct objs){0};
        wish.project_id = 77; /* ACC-11 */
        assert_int_equal(buy(shop, account, &wish).err, ERR_PROJECT);
        wish.project_id = 0;
        memset(longest, 'x', 65);
        wish.client_token = str_of(longest);
        assert_int_equal(buy(shop, account, &wish).err, ERR_PARAM_VALUE);
        wish.client_token = STR("a\nb");
        assert_int_equal(buy(shop, account, &wish).err, ERR_PARAM_VALUE);
        assert_int_equal(order_count(shop, account), 0);
}

/* ACC-02 */
static void test_identity(void **state)
{
        struct shop *shop = *state;
        struct order_buy wish = shop_wish("104", 1, 1);
        struct order_made made;
        struct act act;

        shop_act(shop, &act, shop_account(shop, "individual", 100000000), NOW);
        act.verified = false;
        assert_int_equal(order_buy(&act, &wish, &made).err, ERR_IDENTITY);
        arena_free(act.arena);
}

/* ---- what it costs: SIL-34, PUR-13, PUR-15 ---- */

static void test_prices(void **state)
{
        static const struct {
                int64_t year, name, included, d2, d3, names, months, full, price;
        } cases[] = {
                {100, 0, 1, 0, 0, 1, 12, 100, 100},      {100, 0, 1, 5, 10, 1, 12, 100, 100},
                {100, 0, 1, 5, 10, 1, 24, 200, 190},     {100, 0, 1, 5, 10, 1, 36, 300, 270},
                {100, 40, 2, 0, 0, 2, 12, 100, 100},     {100, 40, 2, 0, 0, 5, 12, 220, 220},
                {333, 0, 1, 5, 0, 1, 24, 666, 632},      {0, 0, 1, 0, 0, 1, 36, 0, 0},
                {100, 0, 1, 100, 100, 1, 24, 200, 0},    {1000000000, 1000000000, 1, 0, 0, 100, 36, 300000000000, 300000000000},
        };

        (void)state;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                const struct product product = {.price_year = cases[i].year, .price_name = cases[i].name,
                                                .names_included = cases[i].included, .discount_2 = cases[i].d2,
                                                .discount_3 = cases[i].d3};
                struct order_price price = order_price(&product, cases[i].names, cases[i].months);
                if (price.full_minor != cases[i].full || price.price_minor != cases[i].price)
                        fail_msg("%zu: %lld %lld", i, (long long)price.full_minor, (long long)price.price_minor);
        }
        assert_int_equal(order_term_sec(&(struct order_row){.term_months = 36}), 3 * YEAR); /* PUR-02: n × one year */
        assert_int_equal(order_term_sec(&(struct order_row){.term_months = 3}), 90 * DAY);
}

/* ---- bought and paid at once ---- */

static void test_bought(void **state) /* PUR-16, PUR-19: Status 5, filled in later */
{
        struct shop *shop = *state;
        int64_t account = shop_account(shop, "individual", 100000);
        struct tag_pair tags[] = {{STR("stage"), STR("live")}, {STR("team"), STR("")}};
        struct order_buy wish = shop_wish("104", 1, 3);
        struct arena *arena = arena_new(4 * 1024 * 1024);
        struct outcome o;

        wish.tags = (struct objs){tags, 2}; /* ACC-09, PUR-11 */
        o = buy(shop, account, &wish);
        assert_int_equal(o.err, ERR_TRADE); /* 3 × 399.00 less 10 % = 1077.30 is more than 1000.00 */
        assert_non_null(strstr(o.why, "1077.30 CNY"));
        assert_non_null(strstr(o.why, "1000.00 CNY"));
        assert_int_equal(order_count(shop, account), 0); /* nothing stored */
        wish.months = 24;
        wish.auto_renew = true;
        o = buy(shop, account, &wish);
        assert_int_equal(o.err, ERR_NONE);
        assert_string_equal(o.state, "paid");
        assert_int_equal(o.price, 75810); /* PUR-04: once, up front */
        assert_int_equal(shop_balance(shop, account), 100000 - 75810);
        assert_int_equal(o.certificates, 1);
        struct certificate_row row = certificate(shop, arena, account, o.certificate_id);
        assert_int_equal(row.status, CERT_PAID);
        assert_string_equal(row.validity_months.p, "24");
        assert_string_equal(row.package_type.p, "104");
        assert_string_equal(row.level.p, "DV");
        assert_int_equal(row.order_id, o.order_id);
        assert_string_equal(row.domain.p, "");
        assert_int_equal(row.life_days, 365); /* PUR-02 */
        arena_free(arena);
        /* another account sees neither order nor certificate */
        int64_t other = shop_account(shop, "individual", 0);
        assert_int_equal(do_at(shop, other, NOW, REFUND, o.order_id).err, ERR_ORDER);
        assert_int_equal(do_at(shop, other, NOW, PAY, o.order_id).err, ERR_ORDER);
        assert_int_equal(do_at(shop, other, NOW, CLOSE, o.order_id).err, ERR_ORDER);
        assert_int_equal(do_at(shop, account, NOW, REFUND, 987654).err, ERR_ORDER);
        assert_int_equal(order_count(shop, other), 0);
}

/* ---- the states ---- */

static void test_every_state_and_event(void **state)
{
        static const int next[ORDER_STATE_COUNT][ORDER_EVENT_COUNT] = {
                [ORDER_FREE] = {-1, -1, -1},
                [ORDER_ACME] = {-1, -1, -1},
                [ORDER_UNPAID] = {ORDER_PAID, ORDER_CLOSED, -1},
                [ORDER_PAID] = {-1, -1, ORDER_REFUNDED},
                [ORDER_REFUNDED] = {-1, -1, -1},
                [ORDER_CLOSED] = {-1, -1, -1},
        };

        (void)state;
        for (enum order_state s = 0; s < ORDER_STATE_COUNT; s++) {
                enum order_state got;
                assert_int_equal(order_state_of(str_of(order_state_name(s)), &got).err, ERR_NONE);
                assert_int_equal(got, s);
                for (enum order_event e = 0; e < ORDER_EVENT_COUNT; e++) {
                        res r = order_state_next(s, e, &got);
                        if (next[s][e] < 0 ? r.err != ERR_ORDER_STATE : !res_is_ok(r) || (int)got != next[s][e])
                                fail_msg("%s, event %d", order_state_name(s), (int)e);
                }
        }
        enum order_state got;
        assert_int_equal(order_state_of(STR("lost"), &got).err, ERR_PARAM_VALUE);
        assert_int_equal(order_state_next(ORDER_STATE_COUNT, ORDER_PAY, &got).err, ERR_ORDER_STATE);
        assert_string_equal(order_state_name(ORDER_STATE_COUNT), "");
}

static void test_unpaid_then_paid(void **state) /* PUR-14 */
{
        struct shop *shop = *state;
        int64_t account = shop_account(shop, "individual", 39900 + 10000);
        struct order_buy wish = shop_wish("104", 1, 1);
        struct outcome first = create(shop, account, &wish), second = create(shop, account, &wish), o;

        assert_string_equal(first.state, "unpaid");
        assert_int_equal(first.certificates, 0);
        assert_int_equal(shop_balance(shop, account), 49900);
        o = do_at(shop, account, NOW, PAY, first.order_id);
        assert_int_equal(o.err, ERR_NONE);
        assert_int_equal(o.certificates, 1);
        assert_int_equal(shop_balance(shop, account), 10000);
        o = do_at(shop, account, NOW, PAY, first.order_id);
        assert_int_equal(o.err, ERR_ORDER_PAY);
        assert_non_null(strstr(o.why, "is paid"));
        assert_int_equal(do_at(shop, account, NOW, PAY, second.order_id).err, ERR_TRADE);
        assert_int_equal(do_at(shop, account, NOW, REFUND, second.order_id).err, ERR_ORDER_STATE);
        assert_int_equal(do_at(shop, account, NOW, CLOSE, first.order_id).err, ERR_ORDER_STATE);
        assert_int_equal(do_at(shop, account, NOW, CLOSE, second.order_id).err, ERR_NONE);
        assert_int_equal(do_at(shop, account, NOW, PAY, second.order_id).err, ERR_ORDER_PAY);
        assert_int_equal(do_at(shop, account, NOW, CLOSE, second.order_id).err, ERR_ORDER_STATE);
        assert_int_equal(shop_balance(shop, account), 10000);
}

static void test_unpaid_closes_by_itself(void **state)
{
        struct shop *shop = *state;
        int64_t account = shop_account(shop, "individual", 1000000);
        struct order_buy wish = shop_wish("104", 1, 1);
        struct outcome o = create(shop, account, &wish);
        struct job_row job = {0};
        struct order_row row;
        struct act act;

        assert_int_equal(do_at(shop, account, NOW + LIMIT_ORDER_UNPAID_SEC, PAY, o.order_id).err, ERR_ORDER_PAY);
        for (int64_t second = -1; second <= 0; second++) {
                shop_act(shop, &act, 0, NOW + LIMIT_ORDER_UNPAID_SEC + second);
                order_expire_job(&act, &job, NULL);
                act.account_id = account;
                assert_int_equal(order_get(&act, o.order_id, &row).err, ERR_NONE);
                assert_string_equal(row.state.p, second < 0 ? "unpaid" : "closed");
                arena_free(act.arena);
        }
        assert_int_equal(shop_balance(shop, account), 1000000);
}

/* An order keeps price and product as they were ordered. */
static void test_price_of_the_order_stands(void **state)
{
        struct shop *shop = *state;
        int64_t account = shop_account(shop, "individual", 1000000);
        struct order_buy wish = shop_wish("104", 1, 1);
        struct outcome o = create(shop, account, &wish);
        const struct product *product = NULL;
        struct order_row row;
        struct act act;

        shop_act(shop, &act, account, NOW);
        assert_int_equal(order_get(&act, o.order_id, &row).err, ERR_NONE);
        assert_int_equal(row.price_minor, 39900);
        assert_int_equal(order_product(&act, &row, &product).err, ERR_NONE);
        assert_string_equal(product->name, "TrustAsia DV");
        assert_true(product->allows_dns && product->www_free);
        arena_free(act.arena);
}

/* ---- refund: SIL-12 ---- */

static void test_refund_by_status(void **state)
{
        struct shop *shop = *state;
        int64_t account = shop_account(shop, "individual", 39900);
        struct order_buy wish = shop_wish("104", 1, 1);

        for (int64_t status = 0; status < CERT_STATUS_COUNT; status++) {
                bool may = status == CERT_PAID || status == CERT_REVIEW_FAILED || status == CERT_CANCELLED;
                struct outcome bought = buy(shop, account, &wish);
                assert_int_equal(bought.err, ERR_NONE);
                set_status(shop, account, bought.certificate_id, status, false);
                struct outcome o = do_at(shop, account, NOW, REFUND, bought.order_id);
                if (o.err != (may ? ERR_NONE : ERR_ORDER_STATE) || shop_balance(shop, account) != (may ? 39900 : 0))
                        fail_msg("status %lld: %s %s", (long long)status, err_name(o.err), o.why);
                if (!may) {
                        set_status(shop, account, bought.certificate_id, CERT_CANCELLED, false);
                        o = do_at(shop, account, NOW, REFUND, bought.order_id);
                        assert_int_equal(o.err, ERR_NONE);
                }
                assert_string_equal(o.state, "refunded");
                struct arena *arena = arena_new(4 * 1024 * 1024);
                assert_int_equal(certificate(shop, arena, account, bought.certificate_id).status, CERT_REFUNDED);
                arena_free(arena);
                assert_int_equal(do_at(shop, account, NOW, REFUND, bought.order_id).err, ERR_ORDER_STATE); /* once */
                assert_int_equal(shop_balance(shop, account), 39900);
        }
}

/* PUR-04, SIL-12: after the first issue nothing comes back, whatever became of the certificate. */
static void test_no_refund_after_issue(void **state)
{
        struct shop *shop = *state;
        int64_t account = shop_account(shop, "individual", 200000);
        struct order_buy wish = shop_wish("104", 1, 3);
        struct outcome bought = buy(shop, account, &wish), o;
        struct order_row row;
        struct act act;

        set_status(shop, account, bought.certificate_id, CERT_ISSUED, true);
        shop_act(shop, &act, account, NOW);
        assert_int_equal(order_get(&act, bought.order_id, &row).err, ERR_NONE);
        assert_int_equal(row.term_start_at, NOW);
        assert_int_equal(row.term_end_at, NOW + 3 * YEAR);
        arena_free(act.arena);
        static const int64_t later[] = {CERT_ISSUED, CERT_REVOKED, CERT_EXPIRED, CERT_CANCELLED, CERT_PAID};
        for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
                set_status(shop, account, bought.certificate_id, later[i], false);
                o = do_at(shop, account, NOW, REFUND, bought.order_id);
                assert_int_equal(o.err, ERR_ORDER_STATE);
                assert_non_null(strstr(o.why, "has been issued"));
        }
        assert_int_equal(shop_balance(shop, account), 200000 - 107730);
}

/* ---- the same request again ---- */

static void test_client_token(void **state)
{
        struct shop *shop = *state;
        int64_t account = shop_account(shop, "individual", 1000000), other = shop_account(shop, "individual", 1000000);
        struct order_buy wish = shop_wish("104", 1, 1);
        struct outcome first, again;

        wish.client_token = STR("once");
        first = buy(shop, account, &wish);
        again = buy(shop, account, &wish);
        assert_int_equal(again.err, ERR_NONE);
        assert_int_equal(again.order_id, first.order_id);
        assert_string_equal(again.certificate_id, first.certificate_id);
        assert_int_equal(shop_balance(shop, account), 1000000 - 39900);
        wish.months = 24;
        again = buy(shop, account, &wish);
        assert_int_equal(again.err, ERR_PARAM_VALUE);
        assert_non_null(strstr(again.why, "ClientToken"));
        wish.months = 12;
        assert_int_not_equal(buy(shop, other, &wish).order_id, first.order_id); /* a token is its account's own */
        assert_int_equal(shop_balance(shop, other), 1000000 - 39900);
}

/* ---- lists ---- */

static void test_list(void **state)
{
        struct shop *shop = *state;
        int64_t account = shop_account(shop, "individual", 10000000), other = shop_account(shop, "individual", 0);
        struct order_buy wish = shop_wish("104", 1, 1), multi = shop_wish("11", 2, 1);
        struct order_page page;
        struct outcome last = {0};
        struct act act;

        plant(shop, account, "2", CERT_ISSUED, NOW + YEAR); /* free ones are not listed */
        for (int i = 0; i < 12; i++)
                last = i % 3 == 0 ? create(shop, account, &wish) : buy(shop, account, i % 3 == 1 ? &wish : &multi);
        shop_act(shop, &act, account, NOW);
        assert_int_equal(order_list(&act, &(struct order_query){0}, &page).err, ERR_NONE);
        assert_int_equal(page.total, 12);
        assert_int_equal(page.n, 10);
        assert_int_equal(page.v[0].row.order_id, last.order_id); /* newest first */
        int64_t marker = page.next_marker;
        assert_int_equal(order_list(&act, &(struct order_query){.marker = marker}, &page).err, ERR_NONE);
        assert_int_equal(page.n, 2);
        assert_int_equal(page.next_marker, 0);
        assert_int_equal(order_list(&act, &(struct order_query){.offset = 11}, &page).err, ERR_NONE);
        assert_int_equal(page.n, 1);
        assert_int_equal(order_list(&act, &(struct order_query){.state = STR("unpaid")}, &page).err, ERR_NONE);
        assert_int_equal(page.total, 4);
        assert_false(page.v[0].is_refundable);
        assert_int_equal(order_list(&act, &(struct order_query){.state = STR("paid"), .package_type = STR("11")}, &page).err, ERR_NONE);
        assert_int_equal(page.total, 4);
        assert_true(page.v[0].is_refundable);
        assert_int_equal(page.v[0].certificate_count, 1);
        assert_string_equal(page.v[0].product->name, "TrustAsia DV Multi-Domain");
        assert_int_equal(order_list(&act, &(struct order_query){.certificate_id = str_of(last.certificate_id)}, &page).err, ERR_NONE);
        assert_int_equal(page.n, 1);
        assert_int_equal(order_list(&act, &(struct order_query){.certificate_id = STR("nothere1")}, &page).err, ERR_NONE);
        assert_int_equal(page.n, 0);
        assert_int_equal(order_list(&act, &(struct order_query){.state = STR("free")}, &page).err, ERR_PARAM_VALUE);
        assert_int_equal(order_list(&act, &(struct order_query){.state = STR("acme")}, &page).err, ERR_PARAM_VALUE);
        act.account_id = other;
        assert_int_equal(order_list(&act, &(struct order_query){0}, &page).err, ERR_NONE);
        assert_int_equal(page.total, 0);
        arena_free(act.arena);
}

static void test_auto_renew(void **state) /* PUR-10 */
{
        struct shop *shop = *state;
        int64_t account = shop_account(shop, "individual", 100000);
        struct order_buy wish = shop_wish("104", 1, 1);
        struct outcome o = buy(shop, account, &wish);
        struct order_row row;
        struct act act;

        shop_act(shop, &act, account, NOW);
        for (int on = 1; on >= 0; on--) {
                assert_int_equal(order_set_auto_renew(&act, o.order_id, on).err, ERR_NONE);
                assert_int_equal(order_get(&act, o.order_id, &row).err, ERR_NONE);
                assert_int_equal(row.auto_renew, on);
        }
        assert_int_equal(order_set_auto_renew(&act, o.order_id + 1, true).err, ERR_ORDER);
        assert_int_equal(do_at(shop, account, NOW, REFUND, o.order_id).err, ERR_NONE);
        assert_int_equal(order_set_auto_renew(&act, o.order_id, true).err, ERR_ORDER_STATE);
        arena_free(act.arena);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, shop_open, shop_close)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_bad_wishes), TEST(test_texts_are_checked), TEST(test_identity), cmocka_unit_test(test_prices),
                TEST(test_bought), cmocka_unit_test(test_every_state_and_event), TEST(test_unpaid_then_paid),
                TEST(test_unpaid_closes_by_itself), TEST(test_price_of_the_order_stands), TEST(test_refund_by_status),
                TEST(test_no_refund_after_issue), TEST(test_client_token),  TEST(test_list), TEST(test_auto_renew),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
