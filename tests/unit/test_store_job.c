/* Jobs: leased to one node at a time, never lost, not run twice for one wish. */
#include "store_open.h"

#include "store/job.h"

static size_t claim(struct place *p, struct store_tx *tx, const char *node, int64_t now, const struct job_row **ret_rows)
{
        size_t n = 0;

        OK(store_job_claim(tx, p->arena, STR("validate"), str_of(node), now, now + 60, 2, ret_rows, &n));
        return n;
}

SCENE(test_jobs_are_leased_to_one)
{
        const struct job_row *rows = NULL, *others = NULL;
        struct job_row job;
        int64_t due = 0;

        OK(store_job_next_due(c, STR("validate"), &due));
        assert_true(due == INT64_MAX);
        OK(store_job_put(tx, STR("validate"), 1, STR("c3"), 300, 0));
        OK(store_job_put(tx, STR("validate"), 1, STR("c1"), 100, 0));
        OK(store_job_put(tx, STR("validate"), 1, STR("c2"), 200, 0));
        OK(store_job_put(tx, STR("expire"), 1, STR("c1"), 50, 0));
        OK(store_job_next_due(c, STR("validate"), &due));
        assert_int_equal(due, 100);
        assert_int_equal(claim(p, tx, "a", 99, &rows), 0);
        assert_int_equal(claim(p, tx, "a", 300, &rows), 2); /* no more than asked for, the most overdue first */
        assert_string_equal(rows[0].subject.p, "c1");
        assert_string_equal(rows[1].subject.p, "c2");
        assert_int_equal(claim(p, tx, "b", 300, &others), 1);
        assert_string_equal(others[0].subject.p, "c3");
        assert_int_equal(claim(p, tx, "b", 359, &others), 0);
        FAILS(store_job_finish(tx, rows[0].job_id, STR("b")), ERR_NOT_FOUND); /* not b's */
        OK(store_job_finish(tx, rows[0].job_id, STR("a")));
        FAILS(store_job_get(c, p->arena, STR("validate"), STR("c1"), &job), ERR_NOT_FOUND);

        OK(store_job_again(tx, rows[1].job_id, STR("a"), 500, STR("no answer")));
        OK(store_job_get(c, p->arena, STR("validate"), STR("c2"), &job));
        assert_int_equal(job.attempts, 1);
        assert_int_equal(job.due_at, 500);
        assert_string_equal(job.last_error.p, "no answer");
        FAILS(store_job_finish(tx, rows[1].job_id, STR("a")), ERR_NOT_FOUND); /* no longer a's */

        assert_int_equal(claim(p, tx, "a", 360, &others), 1); /* b's lease has ended: a takes c3 over */
        assert_string_equal(others[0].lease_node.p, "b");
        FAILS(store_job_finish(tx, others[0].job_id, STR("b")), ERR_NOT_FOUND);
}

SCENE(test_a_job_put_while_it_runs_stays)
{
        const struct job_row *rows = NULL;
        struct job_row job;

        OK(store_job_put(tx, STR("validate"), 1, STR("c1"), 100, 0));
        OK(store_job_put(tx, STR("validate"), 1, STR("c1"), 900, 0)); /* later: the earlier time stays */
        OK(store_job_get(c, p->arena, STR("validate"), STR("c1"), &job));
        assert_int_equal(job.due_at, 100);
        assert_int_equal(claim(p, tx, "a", 100, &rows), 1);
        OK(store_job_put(tx, STR("validate"), 1, STR("c1"), 101, 0));
        assert_int_equal(claim(p, tx, "b", 101, &rows), 0); /* due, but a has it */
        OK(store_job_finish(tx, job.job_id, STR("a")));
        assert_int_equal(claim(p, tx, "b", 101, &rows), 1);
        OK(store_job_put(tx, STR("validate"), 1, STR("c1"), 110, 0));
        OK(store_job_again(tx, job.job_id, STR("b"), 5000, STR("later")));
        OK(store_job_get(c, p->arena, STR("validate"), STR("c1"), &job));
        assert_int_equal(job.due_at, 110); /* the wish for an early look is kept */
        OK(store_job_drop(tx, STR("validate"), STR("c1")));
        OK(store_job_drop(tx, STR("validate"), STR("c1")));
}

SCENE(test_a_node_gives_its_leases_up)
{
        const struct job_row *rows = NULL;

        OK(store_job_put(tx, STR("validate"), 1, STR("c1"), 100, 0));
        OK(store_job_put(tx, STR("validate"), 1, STR("c2"), 100, 0));
        assert_int_equal(claim(p, tx, "a", 100, &rows), 2);
        OK(store_job_release_node(tx, STR("b")));
        assert_int_equal(claim(p, tx, "c", 101, &rows), 0);
        OK(store_job_release_node(tx, STR("a")));
        assert_int_equal(claim(p, tx, "c", 101, &rows), 2);
        FAILS(store_job_claim(tx, p->arena, STR("validate"), STR("a"), 100, 100, 1, &rows, &(size_t){0}), ERR_STORE); /* no lease at all */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_jobs_are_leased_to_one), TEST(test_a_job_put_while_it_runs_stays), TEST(test_a_node_gives_its_leases_up),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
