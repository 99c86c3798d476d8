/* Pages of the operation log: newest first, 15 days unless asked otherwise, one account's alone. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

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

/* ---- every type that core writes is one of the table ---- */

/* The text after act_log( or key_open( up to its end: the type is its first literal that is one word. */
static void check_call(const char *path, const char *call)
{
        const char *end = strchr(call, ';'), *open = memchr(call, '"', (size_t)(end - call));

        if (open != NULL && open[1] == '"') /* of no certificate: the type is the next literal */
                open = memchr(open + 2, '"', (size_t)(end - open - 2));
        const char *close = open ? strchr(open + 1, '"') : NULL;

        if (close == NULL || close > end) /* passed on: key_open() */
                return;
        if (!log_type_is_known((struct str){open + 1, (size_t)(close - open - 1)}))
                fail_msg("%s: \"%.*s\" is no type of the record", path, (int)(close - open - 1), open + 1);
}

static size_t check_source(const char *path, const char *word)
{
        static char text[200000];
        FILE *file = fopen(path, "r");
        size_t calls = 0;

        assert_non_null(file);
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        fclose(file);
        for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word), calls++)
                check_call(path, at);
        return calls;
}

static void test_every_type_is_in_the_table(void **state)
{
        DIR *dir = opendir(TEST_SOURCE_DIR "/src/core");
        size_t calls = 0;

        (void)state;
        assert_non_null(dir);
        for (struct dirent *e; (e = readdir(dir)) != NULL;) {
                char path[600];

                snprintf(path, sizeof path, TEST_SOURCE_DIR "/src/core/%s", e->d_name);
                if (strstr(e->d_name, ".c") == NULL)
                        continue;
                calls += check_source(path, "return act_log(") + check_source(path, "TRY(act_log(") + check_source(path, "TRY(key_open(");
        }
        closedir(dir);
        assert_in_range(calls, 15, 1000);
        assert_false(log_type_is_known(STR("")));
        assert_false(log_type_is_known(STR("Apply")));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_window_and_pages, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_who_did_it, set_up, tear_down),
                cmocka_unit_test(test_every_type_is_in_the_table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
