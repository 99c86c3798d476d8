/*
 * Every write to the files of the database fails in turn, once, as a full disk or as an I/O error: the store says so,
 * goes on, and holds exactly what it acknowledged.  A failed sync ends the process instead.  Takes about 40 s.
 */
#include "store_open.h"
#include "store_vfs.h"

#include <stdatomic.h>
#include <sys/wait.h>

#include "store/count.h"
#include "store/instance.h"
#include "store/log.h"
#include "store/tag.h"

#define STEPS 7

static int fail_at, events, fail_code;
static enum shim_event fail_event;

static int fail_one(enum shim_event event, const char *path)
{
        (void)path;
        if (event != fail_event)
                return SQLITE_OK;
        return ++events == fail_at ? fail_code : SQLITE_OK;
}

/* One act as core does them: a certificate, a log entry, a fact. */
static res act(struct store_tx *tx, void *arg)
{
        int n = *(const int *)arg;
        char id[9];

        snprintf(id, sizeof(id), "cert%04d", n);
        struct certificate_row row = certificate_of(1, id, "a.example.com");
        struct log_row log = {.account_id = 1, .user_id = 1, .certificate_id = str_of(id), .type = STR("apply"), .action = STR("applied"), .created_at = n + 1};

        TRY(store_certificate_insert(tx, &row));
        TRY(store_log_append(tx, &log));
        return store_instance_put(tx, str_of(id), STR("there"));
}

static bool is_there(struct place *p, int n)
{
        struct certificate_row row;
        struct str value;
        char id[9];

        snprintf(id, sizeof(id), "cert%04d", n);
        bool certificate = res_is_ok(store_certificate_get(reader(p), p->arena, 1, str_of(id), &row));
        bool fact = res_is_ok(store_instance_get(reader(p), p->arena, str_of(id), &value));
        assert_int_equal(certificate, fact); /* all of an act, or nothing */
        return certificate;
}

static void open_with_shim(struct place *p, void (*on_fatal)(const char *))
{
        struct store_options options = {.path = p->path, .migrations_dir = MIGRATIONS, .vfs = "shim", .on_fatal = on_fatal};
        struct buf why;

        buf_init(&why, 1024);
        OK(store_open_with(&options, &why, &p->store));
        buf_done(&why);
}

static void check_store(struct place *p, const bool *acknowledged)
{
        struct log_verdict verdict;

        for (int n = 0; n < STEPS; n++)
                assert_int_equal(is_there(p, n), acknowledged[n]);
        OK(store_count_check(reader(p), 1));
        OK(store_log_verify(reader(p), NULL, NULL, &verdict));
        assert_int_equal(verdict.bad_seq, 0);
}

/* Returns whether the failure came at all. */
static bool run_with_failure(int at, int code)
{
        struct place p = {0};
        bool acknowledged[STEPS], failed = false;

        place_open_at(&p, place_parent());
        make_account(&p, 1, "100000000001");
        store_close(p.store);
        open_with_shim(&p, NULL);
        events = 0;
        fail_at = at;
        fail_code = code;
        fail_event = SHIM_WRITE;
        shim.on_event = fail_one;
        for (int n = 0; n < STEPS; n++) {
                res r = store_run(p.store, act, &n);
                acknowledged[n] = res_is_ok(r);
                failed |= !acknowledged[n];
                if (!acknowledged[n])
                        assert_int_equal(r.err, code == SQLITE_FULL ? ERR_STORE_FULL : ERR_STORE);
        }
        bool came = events >= at;
        shim.on_event = NULL;
        check_store(&p, acknowledged);
        assert_int_equal(failed, came);
        store_close(p.store);
        place_open_again(&p);
        check_store(&p, acknowledged);
        store_close(p.store);
        arena_free(p.arena);
        place_remove(&p);
        shim_forget();
        return came;
}

static void test_every_write_fails_in_turn(void **state)
{
        int at = 1;

        (void)state;
        while (run_with_failure(at, at % 2 ? SQLITE_IOERR_WRITE : SQLITE_FULL))
                at++;
        assert_true(at > STEPS); /* a commit is one write, and two or three where SQLite fills a sector */
}

/* -- a failed sync --------------------------------------------------------------------------------------- */

static void end_process(const char *why)
{
        (void)why;
        _exit(42);
}

/* In a child: acts until the sync fails; the parent learns how many were acknowledged by a pipe. */
static void run_until_sync_fails(struct place *p, int at, int fd)
{
        struct store_options options = {.path = p->path, .migrations_dir = MIGRATIONS, .vfs = "shim", .on_fatal = end_process};
        struct buf why;

        buf_init(&why, 1024);
        if (!res_is_ok(store_open_with(&options, &why, &p->store)))
                _exit(1);
        events = 0;
        fail_at = at;
        fail_code = SQLITE_IOERR_FSYNC;
        fail_event = SHIM_SYNC;
        shim.on_event = fail_one;
        for (uint8_t n = 0; n < STEPS; n++) {
                if (res_is_ok(store_run(p->store, act, &(int){n})) && write(fd, &n, 1) != 1)
                        _exit(3);
        }
        _exit(0);
}

static void test_a_failed_sync_ends_the_process(void **state)
{
        (void)state;
        for (int at = 1; at <= STEPS; at += 3) {
                struct place p = {0};
                int fds[2], status;
                uint8_t n;
                place_open_at(&p, "/tmp");
                make_account(&p, 1, "100000000001");
                store_close(p.store);
                assert_int_equal(pipe(fds), 0);
                pid_t child = fork();
                if (child == 0)
                        run_until_sync_fails(&p, at, fds[1]);
                close(fds[1]);
                assert_int_equal(waitpid(child, &status, 0), child);
                assert_true(WIFEXITED(status));
                assert_int_equal(WEXITSTATUS(status), 42);
                place_open_again(&p);
                while (read(fds[0], &n, 1) == 1)
                        assert_true(is_there(&p, n));
                close(fds[0]);
                store_close(p.store);
                arena_free(p.arena);
                place_remove(&p);
        }
}

/* -- a group that is lost ---------------------------------------------------------------------------------- */

#define GROUP 8

static struct {
        atomic_int runs, coming, breaks, reads_fail;
        struct store *store;
} crowd;

static int fail_reads(enum shim_event event, const char *path)
{
        (void)path;
        return event == SHIM_READ && atomic_load(&crowd.reads_fail) ? SQLITE_IOERR_READ : SQLITE_OK;
}

struct member {
        int number;
        res result;
};

/*
 * The first holds the lead until the others wait; the last breaks the transaction under all of them by a read that
 * fails, ignores it and writes on, as no function should: nothing of that may be stored.
 */
static res member_act(struct store_tx *tx, void *arg)
{
        const struct member *m = arg;
        char name[20];
        bool known = false;

        if (m->number == 0 && atomic_fetch_add(&crowd.runs, 1) == 0) {
                while (atomic_load(&crowd.coming) < GROUP - 1)
                        usleep(1000);
                usleep(1000 * 1000); /* from saying so to waiting is a step, on any machine */
        }
        if (m->number == GROUP - 1 && atomic_fetch_add(&crowd.breaks, 1) == 0) {
                atomic_store(&crowd.reads_fail, 1);
                struct tag_row tag = {1, STR("none"), STR("k"), STR("v")};
                known = res_is_ok(store_tag_put(tx, &tag));
                atomic_store(&crowd.reads_fail, 0);
                if (res_is_ok(store_instance_put(tx, STR("stray"), STR("there"))))
                        return FAIL(ERR_INTERNAL);
        }
        snprintf(name, sizeof(name), "member-%d", m->number);
        res r = store_instance_put(tx, str_of(name), STR("there"));
        return known ? FAIL(ERR_INTERNAL) : r;
}

static void *join_group(void *arg)
{
        struct member *m = arg;

        while (m->number > 0 && atomic_load(&crowd.runs) == 0)
                usleep(1000);
        if (m->number > 0)
                atomic_fetch_add(&crowd.coming, 1);
        m->result = store_run(crowd.store, member_act, m);
        return NULL;
}

static void test_a_lost_group_runs_again(void **state)
{
        struct place p = {0};
        struct member members[GROUP];
        pthread_t threads[GROUP];
        struct store_figures figures;
        struct str value;

        (void)state;
        place_open_at(&p, "/tmp");
        make_account(&p, 1, "100000000001");
        store_close(p.store);
        open_with_shim(&p, NULL); /* nothing is cached: the first touch of a table reads */
        shim.on_event = fail_reads;
        crowd.store = p.store;
        for (int i = 0; i < GROUP; i++) {
                members[i] = (struct member){.number = i};
                assert_int_equal(pthread_create(&threads[i], NULL, join_group, &members[i]), 0);
        }
        for (int i = 0; i < GROUP; i++)
                pthread_join(threads[i], NULL);
        shim.on_event = NULL;
        store_get_figures(p.store, &figures);
        assert_true(figures.lost_groups >= 1);
        for (int i = 0; i < GROUP; i++) {
                char name[20];
                snprintf(name, sizeof(name), "member-%d", i);
                OK(members[i].result); /* the breaker too, in its second run */
                OK(store_instance_get(reader(&p), p.arena, str_of(name), &value));
        }
        FAILS(store_instance_get(reader(&p), p.arena, STR("stray"), &value), ERR_NOT_FOUND);
        assert_true(atomic_load(&crowd.runs) >= 2); /* the first had run before it was lost */
        store_close(p.store);
        arena_free(p.arena);
        place_remove(&p);
        shim_forget();
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_write_fails_in_turn),
                cmocka_unit_test(test_a_failed_sync_ends_the_process),
                cmocka_unit_test(test_a_lost_group_runs_again),
        };

        shim_register();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
