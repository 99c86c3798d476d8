/* Pages of the operation log: newest first, 15 days unless asked otherwise, one account's alone. */
#include "account_fixture.h"

#include "core/log.h"

struct entries {
        int64_t account_id, user_id, from_sec;
        int n;
};

static res append(struct store_tx *tx, void *arg)
{
        const struct entries *e = arg;

        for (int i = 0; i < e->n; i++) {
                char type[16];
                struct log_row row = {
                        .account_id = e->account_id,
                        .user_id = e->user_id,
                        .certificate_id = STR("c"),
                        .type = {type, (size_t)snprintf(type, sizeof type, "t%d", i)},
                        .action = STR("did"),
                        .created_at = e->from_sec + i,
                };
                TRY(store_log_append(tx, &row));
        }
        return RES_OK;
}

static void add(struct fixture *f, int64_t account_id, int64_t user_id, int64_t from_sec, int n)
{
        struct entries e = {account_id, user_id, from_sec, n};

        assert_int_equal(store_run(f->core.store, append, &e).err, ERR_NONE);
}

static struct log_page list(struct fixture *f, struct log_query query)
{
        struct log_page page;

        assert_int_equal(log_list(&f->act, &query, &page).err, ERR_NONE);
        return page;
}

static void test_window_and_pages(void **state)
{
        struct fixture *f = *state;
        struct log_page page;

        f->act.account_id = 77;
        assert_int_equal(list(f, (struct log_query){0}).n, 0);
        add(f, 77, 0, NOW - LIMIT_LOGS_DAYS * 86400LL - 100, 10); /* before the window */
        add(f, 77, 0, NOW - 24, 25);                              /* the last one now */
        add(f, 78, 0, NOW - 5, 5);                                /* somebody else's */
        page = list(f, (struct log_query){0});
        assert_int_equal(page.n, LIMIT_LOGS_DEFAULT);
        assert_int_equal(page.total, 25);
        assert_int_equal(page.all_total, 35);
        assert_true(str_equals(page.v[0].type, "t24"));
        page = list(f, (struct log_query){.offset = 20, .limit = 1000000});
        assert_int_equal(page.n, 5);
        assert_true(str_equals(page.v[4].type, "t0"));
        page = list(f, (struct log_query){.offset = 25});
        assert_int_equal(page.n, 0);
        page = list(f, (struct log_query){.offset = -1, .limit = -1});
        assert_int_equal(page.n, LIMIT_LOGS_DEFAULT);
        page = list(f, (struct log_query){.from_sec = NOW - 10, .to_sec = NOW - 5});
        assert_int_equal(page.n, 5);
        assert_int_equal(page.total, 5);
        page = list(f, (struct log_query){.from_sec = NOW, .to_sec = NOW - 5});
        assert_int_equal(page.n, 0);
        page = list(f, (struct log_query){.from_sec = 1, .limit = 1000});
        assert_int_equal(page.n, 35);
}

static void test_who_did_it(void **state)
{
        struct fixture *f = *state;
        struct account_made made = make_account(f, "a", "user");
        struct log_page page;
        int64_t user_id;

        assert_int_equal(account_of_key(&f->act, str_of(made.secret_id)).err, ERR_NONE);
        user_id = f->act.user_id;
        f->act.account_id = 79;
        add(f, 79, user_id, NOW - 3, 1);
        add(f, 79, 0, NOW - 2, 1);
        add(f, 79, user_id, NOW - 1, 1);
        add(f, 79, 424242, NOW, 1); /* a user who is gone */
        page = list(f, (struct log_query){0});
        assert_int_equal(page.n, 4);
        assert_true(str_equals(page.user_uins[0], ""));
        assert_true(str_equals(page.user_uins[1], made.uin));
        assert_true(str_equals(page.user_uins[2], ""));
        assert_true(str_equals(page.user_uins[3], made.uin));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_window_and_pages, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_who_did_it, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
