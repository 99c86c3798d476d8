/* Alias, project and tags over a real store.  FREE-13 ACC-09 ACC-11 UPL-05 */
#include "account_fixture.h"

#include "base/log.h"
#include "core/label.h"
#include "store/certificate.h"
#include "store/project.h"

static res insert_tx(struct store_tx *tx, void *arg)
{
        return store_certificate_insert(tx, arg);
}

static res project_tx(struct store_tx *tx, void *arg)
{
        return store_project_insert(tx, arg);
}

/* An act of a fresh account that has one certificate. */
static struct act owner(struct fixture *f, const char *id)
{
        struct account_made made = make_account(f, id, "user");
        struct act act = f->act;
        struct certificate_row row = {.certificate_id = str_of(id),
                                      .source = STR("upload"),
                                      .domain = STR("a.maple.com"),
                                      .names = STR("a.maple.com"),
                                      .status = 7};
        struct str *texts[] = {&row.certificate_type,
                               &row.package_type,
                               &row.product_name,
                               &row.level,
                               &row.status_msg,
                               &row.alias,
                               &row.primary_domain,
                               &row.validity_months,
                               &row.verify_type,
                               &row.email,
                               &row.phone,
                               &row.key_type,
                               &row.issuer,
                               &row.profile,
                               &row.origin_certificate_id,
                               &row.renew_certificate_id,
                               &row.replaced_by,
                               &row.replaced_for};

        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
                *texts[i] = STR("");
        assert_true(res_is_ok(account_of_key(&act, str_of(made.secret_id))));
        row.account_id = act.account_id;
        assert_true(res_is_ok(store_run(f->core.store, insert_tx, &row)));
        return act;
}

static struct certificate_row row_of(struct act *act, const char *id)
{
        struct store_conn *conn = NULL;
        struct certificate_row row = {0};

        assert_true(res_is_ok(store_read(act->core->store, &conn)));
        assert_true(res_is_ok(store_certificate_get(conn, act->arena, act->account_id, str_of(id), &row)));
        return row;
}

static void test_alias(void **state)
{
        struct act act = owner(*state, "aaaaaaa1"), other = owner(*state, "aaaaaaa2");
        char *most = arena_alloc(act.arena, 402), *over = arena_alloc(act.arena, 404);

        for (int i = 0; i < 201; i++) { /* two bytes a letter: FREE-13 counts letters */
                memcpy(over + 2 * i, "\xC3\xA4", 2);
                if (i < 200)
                        memcpy(most + 2 * i, "\xC3\xA4", 2);
        }
        assert_int_equal(label_set_alias(&act, STR("aaaaaaa1"), str_of(over)).err, ERR_PARAM_VALUE);
        assert_int_equal(label_set_alias(&act, STR("aaaaaaa1"), STR("a\nb")).err, ERR_PARAM_VALUE);
        assert_int_equal(label_set_alias(&act, STR("zzzzzzzz"), STR("x")).err, ERR_CERT_NOT_FOUND);
        assert_int_equal(label_set_alias(&other, STR("aaaaaaa1"), STR("x")).err, ERR_CERT_NOT_FOUND);
        assert_true(str_equals(row_of(&act, "aaaaaaa1").alias, ""));
        assert_true(res_is_ok(label_set_alias(&act, STR("aaaaaaa1"), str_of(most))));
        assert_true(str_equals(row_of(&act, "aaaaaaa1").alias, most));
        assert_true(res_is_ok(label_set_alias(&act, STR("aaaaaaa1"), (struct str){0})));
        assert_true(str_equals(row_of(&act, "aaaaaaa1").alias, ""));
}

static void test_project(void **state)
{
        struct act act = owner(*state, "bbbbbbb1"), other = owner(*state, "bbbbbbb2");
        struct project_row project = {.account_id = act.account_id, .project_id = 5, .name = STR("five")};
        const struct str ids[] = {STR("bbbbbbb1"), STR("bbbbbbb2"), STR("zzzzzzzz")};
        struct label_moved moved = {0};

        assert_true(res_is_ok(store_run(act.core->store, project_tx, &project)));
        assert_int_equal(label_set_project(&act, (struct strs){ids, 3}, 6, &moved).err, ERR_PROJECT); /* ACC-11 */
        assert_int_equal(label_check_project(&other, 5).err, ERR_PROJECT);
        assert_true(res_is_ok(label_check_project(&act, 0)));
        assert_true(res_is_ok(label_set_project(&act, (struct strs){ids, 3}, 5, &moved)));
        assert_int_equal(moved.done.n, 1);
        assert_true(str_equals(moved.done.v[0], "bbbbbbb1"));
        assert_int_equal(moved.failed.n, 2);
        assert_int_equal(row_of(&act, "bbbbbbb1").project_id, 5);
        assert_int_equal(row_of(&other, "bbbbbbb2").project_id, 0);
}

static size_t tag_count(struct act *act, const char *id, struct label_tag *ret_first)
{
        const struct label_tag *tags = NULL;
        const struct str ids[] = {str_of(id)};
        size_t n = 0;

        assert_true(res_is_ok(label_list_tags(act, (struct strs){ids, 1}, &tags, &n)));
        if (n > 0)
                *ret_first = tags[0];
        return n;
}

static void test_tags(void **state) /* ACC-09 */
{
        struct act act = owner(*state, "ccccccc1"), other = owner(*state, "ccccccc2");
        const struct tag_pair twice[] = {{STR("a"), STR("1")}, {STR("a"), STR("2")}};
        const struct tag_pair keyless[] = {{STR(""), STR("1")}};
        const struct tag_pair good[] = {{STR("a"), STR("1")}, {STR("b"), {0}}};
        const struct tag_pair newer[] = {{STR("a"), STR("9")}};
        const struct str drop[] = {STR("b"), STR("none")};
        struct tag_pair *many = arena_array_of(act.arena, LIMIT_TAGS, struct tag_pair);
        struct label_tag first = {0};

        assert_int_equal(label_set_tags(&act, STR("ccccccc1"), &(struct label_tags){.put = twice, .put_count = 2}).err,
                         ERR_PARAM_VALUE);
        assert_int_equal(
                label_set_tags(&act, STR("ccccccc1"), &(struct label_tags){.put = keyless, .put_count = 1}).err,
                ERR_PARAM_VALUE);
        assert_int_equal(label_set_tags(&other, STR("ccccccc1"), &(struct label_tags){.put = good, .put_count = 2}).err,
                         ERR_CERT_NOT_FOUND);
        assert_int_equal(tag_count(&act, "ccccccc1", &first), 0);
        assert_true(
                res_is_ok(label_set_tags(&act, STR("ccccccc1"), &(struct label_tags){.put = good, .put_count = 2})));
        assert_int_equal(tag_count(&act, "ccccccc1", &first), 2);
        assert_int_equal(tag_count(&other, "ccccccc1", &first), 0);
        assert_true(res_is_ok(label_set_tags(&act, STR("ccccccc1"),
                                             &(struct label_tags){.put = newer, .put_count = 1, .drop = {drop, 2}})));
        assert_int_equal(tag_count(&act, "ccccccc1", &first), 1);
        assert_true(str_equals(first.value, "9"));
        for (size_t i = 0; i < LIMIT_TAGS; i++)
                many[i] = (struct tag_pair){str_of(arena_printf(act.arena, "k%zu", i)), STR("")};
        /* With the one that is there it would be one too many, and then none of them is set. */
        assert_int_equal(
                label_set_tags(&act, STR("ccccccc1"), &(struct label_tags){.put = many, .put_count = LIMIT_TAGS}).err,
                ERR_PARAM_VALUE);
        assert_int_equal(tag_count(&act, "ccccccc1", &first), 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_alias),
                cmocka_unit_test(test_project),
                cmocka_unit_test(test_tags),
        };

        log_init("test", LOG_ERROR);
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
