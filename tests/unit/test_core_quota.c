/* Free allowance over a real store: rules QTA-01..20, CON-02, SIL-01, SIL-13, SIL-14, SIL-43, SIL-45. */
#include "quota_fixture.h"

static const char *const homes[] = {"h1.com", "h2.com", "h3.com", NULL};

static void test_limits_by_kind(void **state)
{
        static const struct {
                const char *rule, *identity, *level;
                int foreign, home; /* how many the account can have of each */
        } cases[] = {
                {"QTA-08 QTA-09 CON-02", "individual", "standard", 20, 30},
                {"QTA-08 QTA-09", "individual", "v1", 20, 30},
                {"QTA-10", "individual", "v2", 50, 0},
                {"QTA-11 QTA-12", "enterprise", "standard", 10, 0},
                {"QTA-11", "enterprise", "v2", 10, 0},
        };
        struct fixture *f = *state;

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                const char *own[3] = {0};
                char names[2][32];
                for (int k = 0; k < 2; k++) {
                        (void)snprintf(names[k], sizeof names[k], "own%zu-%d.com", i, k);
                        own[k] = names[k];
                }
                int64_t account = new_account(f, cases[i].identity, cases[i].level, false, 0, own);
                if (take_many(f, account, cases[i].foreign) != ERR_NONE)
                        fail_msg("%s: fewer than %d foreign ones", cases[i].rule, cases[i].foreign);
                if (take_many(f, account, 1) != ERR_QUOTA) /* QTA-18, SIL-45 */
                        fail_msg("%s: more than %d foreign ones", cases[i].rule, cases[i].foreign);
                for (int k = 0; k < cases[i].home; k++)
                        if (take(f, account, own[k % 2], 1) != ERR_NONE)
                                fail_msg("%s: fewer than %d home ones", cases[i].rule, cases[i].home);
                if (take(f, account, own[0], 1) != ERR_QUOTA)
                        fail_msg("%s: more than %d home ones", cases[i].rule, cases[i].home);
                assert_used(f, account, NOW, cases[i].home, cases[i].foreign, 0); /* QTA-19 */
        }
}

static void test_home_first(void **state) /* QTA-17 */
{
        struct fixture *f = *state;
        int64_t account = new_account(f, "individual", "standard", false, 0, homes);

        assert_int_equal(take(f, account, "h1.com", 20), ERR_NONE);
        assert_int_equal(take(f, account, "h2.com", 10), ERR_NONE);
        assert_used(f, account, NOW, 30, 0, 0);
        assert_int_equal(take(f, account, "h2.com", 1), ERR_NONE); /* QTA-16: a slot for any name, home or registered elsewhere */
        assert_used(f, account, NOW, 30, 1, 0);
        assert_int_equal(take_many(f, account, 1), ERR_NONE);
        assert_int_equal(take(f, account, "h3.com", 18), ERR_NONE);
        assert_used(f, account, NOW, 30, 20, 0);
        assert_int_equal(take(f, account, "h3.com", 1), ERR_QUOTA);
}

static void test_home_is_the_accounts_own(void **state) /* QTA-15 */
{
        struct fixture *f = *state;
        int64_t other = new_account(f, "individual", "standard", false, 0, NULL);

        assert_int_equal(take(f, other, "h3-other.com", 1), ERR_NONE);
        assert_used(f, other, NOW, 0, 1, 0);
}

static void test_packages_last(void **state) /* QTA-07, SIL-02 */
{
        struct fixture *f = *state;
        int64_t account = new_account(f, "enterprise", "standard", false, 2, NULL);

        assert_int_equal(take_many(f, account, 10), ERR_NONE);
        assert_used(f, account, NOW, 0, 10, 0);
        assert_int_equal(take_many(f, account, 2), ERR_NONE);
        assert_used(f, account, NOW, 0, 10, 2);
        assert_int_equal(take_many(f, account, 1), ERR_QUOTA);
}

struct external_arg {
        const char *domain;
        int64_t amount;
};

static res external_in_tx(struct store_tx *tx, void *arg)
{
        struct external_arg *a = arg;

        return store_external_count_put(tx, str_of(a->domain), a->amount);
}

static void test_primary_domain(void **state) /* QTA-02..04, SIL-43 */
{
        struct fixture *f = *state;
        struct external_arg external = {"elsewhere.com", 18};
        int64_t a = new_account(f, "individual", "v2", false, 0, NULL);
        int64_t b = new_account(f, "individual", "v2", false, 0, NULL);

        assert_int_equal(take(f, a, "shared.com", 12), ERR_NONE);
        assert_int_equal(take(f, b, "shared.com", 8), ERR_NONE);
        assert_int_equal(take(f, a, "shared.com", 1), ERR_QUOTA_DOMAIN);
        assert_int_equal(take(f, b, "shared.com", 1), ERR_QUOTA_DOMAIN);
        assert_used(f, b, NOW, 0, 8, 0); /* the refused one took nothing */
        assert_int_equal(take(f, b, "shared.net", 1), ERR_NONE);
        assert_int_equal(store_run(f->core.store, external_in_tx, &external).err, ERR_NONE);
        assert_int_equal(take(f, a, "elsewhere.com", 2), ERR_NONE);
        assert_int_equal(take(f, a, "elsewhere.com", 1), ERR_QUOTA_DOMAIN);
}

static void test_giving_back(void **state)
{
        struct fixture *f = *state;
        int64_t account = new_account(f, "individual", "v2", false, 0, NULL);
        char id[16], last[16];

        assert_int_equal(take(f, account, "back.com", 19), ERR_NONE);
        assert_int_equal(step(f, account, NOW, RESERVE, new_id(f, last), "back.com", 0), ERR_NONE);
        assert_int_equal(take(f, account, "back.com", 1), ERR_QUOTA_DOMAIN);
        /* SIL-13, SIL-14: before issue everything comes back. */
        assert_int_equal(step(f, account, NOW, RELEASE, last, "", 0), ERR_NONE);
        assert_used(f, account, NOW, 0, 19, 0);
        assert_int_equal(step(f, account, NOW, RESERVE, new_id(f, id), "back.com", 0), ERR_NONE);
        /* QTA-05, QTA-06: revoked, the account's slot comes back, the domain's does not. */
        assert_int_equal(step(f, account, NOW, HOLD, id, "", NOW + YEAR), ERR_NONE);
        assert_int_equal(step(f, account, NOW, RETURN_ACCOUNT, id, "", 0), ERR_NONE);
        assert_used(f, account, NOW, 0, 19, 0);
        assert_int_equal(take(f, account, "back.com", 1), ERR_QUOTA_DOMAIN);
        /* QTA-06: deleting releases nothing more; again is the same. */
        assert_int_equal(step(f, account, NOW, RELEASE, id, "", 0), ERR_NONE);
        assert_int_equal(step(f, account, NOW, RETURN_ACCOUNT, id, "", 0), ERR_NONE);
        assert_int_equal(take(f, account, "back.com", 1), ERR_QUOTA_DOMAIN);
        /* QTA-06: expiry gives it back, also before anybody has tidied it away. */
        assert_int_equal(step(f, account, NOW + YEAR - 1, RESERVE, "early", "back.com", 0), ERR_QUOTA_DOMAIN);
        assert_int_equal(step(f, account, NOW + YEAR, RESERVE, "late", "back.com", 0), ERR_NONE);
        assert_int_equal(step(f, account, NOW + YEAR, RELEASE, "late", "", 0), ERR_NONE);
        assert_int_equal(step(f, account, NOW + YEAR, RETURN_ALL, id, "", 0), ERR_NONE);
        assert_int_equal(take(f, account, "back.com", 1), ERR_NONE);
}

static void test_expiry_gives_the_account_back(void **state) /* QTA-05 */
{
        struct fixture *f = *state;
        int64_t account = new_account(f, "enterprise", "standard", false, 0, NULL);
        char id[16];

        assert_int_equal(take_many(f, account, 9), ERR_NONE);
        assert_int_equal(step(f, account, NOW, RESERVE, new_id(f, id), "x.com", 0), ERR_NONE);
        assert_int_equal(step(f, account, NOW, HOLD, id, "", NOW + 100), ERR_NONE);
        assert_int_equal(take_many(f, account, 1), ERR_QUOTA);
        assert_used(f, account, NOW + 99, 0, 10, 0);
        assert_used(f, account, NOW + 100, 0, 9, 0);
        assert_int_equal(step(f, account, NOW + 100, RETURN_ALL, id, "", 0), ERR_NONE);
        assert_int_equal(take_many(f, account, 1), ERR_NONE);
}

static void test_slots_tell_when_they_return(void **state) /* QTA-05 */
{
        struct fixture *f = *state;
        int64_t account = new_account(f, "enterprise", "standard", false, 0, NULL);
        struct quota_state seen;
        struct act act;

        assert_int_equal(step(f, account, NOW, RESERVE, "pending1", "p.com", 0), ERR_NONE);
        assert_int_equal(step(f, account, NOW, RESERVE, "issued01", "i.com", 0), ERR_NONE);
        assert_int_equal(step(f, account, NOW, HOLD, "issued01", "", NOW + 5), ERR_NONE);
        act_open(f, &act, account, NOW);
        assert_int_equal(quota_describe(&act, STR(""), &seen).err, ERR_NONE);
        assert_int_equal(seen.slot_count, 2);
        assert_int_equal(seen.domain_limit, 20);
        for (size_t i = 0; i < 2; i++) {
                bool issued = str_equals(seen.slots[i].certificate_id, "issued01");
                assert_true(str_equals(seen.slots[i].domain, issued ? "i.com" : "p.com"));
                assert_int_equal(seen.slots[i].returns_at, issued ? NOW + 5 : 0);
        }
        arena_free(act.arena);
}

static res insert_in_tx(struct store_tx *tx, void *arg)
{
        return store_quota_insert(tx, arg);
}

static int64_t any_limit(struct fixture *f, int64_t account_id)
{
        struct quota_state seen;
        struct act act;

        act_open(f, &act, account_id, NOW);
        assert_int_equal(quota_describe(&act, STR(""), &seen).err, ERR_NONE);
        arena_free(act.arena);
        return seen.any_limit;
}

static void test_older_enterprise(void **state) /* QTA-13, SIL-01 */
{
        struct fixture *f = *state;
        int64_t account = new_account(f, "enterprise", "standard", true, 0, NULL);
        int64_t fresh = new_account(f, "enterprise", "standard", true, 0, NULL);
        int64_t person = new_account(f, "individual", "v2", true, 0, NULL);
        char first[16];

        /* Without a valid one at the moment of asking there is nothing older about it. */
        assert_int_equal(any_limit(f, fresh), 10);
        assert_int_equal(take_many(f, fresh, 10), ERR_NONE);
        assert_int_equal(take_many(f, fresh, 1), ERR_QUOTA);
        assert_false(is_older(f, fresh));
        assert_int_equal(take_many(f, person, 50), ERR_NONE);
        /* It holds one from before: inserted the way it was before that day. */
        struct quota_use_row row = {.certificate_id = str_of(new_id(f, first)),
                                    .account_id = account,
                                    .counter = STR("any"),
                                    .primary_domain = STR("older.com"),
                                    .returns_at = NOW + 1000,
                                    .created_at = NOW - 1000};
        assert_int_equal(store_run(f->core.store, insert_in_tx, &row).err, ERR_NONE);
        assert_int_equal(any_limit(f, account), 20);
        assert_int_equal(take_many(f, account, 19), ERR_NONE);
        assert_int_equal(take_many(f, account, 1), ERR_QUOTA);
        assert_true(is_older(f, account));
        /* Its last valid one ends: 10 from the first moment on, and for good. */
        assert_int_equal(step(f, account, NOW, RETURN_ACCOUNT, first, "", 0), ERR_NONE);
        assert_false(is_older(f, account));
        assert_int_equal(take_many(f, account, 1), ERR_QUOTA);
}

static void test_level_change_never_gives_more_than_the_sum(void **state) /* QTA-08, QTA-10 */
{
        struct fixture *f = *state;
        static const char *const own[] = {"lc1.com", "lc2.com", "lc3.com", NULL};
        int64_t up = new_account(f, "individual", "standard", false, 0, own);
        int64_t down = new_account(f, "individual", "v2", false, 0, own);

        assert_int_equal(take(f, up, "lc1.com", 20), ERR_NONE);
        assert_int_equal(take(f, up, "lc2.com", 10), ERR_NONE);
        set_level(f, up, "v2");
        assert_int_equal(take_many(f, up, 20), ERR_NONE);
        assert_int_equal(take_many(f, up, 1), ERR_QUOTA);
        assert_int_equal(take_many(f, down, 50), ERR_NONE);
        set_level(f, down, "v1");
        assert_int_equal(take(f, down, "lc3.com", 1), ERR_QUOTA);
        assert_int_equal(take_many(f, down, 1), ERR_QUOTA);
}

static void test_certificates_without_a_slot(void **state) /* QTA-20 */
{
        struct fixture *f = *state;
        int64_t account = new_account(f, "individual", "standard", false, 0, NULL);
        int64_t other = new_account(f, "individual", "standard", false, 0, NULL);

        for (enum step s = HOLD; s <= RETURN_ALL; s++)
                assert_int_equal(step(f, account, NOW, s, "nothing1", "", NOW), ERR_NONE);
        /* Somebody else's is as good as none. */
        assert_int_equal(step(f, account, NOW, RESERVE, "mine0001", "m.com", 0), ERR_NONE);
        for (enum step s = HOLD; s <= RETURN_ALL; s++)
                assert_int_equal(step(f, other, NOW, s, "mine0001", "", NOW), ERR_NONE);
        assert_used(f, account, NOW, 0, 1, 0);
}

static void test_one_slot_a_certificate(void **state)
{
        struct fixture *f = *state;
        int64_t account = new_account(f, "individual", "standard", false, 0, NULL);

        assert_int_equal(step(f, account, NOW, RESERVE, "once0001", "o.com", 0), ERR_NONE);
        assert_int_equal(step(f, account, NOW, RESERVE, "once0001", "o.com", 0), ERR_STORE_CONFLICT);
        assert_used(f, account, NOW, 0, 1, 0);
}

static void test_unknown_kind(void **state)
{
        struct fixture *f = *state;
        int64_t account = new_account(f, "robot", "standard", false, 0, NULL);

        assert_int_equal(take(f, account, "r.com", 1), ERR_QUOTA);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_limits_by_kind),
                cmocka_unit_test(test_home_first),
                cmocka_unit_test(test_home_is_the_accounts_own),
                cmocka_unit_test(test_packages_last),
                cmocka_unit_test(test_primary_domain),
                cmocka_unit_test(test_giving_back),
                cmocka_unit_test(test_expiry_gives_the_account_back),
                cmocka_unit_test(test_slots_tell_when_they_return),
                cmocka_unit_test(test_older_enterprise),
                cmocka_unit_test(test_level_change_never_gives_more_than_the_sum),
                cmocka_unit_test(test_certificates_without_a_slot),
                cmocka_unit_test(test_one_slot_a_certificate),
                cmocka_unit_test(test_unknown_kind),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
