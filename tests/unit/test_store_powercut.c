/*
 * The power goes, 500 times: at a random write, sync or truncation under a busy store.  What the disk may show then is
 * the synced bytes and any part, in sectors, of what was written later.  The store opened on that has everything that
 * had been acknowledged, every act whole or not at all, exact counts and an unbroken log.  Takes about 60 s.
 */
#include "store_open.h"
#include "store_vfs.h"

#include "store/count.h"
#include "store/log.h"

#define CUTS 500
#define CUTS_A_RUN 50

struct cut {
        uint8_t *images[2]; /* the database and its log */
        size_t sizes[2];
        int acknowledged;
};

static struct {
        struct cut cuts[CUTS_A_RUN];
        int cut_count, acknowledged, next_in;
        uint64_t seed;
        char path[200], wal[200];
        bool armed;
} run;

static uint64_t random_below(uint64_t n)
{
        run.seed ^= run.seed << 13;
        run.seed ^= run.seed >> 7;
        run.seed ^= run.seed << 17;
        return run.seed % n;
}

/* Each sector of each later write is there or not; the order of two writes to one place is kept. */
static void image_of(const struct shim_disk *disk, uint8_t **ret_image, size_t *ret_n)
{
        uint64_t kept_in_8 = random_below(9);

        *ret_image = NULL;
        *ret_n = 0;
        shim_put(ret_image, ret_n, disk->synced, disk->synced_n, 0);
        for (const struct shim_write *w = disk->later; w; w = w->next) {
                for (size_t at = 0; at < w->n; at += SHIM_SECTOR) {
                        size_t n = w->n - at < SHIM_SECTOR ? w->n - at : SHIM_SECTOR;
                        if (random_below(8) < kept_in_8)
                                shim_put(ret_image, ret_n, w->p + at, n, (size_t)w->at + at);
                }
        }
}

static int cut_sometimes(enum shim_event event, const char *path)
{
        (void)path;
        if (event == SHIM_READ || !run.armed || run.cut_count == CUTS_A_RUN || --run.next_in > 0)
                return SQLITE_OK;
        run.next_in = 1 + (int)random_below(40);
        struct cut *cut = &run.cuts[run.cut_count++];
        image_of(shim_disk_of(run.path), &cut->images[0], &cut->sizes[0]);
        image_of(shim_disk_of(run.wal), &cut->images[1], &cut->sizes[1]);
        cut->acknowledged = run.acknowledged;
        return SQLITE_OK;
}

/* A few acts in one transaction, so that writes are larger than a page. */
static res act(struct store_tx *tx, void *arg)
{
        int n = *(const int *)arg;

        for (int i = 0; i < 3; i++) {
                char id[9];
                snprintf(id, sizeof(id), "c%01d%06d", i, n);
                struct certificate_row row = certificate_of(1, id, "some.example.com");
                struct log_row log = {.account_id = 1, .user_id = 1, .certificate_id = str_of(id), .type = STR("apply"), .action = STR("applied"), .created_at = n + 1};
                TRY(store_certificate_insert(tx, &row));
                TRY(store_log_append(tx, &log));
        }
        return RES_OK;
}

static void write_image(const char *path, const struct cut *cut, int i)
{
        FILE *f = fopen(path, "w");

        assert_non_null(f);
        assert_int_equal(fwrite(cut->images[i], 1, cut->sizes[i], f), cut->sizes[i]);
        assert_int_equal(fclose(f), 0);
}

static void check_cut(const struct cut *cut)
{
        struct place p = {0};
        struct store_certificate_filter all = {.account_id = 1, .project_id = -1};
        struct log_verdict verdict;
        char wal[200];
        int64_t count = 0;

        snprintf(p.dir, sizeof(p.dir), "%s/store-cut-XXXXXX", place_parent());
        assert_non_null(mkdtemp(p.dir));
        snprintf(p.path, sizeof(p.path), "%s/chancery.db", p.dir);
        snprintf(wal, sizeof(wal), "%s-wal", p.path);
        write_image(p.path, cut, 0);
        write_image(wal, cut, 1);
        place_open_again(&p);
        OK(store_count_get(reader(&p), &all, &count));
        assert_int_equal(count % 3, 0);                /* acts are whole */
        assert_true(count / 3 >= cut->acknowledged);   /* what was told is there … */
        assert_true(count / 3 <= cut->acknowledged + 1); /* … and at most the one that was under way */
        OK(store_count_check(reader(&p), 1));
        OK(store_log_verify(reader(&p), NULL, NULL, &verdict));
        assert_int_equal(verdict.bad_seq, 0);
        assert_int_equal(verdict.checked, count);
        store_close(p.store);
        place_remove(&p);
}

static void run_and_cut(uint64_t seed)
{
        struct place p = {.dir = "/tmp/store-run-XXXXXX"};
        struct store_options options = {.path = p.path, .migrations_dir = MIGRATIONS, .vfs = "shim"};
        struct buf why;

        assert_non_null(mkdtemp(p.dir));
        snprintf(p.path, sizeof(p.path), "%s/chancery.db", p.dir);
        memset(&run, 0, sizeof(run));
        run.seed = seed;
        run.next_in = 1;
        snprintf(run.path, sizeof(run.path), "%s", p.path);
        snprintf(run.wal, sizeof(run.wal), "%s-wal", p.path);
        shim.remembers = true;
        shim.on_event = cut_sometimes;
        buf_init(&why, 1024);
        OK(store_open_with(&options, &why, &p.store));
        make_account(&p, 1, "100000000001");
        run.armed = true;
        for (int n = 0; run.cut_count < CUTS_A_RUN; n++) {
                OK(store_run(p.store, act, &n));
                pthread_mutex_lock(&shim.lock);
                run.acknowledged = n + 1;
                pthread_mutex_unlock(&shim.lock);
        }
        shim.on_event = NULL;
        store_close(p.store);
        shim.remembers = false;
        shim_forget();
        place_remove(&p);
        buf_done(&why);
        for (int i = 0; i < CUTS_A_RUN; i++) {
                check_cut(&run.cuts[i]);
                free(run.cuts[i].images[0]);
                free(run.cuts[i].images[1]);
        }
}

static void test_power_cuts(void **state)
{
        (void)state;
        for (uint64_t i = 0; i < CUTS / CUTS_A_RUN; i++)
                run_and_cut(0x9e3779b97f4a7c15ULL * (i + 1));
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_power_cuts)};

        shim_register();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
