/* The chain of the log: every kind of change to a stored log is found, and named by its row. */
#include "store_open.h"

#include <sqlite3.h>

#include "store/log.h"

#define ROWS 25000 /* more than two pages of the walk */

static res append_many(struct store_tx *tx, void *arg)
{
        char action[40], id[9];

        (void)arg;
        for (int i = 1; i <= ROWS; i++) {
                snprintf(action, sizeof(action), "act number %d", i);
                snprintf(id, sizeof(id), "c%07d", i % 10);
                struct log_row row = {.account_id = i % 2 + 1, .user_id = 5, .certificate_id = str_of(id), .type = STR("apply"),
                                      .action = str_of(action), .created_at = 1000 + i};
                TRY(store_log_append(tx, &row));
                ENSURE(row.seq == i, ERR_STORE);
        }
        return RES_OK;
}

static struct log_verdict verify(struct place *p)
{
        struct log_verdict verdict = {-1, -1};

        OK(store_log_verify(reader(p), NULL, NULL, &verdict));
        return verdict;
}

static void tamper(struct place *p, const char *sql)
{
        sqlite3 *db = NULL;

        assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
}

static void test_an_empty_log_holds(void **state)
{
        struct log_verdict verdict = verify(*state);

        assert_int_equal(verdict.checked, 0);
        assert_int_equal(verdict.bad_seq, 0);
}

/* Each is undone after it was found, so that the next one is alone. */
static void test_every_change_is_named(void **state)
{
        static const struct {
                const char *change, *undo;
                int64_t bad_seq;
        } cases[] = {
                {"UPDATE log SET action = 'act number 13x' WHERE seq = 13", "UPDATE log SET action = 'act number 13' WHERE seq = 13", 13},
                {"UPDATE log SET account_id = 7 WHERE seq = 1", "UPDATE log SET account_id = 2 WHERE seq = 1", 1},
                {"UPDATE log SET user_id = 6 WHERE seq = 24999", "UPDATE log SET user_id = 5 WHERE seq = 24999", 24999},
                {"UPDATE log SET created_at = created_at + 1 WHERE seq = 10000", "UPDATE log SET created_at = created_at - 1 WHERE seq = 10000", 10000},
                {"UPDATE log SET certificate_id = 'c0000002' WHERE seq = 10001", "UPDATE log SET certificate_id = 'c0000001' WHERE seq = 10001", 10001},
                /* text moved from one column to the next: the lengths are in the hash */
                {"UPDATE log SET type = 'applyact', action = ' number 9' WHERE seq = 9", "UPDATE log SET type = 'apply', action = 'act number 9' WHERE seq = 9", 9},
                {"UPDATE log SET seq = 99999 WHERE seq = 25000", "UPDATE log SET seq = 25000 WHERE seq = 99999", 25000},
                {"UPDATE log SET seq = 0 WHERE seq = 7", "UPDATE log SET seq = 7 WHERE seq = 0", 1},
                {"UPDATE log SET hash = X'00' WHERE seq = 20000", NULL, 20000},
        };
        struct place *p = *state;

        OK(store_run(p->store, append_many, NULL));
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                assert_int_equal(verify(p).bad_seq, 0);
                assert_int_equal(verify(p).checked, ROWS);
                tamper(p, cases[i].change);
                assert_int_equal(verify(p).bad_seq, cases[i].bad_seq);
                assert_int_equal(verify(p).checked, cases[i].bad_seq - 1);
                if (cases[i].undo)
                        tamper(p, cases[i].undo);
        }
}

static void test_a_removed_row_is_named(void **state)
{
        struct place *p = *state;

        OK(store_run(p->store, append_many, NULL));
        tamper(p, "DELETE FROM log WHERE seq = 500");
        assert_int_equal(verify(p).bad_seq, 500);
}

static void count_progress(void *arg, int64_t checked, int64_t total)
{
        assert_true(checked <= total);
        *(int64_t *)arg = checked;
}

static void test_progress_reaches_the_end(void **state)
{
        struct place *p = *state;
        struct log_verdict verdict;
        int64_t seen = 0;

        OK(store_run(p->store, append_many, NULL));
        OK(store_log_verify(reader(p), count_progress, &seen, &verdict));
        assert_int_equal(seen, ROWS);
}

/* A row of a transaction that fails is not in the chain, and the next one follows on the last that is. */
static res append_and_fail(struct store_tx *tx, void *arg)
{
        TRY(append_many(tx, arg));
        return FAIL(ERR_QUOTA);
}

static res append_one(struct store_tx *tx, void *arg)
{
        return store_log_append(tx, arg);
}

static void test_the_chain_follows_the_transaction(void **state)
{
        struct place *p = *state;
        struct log_row row = {.account_id = 1, .user_id = 1, .certificate_id = STR(""), .type = STR("x"), .action = STR("y"), .created_at = 5};

        FAILS(store_run(p->store, append_and_fail, NULL), ERR_QUOTA);
        OK(store_run(p->store, append_one, &row));
        assert_int_equal(row.seq, 1);
        assert_int_equal(verify(p).checked, 1);
        assert_int_equal(verify(p).bad_seq, 0);
}

static void test_lists_are_the_accounts_own(void **state)
{
        struct place *p = *state;
        const struct log_row *rows = NULL;
        size_t n = 0;
        int64_t count = 0;

        OK(store_run(p->store, append_many, NULL));
        const struct store_log_filter filter = {1, 1010, 1020, STR(""), 1, 3};

        OK(store_log_list(reader(p), p->arena, &filter, &rows, &n)); /* 1010, 1012 … 1018 are account 1's */
        assert_int_equal(n, 3);
        assert_int_equal(rows[0].created_at, 1016);
        assert_string_equal(rows[0].action.p, "act number 16");
        assert_int_equal(rows[0].hash.n, 32);
        OK(store_log_count(reader(p), &filter, &count));
        assert_int_equal(count, 5);
        const struct store_log_filter none = {1, 1010, 1020, STR("none of this type"), 0, 3};

        OK(store_log_list(reader(p), p->arena, &none, &rows, &n));
        OK(store_log_count(reader(p), &none, &count));
        assert_int_equal(n, 0);
        assert_int_equal(count, 0);
        OK(store_log_count_all(reader(p), 2, &count));
        assert_int_equal(count, ROWS / 2);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_an_empty_log_holds, place_setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_every_change_is_named, place_setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_a_removed_row_is_named, place_setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_progress_reaches_the_end, place_setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_the_chain_follows_the_transaction, place_setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_lists_are_the_accounts_own, place_setup, place_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
