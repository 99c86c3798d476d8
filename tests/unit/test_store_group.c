/* Group commit: threads, savepoints, lost transactions, a full disk, kill -9. */
#include "store_open.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store/instance.h"
#include "store/notice.h"

#define THREADS 16
#define EACH 200

struct writer {
        struct place *p;
        int number;
        int fails_every; /* 0 = never */
        int conflicts;
        int64_t first_bad;
};

struct notice_arg {
        int64_t account_id, made_at;
        const char *text;
        bool fails;
};

static res insert_notice(struct store_tx *tx, void *arg)
{
        const struct notice_arg *in = arg;
        struct notice_row row = {.account_id = in->account_id, .certificate_id = STR(""), .kind = STR("test"),
                                 .text = str_of(in->text), .created_at = in->made_at};

        TRY(store_notice_insert(tx, &row));
        return in->fails ? FAIL(ERR_QUOTA) : RES_OK; /* after the write: it has to be undone */
}

static int64_t unread(struct place *p, int64_t account_id)
{
        int64_t n = -1;

        OK(store_notice_count_unread(reader(p), account_id, &n));
        return n;
}

static void *write_notices(void *arg)
{
        struct writer *w = arg;

        for (int i = 0; i < EACH; i++) {
                struct notice_arg in = {1, i + 1, "hello", w->fails_every && i % w->fails_every == 0};
                res r = store_run(w->p->store, insert_notice, &in);
                if (r.err != (in.fails ? ERR_QUOTA : ERR_NONE))
                        w->first_bad = i + 1;
        }
        return NULL;
}

static void run_writers(struct place *p, int fails_every)
{
        struct writer writers[THREADS];
        pthread_t threads[THREADS];

        for (int i = 0; i < THREADS; i++) {
                writers[i] = (struct writer){.p = p, .number = i, .fails_every = fails_every};
                assert_int_equal(pthread_create(&threads[i], NULL, write_notices, &writers[i]), 0);
        }
        for (int i = 0; i < THREADS; i++) {
                pthread_join(threads[i], NULL);
                assert_int_equal(writers[i].first_bad, 0);
        }
}

static void test_many_writers_share_commits(void **state)
{
        struct place *p = *state;
        struct store_figures figures;

        make_account(p, 1, "100000000001");
        run_writers(p, 0);
        assert_int_equal(unread(p, 1), THREADS * EACH);
        store_get_figures(p->store, &figures);
        assert_int_equal(figures.functions, THREADS * EACH + 1);
        assert_true(figures.groups < figures.functions); /* they did share */
}

static void test_a_failure_undoes_only_itself(void **state)
{
        struct place *p = *state;

        make_account(p, 1, "100000000001");
        run_writers(p, 4);
        assert_int_equal(unread(p, 1), THREADS * EACH * 3 / 4);
}

/* -- several at once ------------------------------------------------------------------------------- */

#define MANY 300

struct many {
        struct notice_arg in[MANY];
        struct store_work works[MANY];
};

static void many_fill(struct many *many, int fails_every)
{
        for (int i = 0; i < MANY; i++) {
                many->in[i] = (struct notice_arg){1, i + 1, "hello", fails_every && i % fails_every == 0};
                many->works[i] = (struct store_work){.fn = insert_notice, .arg = &many->in[i], .result = {ERR_INTERNAL}};
        }
}

static void many_check(const struct many *many)
{
        for (int i = 0; i < MANY; i++)
                assert_int_equal(many->works[i].result.err, many->in[i].fails ? ERR_QUOTA : ERR_NONE);
}

static void test_many_at_once_share_a_commit(void **state)
{
        struct place *p = *state;
        struct store_figures before, after;
        struct many many;

        make_account(p, 1, "100000000001");
        store_get_figures(p->store, &before);
        many_fill(&many, 4);
        store_run_many(p->store, many.works, MANY);
        many_check(&many);
        assert_int_equal(unread(p, 1), MANY * 3 / 4);
        store_get_figures(p->store, &after);
        assert_int_equal(after.functions - before.functions, MANY);
        assert_int_equal(after.groups - before.groups, 2); /* what GROUP_MAX holds, and the rest */
        store_run_many(p->store, NULL, 0);
}

static void *write_many(void *arg)
{
        struct writer *w = arg;
        struct many many;

        for (int i = 0; i < 3; i++) {
                many_fill(&many, w->fails_every);
                store_run_many(w->p->store, many.works, MANY);
                for (int k = 0; k < MANY; k++)
                        if (many.works[k].result.err != (many.in[k].fails ? ERR_QUOTA : ERR_NONE))
                                w->first_bad = k + 1;
        }
        return NULL;
}

/* Beside others who write one by one, and others who write many. */
static void test_many_beside_others(void **state)
{
        struct place *p = *state;
        struct writer writers[8];
        pthread_t threads[8];

        make_account(p, 1, "100000000001");
        for (int i = 0; i < 8; i++) {
                writers[i] = (struct writer){.p = p, .number = i, .fails_every = i % 2 ? 4 : 0};
                assert_int_equal(pthread_create(&threads[i], NULL, i < 4 ? write_many : write_notices, &writers[i]), 0);
        }
        for (int i = 0; i < 8; i++) {
                pthread_join(threads[i], NULL);
                assert_int_equal(writers[i].first_bad, 0);
        }
        assert_int_equal(unread(p, 1), 2 * (3 * MANY + EACH) + 2 * (3 * MANY + EACH) * 3 / 4);
}

static void test_conflict_is_told(void **state)
{
        struct place *p = *state;
        struct account_row same_id = account_of(1, "100000000002"), same_uin = account_of(2, "100000000001");
        struct notice_arg in = {77, 1, "no such account", false};

        make_account(p, 1, "100000000001");
        FAILS(store_run(p->store, insert_account_fn, &same_id), ERR_STORE_CONFLICT);
        FAILS(store_run(p->store, insert_account_fn, &same_uin), ERR_STORE_CONFLICT);
        FAILS(store_run(p->store, insert_notice, &in), ERR_STORE); /* no foreign row */
        assert_int_equal(unread(p, 77), 0);
}

/* Ids rise and are not given twice, also across a rollback and a restart. */
struct id_arg {
        bool fails;
        int64_t id;
};

static res take_id(struct store_tx *tx, void *arg)
{
        struct id_arg *in = arg;
        struct account_row row = account_of(0, in->fails ? "1" : "2");

        TRY(store_account_insert(tx, &row));
        in->id = row.account_id;
        return in->fails ? FAIL(ERR_QUOTA) : RES_OK;
}

static void test_ids_rise(void **state)
{
        struct place *p = *state;
        struct id_arg first = {true, 0}, second = {false, 0};

        FAILS(store_run(p->store, take_id, &first), ERR_QUOTA);
        OK(store_run(p->store, take_id, &second));
        assert_true(second.id > first.id && first.id > 0);
        store_close(p->store);
        place_open_again(p);
        make_account(p, 0, "3");
        struct account_row row;
        OK(store_account_get_by_uin(reader(p), p->arena, STR("3"), &row));
        assert_true(row.account_id > second.id);
}

static void test_a_snapshot_is_one_moment(void **state)
{
        struct place *p = *state;
        struct notice_arg in = {1, 1, "hello", false};

        make_account(p, 1, "100000000001");
        OK(store_snapshot_begin(reader(p)));
        assert_int_equal(unread(p, 1), 0);
        OK(store_run(p->store, insert_notice, &in));
        OK(store_snapshot_begin(reader(p))); /* nested */
        assert_int_equal(unread(p, 1), 0);
        store_snapshot_end(reader(p));
        assert_int_equal(unread(p, 1), 0);
        store_snapshot_end(reader(p));
        assert_int_equal(unread(p, 1), 1);
}

static res put_big(struct store_tx *tx, void *arg)
{
        static char text[64 * 1024];
        char name[32];

        memset(text, 'x', sizeof(text));
        snprintf(name, sizeof(name), "big-%d", *(int *)arg);
        return store_instance_put(tx, str_of(name), (struct str){text, sizeof(text)});
}

/* Writers that never pause do not keep the log from starting over. */
static void *write_without_pause(void *arg)
{
        struct writer *w = arg;

        for (int i = 0; i < 400; i++) {
                int number = w->number * 1000 + i % 40;
                if (!res_is_ok(store_run(w->p->store, put_big, &number)))
                        w->first_bad = i + 1;
        }
        return NULL;
}

static void test_the_log_starts_over_under_load(void **state)
{
        struct place *p = *state;
        struct store_figures figures;
        struct writer writers[8];
        pthread_t threads[8];
        struct stat st;
        char wal[200];

        for (int i = 0; i < 8; i++) {
                writers[i] = (struct writer){.p = p, .number = i};
                assert_int_equal(pthread_create(&threads[i], NULL, write_without_pause, &writers[i]), 0);
        }
        for (int i = 0; i < 8; i++) {
                pthread_join(threads[i], NULL);
                assert_int_equal(writers[i].first_bad, 0);
        }
        store_get_figures(p->store, &figures);
        assert_true(figures.checkpoints > 0);
        snprintf(wal, sizeof(wal), "%s-wal", p->path);
        assert_int_equal(stat(wal, &st), 0);
        assert_true(st.st_size < 160 * 1024 * 1024); /* 200 MB were written; a log starts over past 64 */
}

/* -- a full disk ---------------------------------------------------------------------------------- */

/* A small file system of our own, in a mount namespace that ends with this process. */
static char small_disk[32];

static void write_text(const char *path, const char *text)
{
        FILE *f = fopen(path, "w");

        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
}

static void enter_namespace(void)
{
        char map[64];
        unsigned uid = getuid(), gid = getgid();

        if (uid == 0) {
                assert_int_equal(unshare(CLONE_NEWNS), 0);
                return;
        }
        assert_int_equal(unshare(CLONE_NEWUSER | CLONE_NEWNS), 0);
        write_text("/proc/self/setgroups", "deny");
        snprintf(map, sizeof(map), "0 %u 1", uid);
        write_text("/proc/self/uid_map", map);
        snprintf(map, sizeof(map), "0 %u 1", gid);
        write_text("/proc/self/gid_map", map);
}

static int make_small_disk(void **state)
{
        (void)state;
        enter_namespace();
        assert_int_equal(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
        snprintf(small_disk, sizeof(small_disk), "/tmp/store-small-XXXXXX");
        assert_non_null(mkdtemp(small_disk));
        assert_int_equal(mount("none", small_disk, "tmpfs", 0, "size=8m"), 0);
        return 0;
}

static int remove_small_disk(void **state)
{
        (void)state;
        umount(small_disk);
        rmdir(small_disk);
        return 0;
}

static void fill_disk(const char *path, size_t leave_bytes)
{
        static const char block[4096];
        FILE *f = fopen(path, "w");
        long size;

        assert_non_null(f);
        setbuf(f, NULL);
        while (fwrite(block, 1, sizeof(block), f) == sizeof(block))
                ;
        size = ftell(f);
        assert_true(size > (long)leave_bytes);
        assert_int_equal(ftruncate(fileno(f), size - (long)leave_bytes), 0);
        (void)fclose(f);
}

static void big_name(char name[32], int number)
{
        snprintf(name, 32, "big-%d", number);
}

static res get_big(struct place *p, int number)
{
        struct str value;
        char name[32];

        big_name(name, number);
        return store_instance_get(reader(p), p->arena, str_of(name), &value);
}

static void test_full_disk_refuses_and_recovers(void **state)
{
        struct place p = {0};
        char filler[100];
        int stored = 0;
        res r = RES_OK;

        (void)state;
        place_open_at(&p, small_disk);
        snprintf(filler, sizeof(filler), "%s/filler", small_disk);
        fill_disk(filler, 1024 * 1024);
        while (stored < 1000 && res_is_ok(r = store_run(p.store, put_big, &stored)))
                stored++;
        FAILS(r, ERR_STORE_FULL);
        assert_true(stored > 0);
        FAILS(store_run(p.store, put_big, &stored), ERR_STORE_FULL); /* alive, still full */
        OK(get_big(&p, stored - 1));                               /* what was told is there … */
        FAILS(get_big(&p, stored), ERR_NOT_FOUND);                 /* … and what was refused is not */
        assert_int_equal(unlink(filler), 0);
        OK(store_run(p.store, put_big, &stored)); /* room: it goes on by itself */
        OK(get_big(&p, stored));
        store_close(p.store);
        arena_free(p.arena);
        place_remove(&p);
}

/* The group is lost, and run again: whoever has room is stored, whoever has none is told so, as if each had come alone. */
static void test_full_disk_with_many_at_once(void **state)
{
        struct place p = {0};
        struct store_work works[64];
        int numbers[64], told = 0;
        char filler[100];

        (void)state;
        place_open_at(&p, small_disk);
        snprintf(filler, sizeof(filler), "%s/filler", small_disk);
        fill_disk(filler, 1024 * 1024);
        for (int i = 0; i < 64; i++) {
                numbers[i] = i;
                works[i] = (struct store_work){.fn = put_big, .arg = &numbers[i]};
        }
        store_run_many(p.store, works, 64);
        for (int i = 0; i < 64; i++) {
                FAILS(get_big(&p, i), res_is_ok(works[i].result) ? ERR_NONE : ERR_NOT_FOUND);
                assert_true(res_is_ok(works[i].result) || works[i].result.err == ERR_STORE_FULL || works[i].result.err == ERR_STORE_RETRY);
                told += !res_is_ok(works[i].result);
        }
        assert_true(told > 0);
        assert_int_equal(unlink(filler), 0);
        store_run_many(p.store, works, 64);
        for (int i = 0; i < 64; i++)
                OK(works[i].result);
        store_close(p.store);
        arena_free(p.arena);
        place_remove(&p);
}

/* Small and big writers at once on a full disk: whatever was acknowledged is there, whoever was refused is not. */
struct full_writer {
        struct place *p;
        int first, stored[64], count, odd;
};

static void *write_until_full(void *arg)
{
        struct full_writer *w = arg;

        for (int i = 0; i < 64; i++) {
                int number = w->first + i;
                res r = store_run(w->p->store, put_big, &number);
                if (res_is_ok(r))
                        w->stored[w->count++] = number;
                else if (r.err != ERR_STORE_FULL && r.err != ERR_STORE_RETRY)
                        w->odd = (int)r.err;
        }
        return NULL;
}

static void test_full_disk_with_many_writers(void **state)
{
        struct place p = {0};
        struct full_writer writers[4];
        pthread_t threads[4];
        char filler[100];

        (void)state;
        place_open_at(&p, small_disk);
        snprintf(filler, sizeof(filler), "%s/filler", small_disk);
        fill_disk(filler, 2 * 1024 * 1024);
        for (int i = 0; i < 4; i++) {
                writers[i] = (struct full_writer){.p = &p, .first = i * 1000};
                assert_int_equal(pthread_create(&threads[i], NULL, write_until_full, &writers[i]), 0);
        }
        for (int i = 0; i < 4; i++) {
                pthread_join(threads[i], NULL);
                assert_int_equal(writers[i].odd, 0);
                assert_true(writers[i].count < 64);
        }
        for (int i = 0; i < 4; i++) {
                int at = 0;
                for (int k = 0; k < 64; k++) {
                        bool told = at < writers[i].count && writers[i].stored[at] == writers[i].first + k;
                        at += told;
                        FAILS(get_big(&p, writers[i].first + k), told ? ERR_NONE : ERR_NOT_FOUND);
                }
        }
        assert_int_equal(unlink(filler), 0);
        store_close(p.store);
        arena_free(p.arena);
        place_remove(&p);
}

/* -- kill -9 in mid-load ---------------------------------------------------------------------------- */

struct ledger_page { /* shared with the child: what it was told is stored */
        atomic_int acknowledged[8];
};

struct child_writer {
        struct store *store;
        struct ledger_page *page;
        int number;
};

static res put_mark(struct store_tx *tx, void *arg)
{
        return store_instance_put(tx, str_of(arg), STR("there"));
}

static void *write_marks(void *arg)
{
        struct child_writer *w = arg;
        char name[32];

        for (int i = 1;; i++) {
                snprintf(name, sizeof(name), "mark-%d-%d", w->number, i);
                if (!res_is_ok(store_run(w->store, put_mark, name)))
                        _exit(3);
                atomic_store(&w->page->acknowledged[w->number], i);
        }
}

static void run_child(const char *path, struct ledger_page *page)
{
        struct child_writer writers[8];
        struct buf why;
        pthread_t thread;
        struct store *store;

        buf_init(&why, 1024);
        if (!res_is_ok(store_open(path, MIGRATIONS, &why, &store)))
                _exit(2);
        for (int i = 0; i < 8; i++) {
                writers[i] = (struct child_writer){store, page, i};
                if (pthread_create(&thread, NULL, write_marks, &writers[i]) != 0)
                        _exit(4);
        }
        pause();
        _exit(5);
}

static void check_marks(struct place *p, const struct ledger_page *page)
{
        for (int n = 0; n < 8; n++) {
                int count = atomic_load(&page->acknowledged[n]);
                for (int i = 1; i <= count; i++) {
                        char name[32];
                        struct str value;
                        snprintf(name, sizeof(name), "mark-%d-%d", n, i);
                        OK(store_instance_get(reader(p), p->arena, str_of(name), &value));
                }
        }
}

static void test_what_was_acknowledged_survives_kill(void **state)
{
        struct place *p = *state;
        struct ledger_page *page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        assert_true(page != MAP_FAILED);
        store_close(p->store);
        p->store = NULL;
        for (int round = 0; round < 5; round++) {
                pid_t child = fork();
                int status;
                if (child == 0)
                        run_child(p->path, page);
                while (atomic_load(&page->acknowledged[0]) < 20 * (round + 1) && waitpid(child, &status, WNOHANG) == 0)
                        usleep(1000);
                usleep(10000 + 7000 * (unsigned)round);
                kill(child, SIGKILL);
                assert_int_equal(waitpid(child, &status, 0), child);
                assert_true(WIFSIGNALED(status));
                place_open_again(p);
                check_marks(p, page);
                store_close(p->store);
                p->store = NULL;
        }
        munmap(page, sizeof(*page));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_many_writers_share_commits, place_setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_a_failure_undoes_only_itself, place_setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_many_at_once_share_a_commit, place_setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_many_beside_others, place_setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_conflict_is_told, place_setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_ids_rise, place_setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_a_snapshot_is_one_moment, place_setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_the_log_starts_over_under_load, place_setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_what_was_acknowledged_survives_kill, place_setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_full_disk_refuses_and_recovers, make_small_disk, remove_small_disk),
                cmocka_unit_test_setup_teardown(test_full_disk_with_many_at_once, make_small_disk, remove_small_disk),
                cmocka_unit_test_setup_teardown(test_full_disk_with_many_writers, make_small_disk, remove_small_disk),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
