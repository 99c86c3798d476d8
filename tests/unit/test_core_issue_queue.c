/* Whose turn it is to be issued: an account with thousands of orders delays nobody else's by more than a round. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/core.h"
#include "core/issue_inner.h"
#include "store/job.h"
#include "store_open.h"

static struct core core;
static struct issue_queue *queue;
static int next;

static void push(int64_t account_id)
{
        struct issue_ticket ticket = {.account_id = account_id, .job_id = ++next};

        (void)snprintf(ticket.certificate_id, sizeof ticket.certificate_id, "%08d", next);
        issue_queue_push(queue, &ticket);
}

static void push_many(int64_t account_id, size_t count)
{
        for (size_t i = 0; i < count; i++)
                push(account_id);
}

static size_t count_of(const struct issue_ticket *tickets, size_t n, int64_t account_id)
{
        size_t count = 0;

        for (size_t i = 0; i < n; i++)
                count += tickets[i].account_id == account_id;
        return count;
}

static void assert_oldest_first(const struct issue_ticket *tickets, size_t n, int64_t account_id)
{
        int64_t last = 0;

        for (size_t i = 0; i < n; i++) {
                if (tickets[i].account_id != account_id)
                        continue;
                assert_true(tickets[i].job_id > last);
                last = tickets[i].job_id;
        }
}

static void test_a_short_queue_goes_as_it_came(void **state)
{
        struct issue_ticket tickets[LIMIT_ISSUE_BATCH];
        (void)state;

        assert_int_equal(issue_queue_take(queue, tickets), 0);
        push_many(1, 3);
        push(2);
        push_many(1, LIMIT_ISSUE_BATCH - 4);
        assert_int_equal(issue_queue_take(queue, tickets), LIMIT_ISSUE_BATCH);
        for (size_t i = 1; i < LIMIT_ISSUE_BATCH; i++)
                assert_true(tickets[i - 1].job_id < tickets[i].job_id);
        assert_int_equal(issue_queue_take(queue, tickets), 0);
}

static void test_one_account_does_not_starve_another(void **state)
{
        struct issue_ticket tickets[LIMIT_ISSUE_BATCH];
        size_t n = 0, of_one = 0;
        (void)state;

        push_many(1, 1000);
        push(2);
        push_many(3, 2);
        n = issue_queue_take(queue, tickets);
        assert_int_equal(n, LIMIT_ISSUE_BATCH);
        assert_int_equal(count_of(tickets, n, 2), 1);
        assert_int_equal(count_of(tickets, n, 3), 2);
        assert_oldest_first(tickets, n, 1);
        assert_oldest_first(tickets, n, 3);
        of_one = n - 3;
        /* whoever comes later waits for one round too, and none of the thousand is lost */
        push(4);
        for (int round = 0; (n = issue_queue_take(queue, tickets)) > 0; round++) {
                assert_int_equal(count_of(tickets, n, 4), round == 0);
                assert_oldest_first(tickets, n, 1);
                of_one += count_of(tickets, n, 1);
        }
        assert_int_equal(of_one, 1000);
}

static void test_many_accounts_share_alike(void **state)
{
        struct issue_ticket tickets[LIMIT_ISSUE_BATCH];
        (void)state;

        for (int64_t account = 1; account <= 4; account++)
                push_many(account, 100);
        for (int round = 0; round < 6; round++) {
                const size_t n = issue_queue_take(queue, tickets);

                assert_int_equal(n, LIMIT_ISSUE_BATCH);
                for (int64_t account = 1; account <= 4; account++)
                        assert_int_equal(count_of(tickets, n, account), LIMIT_ISSUE_BATCH / 4);
        }
        assert_int_equal(issue_queue_take(queue, tickets), 400 - 6 * LIMIT_ISSUE_BATCH);
        /* more accounts than a round holds: one each, the oldest first */
        for (int64_t account = 1; account <= 100; account++)
                push_many(account, 2);
        assert_int_equal(issue_queue_take(queue, tickets), LIMIT_ISSUE_BATCH);
        for (int64_t account = 1; account <= LIMIT_ISSUE_BATCH; account++)
                assert_int_equal(count_of(tickets, LIMIT_ISSUE_BATCH, account), 1);
        while (issue_queue_take(queue, tickets) > 0)
                continue;
}

static void test_one_account_does_not_fill_it(void **state)
{
        struct issue_ticket tickets[LIMIT_ISSUE_BATCH], twice = {.account_id = 9, .certificate_id = "doubled1"};
        size_t n = 0, of_one = 0, of_others = 0;
        (void)state;

        push_many(1, 10000); /* what finds no room comes back as a job */
        for (int64_t account = 2; account < 1002; account++)
                push(account);
        issue_queue_push(queue, &twice);
        issue_queue_push(queue, &twice);
        while ((n = issue_queue_take(queue, tickets)) > 0) {
                of_one += count_of(tickets, n, 1);
                of_others += n - count_of(tickets, n, 1);
        }
        assert_int_equal(of_others, 1001); /* the doubled one counts once */
        assert_in_range(of_one, 1000, 4096);
}

/* What has no room, or is there already, is let go with what it holds; so is what is left at the end (the leak checker looks). */
static void test_what_a_ticket_holds_has_one_owner(void **state)
{
        const struct certificate_row certificate = {.certificate_id = STR("AbCd1234"), .domain = STR("a.example.com"), .status = 11};
        const struct issued_row issued = {.issued_id = 7, .serial = {(const uint8_t *)"\1\2", 2}, .state = STR("signing")};
        struct issue_ticket tickets[LIMIT_ISSUE_BATCH], ticket = {.account_id = 1, .certificate_id = "AbCd1234", .is_begun = true};
        (void)state;

        for (int i = 0; i < 2; i++) {
                ticket.begun = issue_begun_new(&certificate, &issued);
                issue_queue_push(queue, &ticket);
        }
        assert_int_equal(issue_queue_take(queue, tickets), 1);
        assert_non_null(tickets[0].begun);
        issue_queue_push(queue, &tickets[0]); /* again, as after a failed round */
        issue_begun_free(NULL);
}

static res put_signing(struct store_tx *tx, void *arg)
{
        return store_issued_insert(tx, arg);
}

static int64_t job_due(struct place *p, const char *certificate_id)
{
        struct job_row job = {0};
        res found = store_job_get(reader(p), p->arena, STR("issue"), str_of(certificate_id), &job);

        return res_is_ok(found) ? job.due_at : -1;
}

/* What was being signed when we died has no job: it gets one; what has just come, or is issued, does not.  At a start nothing is new. */
static void test_what_no_round_ended_gets_a_job(void **state)
{
        struct place place;
        const char *const ids[] = {"OldOld11", "NewNew22", "NewNew33"};
        const int64_t created_at[] = {100, 999, 1999};

        (void)state;
        place_open_at(&place, place_parent());
        make_account(&place, 1, "100000000001");
        for (size_t i = 0; i < 3; i++) {
                struct certificate_row certificate = certificate_of(1, ids[i], "a.example.com");
                struct issued_row issued = {.account_id = 1, .certificate_id = str_of(ids[i]), .serial = bytes_of(ids[i], 8), .issuer = STR("dv-ecc"),
                                            .profile = STR("dv"), .profile_hash = bytes_of("x", 1), .crl_shard = 1, .request = bytes_of("x", 1),
                                            .der = bytes_of("", 0), .created_at = created_at[i]};

                OK(store_run(place.store, insert_certificate_fn, &certificate));
                OK(store_run(place.store, put_signing, &issued));
        }
        core.store = place.store;
        struct act act = {.core = &core, .arena = place.arena, .now_sec = 1000};

        OK(issue_sweep(&act, /* at_start= */ false));
        assert_int_equal(job_due(&place, ids[0]), 1000);
        assert_int_equal(job_due(&place, ids[1]), -1);
        act.now_sec = 2000;
        OK(issue_sweep(&act, /* at_start= */ false));
        assert_int_equal(job_due(&place, ids[0]), 1000); /* once */
        assert_int_equal(job_due(&place, ids[1]), 2000);
        assert_int_equal(job_due(&place, ids[2]), -1);
        OK(issue_sweep(&act, /* at_start= */ true));
        assert_int_equal(job_due(&place, ids[2]), 2000);
        core.store = NULL;
        place_close(&place);
}

static int set_up(void **state)
{
        (void)state;
        return res_is_ok(issue_queue_new(&core, &queue)) ? 0 : -1;
}

static int tear_down(void **state)
{
        (void)state;
        issue_queue_free(queue);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_short_queue_goes_as_it_came),
                cmocka_unit_test(test_one_account_does_not_starve_another),
                cmocka_unit_test(test_many_accounts_share_alike),
                cmocka_unit_test(test_one_account_does_not_fill_it),
                cmocka_unit_test(test_what_no_round_ended_gets_a_job),
                cmocka_unit_test(test_what_a_ticket_holds_has_one_owner), /* the last: it leaves one in the queue */
        };

        return cmocka_run_group_tests_name("core/issue_queue", tests, set_up, tear_down);
}
