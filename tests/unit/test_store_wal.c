/*
 * The file of the write-ahead log: a commit leaves in one write; whatever else happens to the file finds all that was
 * written before, in any order of events; a failure is told where SQLite takes back.
 */
#include "store_open.h"
#include "store_vfs.h"

#include <fcntl.h>

#include "store/wal.h"

#define PAGE 4096
#define FRAME (24 + PAGE)
#define WAL_HEADER 32

static struct {
        int writes, syncs, fail_in; /* of the log; fail_in: writes until one fails, 0 = none */
        int code;
} seen;

static int count_events(enum shim_event event, const char *path)
{
        if (!strstr(path, "-wal"))
                return SQLITE_OK;
        seen.writes += event == SHIM_WRITE;
        seen.syncs += event == SHIM_SYNC;
        if (event == SHIM_WRITE && seen.fail_in > 0 && --seen.fail_in == 0)
                return seen.code;
        return SQLITE_OK;
}

static int wal_setup(void **state)
{
        memset(&seen, 0, sizeof(seen));
        seen.code = SQLITE_FULL;
        shim.traits = SQLITE_IOCAP_POWERSAFE_OVERWRITE;
        shim.on_event = NULL;
        (void)state;
        return 0;
}

static int wal_teardown(void **state)
{
        (void)state;
        shim.on_event = NULL;
        shim.traits = 0;
        shim_forget();
        return 0;
}

/* -- the file alone ------------------------------------------------------------------------------------------- */

struct log {
        char dir[64], db[80], path[100];
        sqlite3_file *file;
};

static void log_open(struct log *log)
{
        sqlite3_vfs *vfs = sqlite3_vfs_find(wal_vfs_over("shim"));
        int flags = SQLITE_OPEN_WAL | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

        assert_non_null(vfs);
        snprintf(log->dir, sizeof(log->dir), "%s/wal-XXXXXX", place_parent());
        assert_non_null(mkdtemp(log->dir));
        snprintf(log->db, sizeof(log->db), "%s/db", log->dir);
        assert_int_equal(close(open(log->db, O_CREAT | O_WRONLY, 0600)), 0); /* whose mode and owner the log takes */
        snprintf(log->path, sizeof(log->path), "%s-wal", log->db);
        log->file = calloc(1, (size_t)vfs->szOsFile);
        assert_non_null(log->file);
        assert_int_equal(vfs->xOpen(vfs, log->path, log->file, flags, &flags), SQLITE_OK);
}

static void log_close(struct log *log)
{
        assert_int_equal(log->file->pMethods->xClose(log->file), SQLITE_OK);
        free(log->file);
        unlink(log->path);
        unlink(log->db);
        rmdir(log->dir);
        shim_forget();
}

static int put(struct log *log, const void *p, int n, sqlite3_int64 at)
{
        return log->file->pMethods->xWrite(log->file, p, n, at);
}

static void fill_frame(uint8_t *frame, uint8_t with, bool commits)
{
        memset(frame, with, FRAME);
        memset(frame + 4, 0, 4);
        frame[7] = commits;
}

/* As SQLite does: the header, then the page. */
static int put_frame(struct log *log, uint8_t with, bool commits, sqlite3_int64 at)
{
        uint8_t frame[FRAME];

        fill_frame(frame, with, commits);
        int rc = put(log, frame, 24, at);
        return rc == SQLITE_OK ? put(log, frame + 24, PAGE, at + 24) : rc;
}

static uint8_t on_disk(const struct log *log, sqlite3_int64 at)
{
        FILE *f = fopen(log->path, "r");
        int c;

        assert_non_null(f);
        assert_int_equal(fseek(f, (long)at, SEEK_SET), 0);
        c = fgetc(f);
        assert_int_equal(fclose(f), 0);
        return c == EOF ? 0xee : (uint8_t)c;
}

static void test_a_commit_is_one_write(void **state)
{
        struct log log;

        (void)state;
        log_open(&log);
        shim.on_event = count_events;
        for (int i = 0; i < 9; i++)
                assert_int_equal(put_frame(&log, 0x40, false, WAL_HEADER + i * FRAME), SQLITE_OK);
        assert_int_equal(seen.writes, 0);
        assert_int_equal(put_frame(&log, 0x41, true, WAL_HEADER + 9 * FRAME), SQLITE_OK);
        assert_int_equal(seen.writes, 1); /* and it is there without a sync */
        assert_int_equal(on_disk(&log, WAL_HEADER), 0x40);
        assert_int_equal(on_disk(&log, WAL_HEADER + 10 * FRAME - 1), 0x41);
        log_close(&log);
}

static void test_a_large_commit_is_a_few(void **state)
{
        struct log log;

        (void)state;
        log_open(&log);
        shim.on_event = count_events;
        for (int i = 0; i < 100; i++)
                assert_int_equal(put_frame(&log, (uint8_t)(1 + i), i == 99, WAL_HEADER + i * FRAME), SQLITE_OK);
        assert_in_range(seen.writes, 2, 1 + 100 * FRAME / (WAL_GATHER_BYTES - FRAME));
        for (int i = 0; i < 100; i++)
                assert_int_equal(on_disk(&log, WAL_HEADER + i * FRAME + 100), 1 + i);
        log_close(&log);
}

/* What is asked of the file, and what it has to find. */
static void test_whoever_asks_finds_it(void **state)
{
        struct log log;
        sqlite3_int64 size = 0;
        uint8_t page[PAGE];

        (void)state;
        log_open(&log);
        const sqlite3_io_methods *m = log.file->pMethods;
        assert_int_equal(put_frame(&log, 7, false, 0), SQLITE_OK);
        assert_int_equal(m->xRead(log.file, page, PAGE, 24), SQLITE_OK);
        assert_int_equal(page[0], 7);
        assert_int_equal(put_frame(&log, 8, false, FRAME), SQLITE_OK);
        assert_int_equal(m->xSync(log.file, SQLITE_SYNC_NORMAL), SQLITE_OK);
        assert_int_equal(on_disk(&log, FRAME + 50), 8);
        assert_int_equal(put_frame(&log, 9, false, 1000 * FRAME), SQLITE_OK); /* not the next: a place of its own */
        assert_int_equal(m->xFileSize(log.file, &size), SQLITE_OK);
        assert_true(size >= 1001 * FRAME);
        assert_int_equal(put_frame(&log, 10, false, 2000 * FRAME), SQLITE_OK);
        assert_int_equal(m->xTruncate(log.file, 2000 * FRAME + 100), SQLITE_OK);
        assert_int_equal(on_disk(&log, 2000 * FRAME + 99), 10);
        assert_int_equal(on_disk(&log, 2000 * FRAME + 100), 0xee); /* the end */
        assert_int_equal(put_frame(&log, 11, false, 3 * FRAME), SQLITE_OK);
        assert_int_equal(put_frame(&log, 12, false, FRAME), SQLITE_OK); /* back: the former is written first */
        assert_int_equal(on_disk(&log, 3 * FRAME), 11);
        log_close(&log);
}

/* A header in two pieces, as where a sync falls into it, a lone page, pages of other sizes: nothing is held back for ever. */
static void test_what_is_no_frame_goes_through(void **state)
{
        struct log log;
        uint8_t bytes[3 * PAGE];

        (void)state;
        log_open(&log);
        memset(bytes, 5, sizeof(bytes));
        for (int n = 1; n < 24; n++) {
                assert_int_equal(put(&log, bytes, n, n * 100), SQLITE_OK);
                assert_int_equal(on_disk(&log, n * 100), 5);
        }
        assert_int_equal(put(&log, bytes, 32, 5000), SQLITE_OK);
        assert_int_equal(on_disk(&log, 5000), 5);
        assert_int_equal(put(&log, bytes, PAGE, 10000), SQLITE_OK);
        assert_int_equal(on_disk(&log, 10000), 5);
        assert_int_equal(put(&log, bytes, 24, 20000), SQLITE_OK);
        assert_int_equal(put(&log, bytes, 600, 20024), SQLITE_OK); /* no page has such a size */
        assert_int_equal(on_disk(&log, 20000), 5);
        assert_int_equal(on_disk(&log, 20024), 5);
        log_close(&log);
}

/* Any order of appending, going back, reading, syncing and truncating, beside a model in memory. */
#define MODEL_FRAMES 64
static void test_any_order_of_events(void **state)
{
        static uint8_t model[(MODEL_FRAMES + 2) * FRAME], got[2 * FRAME];
        uint64_t seed = 88172645463325252ULL;
        struct log log;
        int end = 0, at = 0;

        (void)state;
        log_open(&log);
        for (int i = 0; i < 20000; i++) {
                seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
                unsigned draw = (unsigned)(seed >> 33);
                if (draw % 100 < 80) {
                        bool commits = draw % 100 < 10;
                        if (at >= MODEL_FRAMES || draw % 100 >= 78)
                                at = (int)(draw / 100 % MODEL_FRAMES);
                        fill_frame(model + at * FRAME, (uint8_t)i, commits);
                        assert_int_equal(put_frame(&log, (uint8_t)i, commits, at * FRAME), SQLITE_OK);
                        at++;
                        end = at > end ? at : end;
                } else if (draw % 100 < 85) {
                        assert_int_equal(log.file->pMethods->xSync(log.file, SQLITE_SYNC_NORMAL), SQLITE_OK);
                } else if (draw % 100 < 86) {
                        end = (int)(draw / 100 % MODEL_FRAMES);
                        memset(model + end * FRAME, 0, sizeof(model) - (size_t)end * FRAME);
                        assert_int_equal(log.file->pMethods->xTruncate(log.file, end * FRAME), SQLITE_OK);
                } else if (end > 0) {
                        int from = (int)(draw / 100 % (unsigned)(end * FRAME)), n = end * FRAME - from;
                        n = n < (int)sizeof(got) ? n : (int)sizeof(got);
                        assert_int_equal(log.file->pMethods->xRead(log.file, got, n, from), SQLITE_OK);
                        assert_memory_equal(got, model + from, n);
                }
        }
        log_close(&log);
}

/* -- failures --------------------------------------------------------------------------------------------------- */

static void test_a_failed_commit_is_told_and_forgotten(void **state)
{
        static const int codes[] = {SQLITE_FULL, SQLITE_IOERR_WRITE};

        (void)state;
        for (size_t i = 0; i < 2; i++) {
                struct log log;
                log_open(&log);
                shim.on_event = count_events;
                seen.code = codes[i];
                seen.fail_in = 1;
                assert_int_equal(put_frame(&log, 1, false, WAL_HEADER), SQLITE_OK);
                assert_int_equal(put_frame(&log, 2, true, WAL_HEADER + FRAME), codes[i]);
                assert_int_equal(log.file->pMethods->xSync(log.file, SQLITE_SYNC_NORMAL), SQLITE_OK);
                assert_int_equal(on_disk(&log, WAL_HEADER), 0xee); /* the transaction is taken back: nothing comes later */
                assert_int_equal(put_frame(&log, 3, true, WAL_HEADER), SQLITE_OK);
                assert_int_equal(on_disk(&log, WAL_HEADER), 3);
                log_close(&log);
        }
}

/* A read, a sync or a question that cannot have the pages written says so, and they are written when asked again. */
static void test_a_failed_question_keeps_what_waits(void **state)
{
        struct log log;
        uint8_t page[PAGE];
        sqlite3_int64 size;

        (void)state;
        log_open(&log);
        const sqlite3_io_methods *m = log.file->pMethods;
        shim.on_event = count_events;
        for (int i = 0; i < 4; i++) {
                assert_int_equal(put_frame(&log, (uint8_t)(20 + i), false, i * FRAME), SQLITE_OK);
                seen.fail_in = 1;
                int rc = i == 0   ? m->xRead(log.file, page, PAGE, i * FRAME + 24)
                         : i == 1 ? m->xSync(log.file, SQLITE_SYNC_NORMAL)
                         : i == 2 ? m->xFileSize(log.file, &size)
                                  : m->xTruncate(log.file, 4 * FRAME);
                assert_int_equal(rc, SQLITE_FULL);
                assert_int_equal(m->xRead(log.file, page, PAGE, i * FRAME + 24), SQLITE_OK);
                assert_int_equal(page[0], 20 + i);
        }
        log_close(&log);
}

static void test_a_piece_that_fails_fails_its_write(void **state)
{
        struct log log;
        int rc = SQLITE_OK, i;

        (void)state;
        log_open(&log);
        shim.on_event = count_events;
        seen.fail_in = 1;
        for (i = 0; i < 100 && rc == SQLITE_OK; i++)
                rc = put_frame(&log, 1, false, i * FRAME);
        assert_int_equal(rc, SQLITE_FULL);
        assert_true(i <= 1 + WAL_GATHER_BYTES / FRAME);
        log_close(&log);
}

/* -- under SQLite ------------------------------------------------------------------------------------------------ */

static void exec(sqlite3 *db, const char *sql)
{
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static int64_t value(sqlite3 *db, const char *sql)
{
        sqlite3_stmt *stmt = NULL;

        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
        int64_t v = sqlite3_column_int64(stmt, 0);
        sqlite3_finalize(stmt);
        return v;
}

struct pair {
        char dir[64], path[100];
        sqlite3 *writer, *other;
};

static void pair_open(struct pair *p)
{
        snprintf(p->dir, sizeof(p->dir), "%s/wal-XXXXXX", place_parent());
        assert_non_null(mkdtemp(p->dir));
        snprintf(p->path, sizeof(p->path), "%s/db", p->dir);
        assert_int_equal(sqlite3_open_v2(p->path, &p->writer, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, wal_vfs_over("shim")), SQLITE_OK);
        exec(p->writer, "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t (k INTEGER PRIMARY KEY, v BLOB)");
        assert_int_equal(sqlite3_open_v2(p->path, &p->other, SQLITE_OPEN_READWRITE, wal_vfs_over("shim")), SQLITE_OK);
}

static void pair_close(struct pair *p)
{
        struct place place;

        assert_int_equal(sqlite3_close(p->other), SQLITE_OK);
        assert_int_equal(sqlite3_close(p->writer), SQLITE_OK);
        snprintf(place.dir, sizeof(place.dir), "%s", p->dir);
        place_remove(&place);
        shim_forget();
}

/* Whether SQLite syncs or not, others see a commit when it is told. */
static void test_others_see_a_commit_at_once(void **state)
{
        static const char *const modes[] = {"PRAGMA synchronous=OFF", "PRAGMA synchronous=NORMAL", "PRAGMA synchronous=FULL"};

        (void)state;
        for (int traits = 0; traits < 2; traits++) {
                shim.traits = traits ? SQLITE_IOCAP_POWERSAFE_OVERWRITE : 0; /* without: SQLite fills a sector, with a sync inside a frame */
                for (size_t i = 0; i < 3; i++) {
                        struct pair p;
                        pair_open(&p);
                        exec(p.writer, modes[i]);
                        for (int n = 1; n <= 50; n++) {
                                exec(p.writer, "INSERT INTO t (v) VALUES (randomblob(9000))");
                                assert_int_equal(value(p.other, "SELECT count(*) FROM t"), n);
                                assert_int_equal(value(p.other, "SELECT sum(length(v)) FROM t"), n * 9000);
                        }
                        pair_close(&p);
                }
        }
}

/* A transaction larger than its cache writes pages into the log before the end, reads them again, changes them again. */
static void test_a_transaction_larger_than_the_cache(void **state)
{
        struct pair p;

        (void)state;
        pair_open(&p);
        exec(p.writer, "PRAGMA cache_size=10; PRAGMA cache_spill=10");
        for (int round = 0; round < 3; round++) {
                exec(p.writer, "BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<300) INSERT INTO t (v) SELECT randomblob(3000) FROM n");
                exec(p.writer, "UPDATE t SET v = zeroblob(2000) WHERE k % 3 = 0; DELETE FROM t WHERE k % 7 = 0");
                assert_int_equal(value(p.other, "SELECT count(*) FROM t"), 0);
                exec(p.writer, round < 2 ? "ROLLBACK" : "COMMIT");
                assert_int_equal(value(p.writer, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
        }
        assert_int_equal(value(p.other, "SELECT count(*) FROM t"), 300 - 42);
        assert_int_equal(value(p.other, "SELECT sum(length(v)) FROM t"), (200 - 28) * 3000 + (100 - 14) * 2000);
        pair_close(&p);
}

/* Each write of the log fails in turn, without a cache too: what was not told is not there, what was is. */
static void test_each_write_fails_in_turn(void **state)
{
        (void)state;
        for (int at = 1; at < 60; at++) {
                struct pair p;
                int told = 0;
                pair_open(&p);
                if (at % 3 == 0)
                        exec(p.writer, "PRAGMA cache_size=10; PRAGMA cache_spill=10");
                shim.on_event = count_events;
                seen.fail_in = at;
                seen.code = at % 2 ? SQLITE_FULL : SQLITE_IOERR_WRITE;
                for (int n = 0; n < 25; n++) {
                        int rc = sqlite3_exec(p.writer, "INSERT INTO t (v) SELECT randomblob(150000)", NULL, NULL, NULL);
                        told += rc == SQLITE_OK;
                }
                shim.on_event = NULL;
                assert_true(seen.fail_in > 0 || told < 25);
                assert_int_equal(value(p.other, "SELECT count(*) FROM t"), told);
                assert_int_equal(value(p.other, "SELECT sum(length(v)) FROM t"), told * 150000);
                assert_int_equal(value(p.other, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
                pair_close(&p);
        }
}

/* SQLite's own sync follows the one write; none is added. */
static void test_a_commit_under_sqlite(void **state)
{
        struct pair p;

        (void)state;
        pair_open(&p);
        exec(p.writer, "PRAGMA synchronous=FULL");
        shim.on_event = count_events;
        for (int n = 0; n < 50; n++) {
                seen.writes = seen.syncs = 0;
                exec(p.writer, "INSERT INTO t (v) VALUES (randomblob(5000))");
                assert_int_equal(seen.writes, 1);
                assert_int_equal(seen.syncs, 1);
        }
        pair_close(&p);
}

static void test_only_a_base_that_is_there(void **state)
{
        (void)state;
        assert_null(wal_vfs_over("there-is-none"));
        assert_string_equal(wal_vfs_over("shim"), "wal-shim");
        assert_ptr_equal(wal_vfs_over("shim"), wal_vfs_over("shim"));
}

#define WAL_TEST(f) cmocka_unit_test_setup_teardown(f, wal_setup, wal_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WAL_TEST(test_only_a_base_that_is_there),
                WAL_TEST(test_a_commit_is_one_write),
                WAL_TEST(test_a_large_commit_is_a_few),
                WAL_TEST(test_whoever_asks_finds_it),
                WAL_TEST(test_what_is_no_frame_goes_through),
                WAL_TEST(test_any_order_of_events),
                WAL_TEST(test_a_failed_commit_is_told_and_forgotten),
                WAL_TEST(test_a_failed_question_keeps_what_waits),
                WAL_TEST(test_a_piece_that_fails_fails_its_write),
                WAL_TEST(test_others_see_a_commit_at_once),
                WAL_TEST(test_a_transaction_larger_than_the_cache),
                WAL_TEST(test_each_write_fails_in_turn),
                WAL_TEST(test_a_commit_under_sqlite),
        };

        shim_register();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
