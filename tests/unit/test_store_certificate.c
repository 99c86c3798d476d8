/* Certificates one by one: every column comes back, accounts do not see each other, counts follow each change. */
#include "store_open.h"

#include "store/count.h"
#include "store/tag.h"

static void insert(struct place *p, struct certificate_row *row)
{
        OK(store_run(p->store, insert_certificate_fn, row));
}

static res update_fn(struct store_tx *tx, void *arg)
{
        return store_certificate_update(tx, arg);
}

static struct certificate_row full_row(void)
{
        return (struct certificate_row){
                .certificate_id = STR("AbCd1234"), .account_id = 1, .order_id = 2, .source = STR("trustasia"),
                .certificate_type = STR("SVR"), .package_type = STR("83"), .product_name = STR("Free"), .level = STR("DV"),
                .domain_type = 4, .status = 5, .status_msg = STR("waiting"), .alias = STR("我的 alias"), .project_id = 6,
                .domain = STR("a.example.com"), .names = STR("a.example.com\nb.example.com"), .primary_domain = STR("example.com"),
                .validity_months = STR("12"), .life_days = 7, .verify_type = STR("DNS"), .email = STR("a@b.example"),
                .phone = STR("123"), .key_type = STR("RSA 2048"), .key_id = 8, .key_password_set = 1, .issuer = STR("dv-rsa"),
                .profile = STR("dv"), .created_at = 9, .submitted_at = 10, .deadline_at = 11, .validated_at = 12, .issued_id = 13,
                .begin_at = 14, .end_at = 15, .revoked_at = 16, .origin_certificate_id = STR("origin00"),
                .renew_certificate_id = STR("renew000"), .replaced_by = STR("by000000"), .replaced_for = STR("for00000"),
                .ignore_notices = 1, .verified_ask_at = 17,
        };
}

#define SAME_TEXT(a, b, member) assert_true(str_equal((a)->member, (b)->member))
#define SAME_INT(a, b, member) assert_int_equal((a)->member, (b)->member)

static void assert_same(const struct certificate_row *a, const struct certificate_row *b)
{
        SAME_INT(a, b, seq); SAME_TEXT(a, b, certificate_id); SAME_INT(a, b, account_id); SAME_INT(a, b, order_id);
        SAME_TEXT(a, b, source); SAME_TEXT(a, b, certificate_type); SAME_TEXT(a, b, package_type); SAME_TEXT(a, b, product_name);
        SAME_TEXT(a, b, level); SAME_INT(a, b, domain_type); SAME_INT(a, b, status); SAME_TEXT(a, b, status_msg);
        SAME_TEXT(a, b, alias); SAME_INT(a, b, project_id); SAME_TEXT(a, b, domain); SAME_TEXT(a, b, names);
        SAME_TEXT(a, b, primary_domain); SAME_TEXT(a, b, validity_months); SAME_INT(a, b, life_days); SAME_TEXT(a, b, verify_type);
        SAME_TEXT(a, b, email); SAME_TEXT(a, b, phone); SAME_TEXT(a, b, key_type); SAME_INT(a, b, key_id);
        SAME_INT(a, b, key_password_set); SAME_TEXT(a, b, issuer); SAME_TEXT(a, b, profile); SAME_INT(a, b, created_at);
        SAME_INT(a, b, submitted_at); SAME_INT(a, b, deadline_at); SAME_INT(a, b, validated_at); SAME_INT(a, b, issued_id);
        SAME_INT(a, b, begin_at); SAME_INT(a, b, end_at); SAME_INT(a, b, revoked_at); SAME_TEXT(a, b, origin_certificate_id);
        SAME_TEXT(a, b, renew_certificate_id); SAME_TEXT(a, b, replaced_by); SAME_TEXT(a, b, replaced_for);
        SAME_INT(a, b, ignore_notices); SAME_INT(a, b, verified_ask_at); SAME_INT(a, b, deleted_at);
}

static int setup(void **state)
{
        place_setup(state);
        make_account(*state, 1, "100000000001");
        make_account(*state, 2, "100000000002");
        return 0;
}

static void test_every_column_comes_back(void **state)
{
        struct place *p = *state;
        struct certificate_row row = full_row(), got;

        insert(p, &row);
        assert_true(row.seq > 0);
        OK(store_certificate_get(reader(p), p->arena, 1, row.certificate_id, &got));
        assert_same(&row, &got);
        assert_string_equal(got.names.p, "a.example.com\nb.example.com"); /* ends in a NUL byte */
        OK(store_certificate_get_by_seq(reader(p), p->arena, 1, row.seq, &got));
        assert_same(&row, &got);
}

static void test_update_writes_what_it_says(void **state)
{
        struct place *p = *state;
        struct certificate_row row = certificate_of(1, "AbCd1234", "x.example.com"), full = full_row(), got;

        insert(p, &row);
        full.seq = 999;
        full.created_at = 999;
        full.deleted_at = 999;
        OK(store_run(p->store, update_fn, &full));
        OK(store_certificate_get(reader(p), p->arena, 1, row.certificate_id, &got));
        full.seq = row.seq; /* these three are not the update's */
        full.created_at = row.created_at;
        full.deleted_at = 0;
        assert_same(&full, &got);
        OK(store_count_check(reader(p), 1));
}

static void test_absent_text_is_empty(void **state)
{
        struct place *p = *state;
        struct certificate_row row = {.certificate_id = STR("empty000"), .account_id = 1}, got;

        insert(p, &row);
        OK(store_certificate_get(reader(p), p->arena, 1, row.certificate_id, &got));
        assert_non_null(got.alias.p);
        assert_string_equal(got.alias.p, "");
}

struct act {
        int64_t account_id;
        int what;
};

/* Everything that may be done to AbCd1234, in account_id's name. */
static res do_act(struct store_tx *tx, void *arg)
{
        const struct act *act = arg;
        struct str id = STR("AbCd1234");
        struct store_certificate_issue issue = {act->account_id, id, 0, 1, 1, 1, 1, STR("i"), STR("p")};
        struct certificate_row row = certificate_of(act->account_id, "AbCd1234", "y.example.com");

        switch (act->what) {
        case 0:
                return store_certificate_update(tx, &row);
        case 1:
                return store_certificate_set_status(tx, act->account_id, id, 0, 7, STR("x"));
        case 2:
                return store_certificate_set_validated(tx, act->account_id, id, 5);
        case 3:
                return store_certificate_set_asked(tx, act->account_id, id, 5);
        case 4:
                return store_certificate_set_alias(tx, act->account_id, id, STR("stolen"));
        case 5:
                return store_certificate_set_project(tx, act->account_id, id, 3);
        case 6:
                return store_certificate_set_issued(tx, &issue);
        default:
                return store_certificate_delete(tx, act->account_id, id, 5);
        }
}

static void test_accounts_do_not_reach_each_other(void **state)
{
        struct place *p = *state;
        struct certificate_row row = certificate_of(1, "AbCd1234", "x.example.com"), got;

        insert(p, &row);
        FAILS(store_certificate_get(reader(p), p->arena, 2, row.certificate_id, &got), ERR_NOT_FOUND);
        FAILS(store_certificate_get_by_seq(reader(p), p->arena, 2, row.seq, &got), ERR_NOT_FOUND);
        for (int what = 0; what <= 7; what++)
                FAILS(store_run(p->store, do_act, &(struct act){2, what}), ERR_NOT_FOUND);
        OK(store_certificate_get(reader(p), p->arena, 1, row.certificate_id, &got));
        assert_same(&row, &got);
}

static void test_a_deleted_one_is_gone(void **state)
{
        struct place *p = *state;
        struct certificate_row row = certificate_of(1, "AbCd1234", "x.example.com"), got;
        struct store_certificate_filter all = {.account_id = 1, .project_id = -1};
        int64_t count = -1;

        insert(p, &row);
        OK(store_run(p->store, do_act, &(struct act){1, 7}));
        for (int what = 0; what <= 7; what++)
                FAILS(store_run(p->store, do_act, &(struct act){1, what}), ERR_NOT_FOUND);
        FAILS(store_certificate_get(reader(p), p->arena, 1, row.certificate_id, &got), ERR_NOT_FOUND);
        OK(store_count_get(reader(p), &all, &count));
        assert_int_equal(count, 0);
        OK(store_count_check(reader(p), 1));
        FAILS(store_run(p->store, insert_certificate_fn, &row), ERR_STORE_CONFLICT); /* its id is not given again */
}

static void test_status_moves_only_from_what_was_seen(void **state)
{
        struct place *p = *state;
        struct certificate_row row = certificate_of(1, "AbCd1234", "x.example.com"), got;
        int64_t issued = 1, count = -1;
        struct store_certificate_filter filter = {.account_id = 1, .project_id = -1, .statuses = &issued, .status_count = 1};

        insert(p, &row);
        OK(store_run(p->store, do_act, &(struct act){1, 6}));                  /* 0 → 1 */
        FAILS(store_run(p->store, do_act, &(struct act){1, 6}), ERR_NOT_FOUND); /* not again */
        FAILS(store_run(p->store, do_act, &(struct act){1, 1}), ERR_NOT_FOUND); /* nor 0 → 7 */
        OK(store_certificate_get(reader(p), p->arena, 1, row.certificate_id, &got));
        assert_int_equal(got.status, 1);
        assert_int_equal(got.issued_id, 1);
        OK(store_count_get(reader(p), &filter, &count));
        assert_int_equal(count, 1);
        OK(store_count_check(reader(p), 1));
}

static void test_ids_are_unique_over_accounts(void **state)
{
        struct place *p = *state;
        struct certificate_row row = certificate_of(1, "AbCd1234", "x.example.com"), other = certificate_of(2, "AbCd1234", "y.example.com");

        insert(p, &row);
        FAILS(store_run(p->store, insert_certificate_fn, &other), ERR_STORE_CONFLICT);
        OK(store_count_check(reader(p), 2));
        other.certificate_id = STR("abcd1234"); /* case counts */
        insert(p, &other);
}

static void test_what_ends_next(void **state)
{
        static const struct {
                const char *id;
                int64_t account_id, status, end_at;
        } rows[] = {{"ends0300", 1, 1, 300}, {"ends0100", 2, 1, 100}, {"pending0", 1, 0, 0}, {"expired0", 1, 3, 50}, {"ends0200", 1, 1, 200}};
        struct place *p = *state;
        const struct certificate_row *got = NULL;
        size_t n = 0;

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct certificate_row row = certificate_of(rows[i].account_id, rows[i].id, "x.example.com");
                row.status = rows[i].status;
                row.end_at = rows[i].end_at;
                insert(p, &row);
        }
        OK(store_certificate_list_ending(reader(p), p->arena, 300, 10, &got, &n));
        assert_int_equal(n, 2);
        assert_string_equal(got[0].certificate_id.p, "ends0100");
        assert_string_equal(got[1].certificate_id.p, "ends0200");
        OK(store_certificate_list_ending(reader(p), p->arena, 301, 1, &got, &n));
        assert_int_equal(n, 1);
}

static void test_certificates_of_an_order(void **state)
{
        struct place *p = *state;
        struct certificate_row a = certificate_of(1, "aaaaaaaa", "a.example.com"), b = certificate_of(1, "bbbbbbbb", "b.example.com");
        const struct certificate_row *got = NULL;
        size_t n = 0;

        b.order_id = 2;
        insert(p, &a);
        insert(p, &b);
        OK(store_certificate_list_order(reader(p), p->arena, 1, 2, &got, &n));
        assert_int_equal(n, 1);
        assert_string_equal(got[0].certificate_id.p, "bbbbbbbb");
        OK(store_certificate_list_order(reader(p), p->arena, 2, 2, &got, &n));
        assert_int_equal(n, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_every_column_comes_back, setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_update_writes_what_it_says, setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_absent_text_is_empty, setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_accounts_do_not_reach_each_other, setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_a_deleted_one_is_gone, setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_status_moves_only_from_what_was_seen, setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_ids_are_unique_over_accounts, setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_what_ends_next, setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_certificates_of_an_order, setup, place_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
