/*
 * What the store costs: CPU time of this process (all threads) for durable inserts at 1, 8 and 64 in flight, for the
 * two writes of an issue, and for reads, lists and searches out of a million certificates; how long it takes to open
 * that database, and to verify as many log entries.
 *
 * usage: bench_store [--rows N] [--data DIR] [--keep] [--only open|get|list|search|log|write|issue]
 * (default: 1,000,000 rows in a directory of its own under TMPDIR, everything)
 */
#include <dirent.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/proc.h"
#include "bench/store_rows.h"
#include "store/account.h"
#include "store/certificate.h"
#include "store/crl_shard.h"
#include "store/issued.h"
#include "store/job.h"
#include "store/log.h"
#include "store/order.h"
#include "store/tag.h"

#define ACCOUNT BENCH_ACCOUNT
#define GENERATE_AT_ONCE 2000

static char dir[200], path[256];
static struct store *store;
static int64_t row_count = 1000000;
static bool keeps;
static const char *only; /* NULL = everything */

static double seconds(clockid_t clock)
{
        struct timespec t;

        clock_gettime(clock, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Bytes that this process handed to write(), log and checkpoints together. */
static double written_bytes(void)
{
        FILE *f = fopen("/proc/self/io", "r");
        unsigned long long n = 0;

        if (!f)
                return 0;
        if (fscanf(f, "rchar: %*u wchar: %llu", &n) != 1)
                n = 0;
        (void)fclose(f);
        return (double)n;
}

static void must(res r, const char *what)
{
        if (res_is_ok(r))
                return;
        fprintf(stderr, "%s: %s\n", what, err_name(r.err));
        exit(1);
}

static void progress(const char *what, int64_t done, int64_t total)
{
        static double shown;
        double now = seconds(CLOCK_MONOTONIC);

        if (!isatty(2) || (now - shown < 0.2 && done < total))
                return;
        shown = now;
        int bar = total ? (int)(40 * done / total) : 40;
        fprintf(stderr, "\r%s [%.*s%.*s] %lld/%lld%s", what, bar, "########################################", 40 - bar,
                "                                        ", (long long)done, (long long)total, done >= total ? "\n" : "");
}

static void open_store(void)
{
        struct buf why;

        buf_init(&why, 4096);
        if (!res_is_ok(store_open(path, BENCH_SOURCE_DIR "/migrations", &why, &store))) {
                fprintf(stderr, "%s\n", buf_c(&why));
                exit(1);
        }
        buf_done(&why);
}

/* -- the data ---------------------------------------------------------------------------------------- */

static res make_account(struct store_tx *tx, void *arg)
{
        struct account_row row = {.account_id = ACCOUNT, .uin = STR("100000000001"), .name = STR("Bench"), .identity = STR("enterprise"),
                                  .level = STR("standard"), .created_at = 1};

        (void)arg;
        return store_account_insert(tx, &row);
}

static res append_log(struct store_tx *tx, const char *certificate_id, int64_t now_sec)
{
        struct log_row log = {.account_id = ACCOUNT, .user_id = 1, .certificate_id = str_of(certificate_id), .type = STR("apply"),
                              .action = STR("applied for a certificate"), .created_at = now_sec};

        return store_log_append(tx, &log);
}

static res generate_some(struct store_tx *tx, void *arg)
{
        int64_t from = *(int64_t *)arg;

        for (int64_t n = from; n < from + GENERATE_AT_ONCE && n <= row_count; n++) {
                struct made made;
                struct certificate_row row = make_row(n, &made);
                struct tag_row tag = {ACCOUNT, row.certificate_id, STR("stage"), STR("production")};
                TRY(store_certificate_insert(tx, &row));
                if (n % 20 == 0)
                        TRY(store_tag_put(tx, &tag));
                TRY(append_log(tx, made.id, row.created_at));
        }
        return RES_OK;
}

static void generate(void)
{
        double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);

        must(store_run(store, make_account, NULL), "account");
        for (int64_t n = 1; n <= row_count; n += GENERATE_AT_ONCE) {
                must(store_run(store, generate_some, &n), "generate");
                progress("generating", n + GENERATE_AT_ONCE - 1 > row_count ? row_count : n + GENERATE_AT_ONCE - 1, row_count);
        }
        printf("%-58s %8.1f us CPU each, %.1f s\n", "certificate and log entry, in bulk",
               1e6 * (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / (double)row_count, seconds(CLOCK_MONOTONIC) - wall);
}

/* -- writers in flight -------------------------------------------------------------------------------- */

struct writer {
        int64_t first, count;
        store_fn *fn;
};

struct write_arg {
        int64_t n;
};

/* A certificate row of 0.5 KB with its indexes and counts, its order, a job, a log entry. */
static res apply_once(struct store_tx *tx, void *arg)
{
        const struct write_arg *in = arg;
        struct made made;
        struct certificate_row row = make_row(in->n, &made);
        struct order_row order = {.account_id = ACCOUNT, .package_type = STR("83"), .product = STR("{\"PackageType\":\"83\"}"), .term_months = 3,
                                  .domain_count = 1, .currency = STR("CNY"), .state = STR("free"), .created_at = row.created_at};

        row.status = 0;
        TRY(store_order_insert(tx, &order));
        row.order_id = order.order_id;
        TRY(store_certificate_insert(tx, &row));
        TRY(store_job_put(tx, STR("validate"), ACCOUNT, row.certificate_id, row.created_at, row.created_at));
        return append_log(tx, made.id, row.created_at);
}

/* One plain row of 2 KB with two indexes: the floor's "durable insert". */
static res insert_issued(struct store_tx *tx, void *arg)
{
        const struct write_arg *in = arg;
        static const uint8_t request[1500];
        uint64_t serial[2] = {mix((uint64_t)in->n), (uint64_t)in->n};
        struct made made;

        make_id((uint64_t)in->n, made.id);
        struct issued_row row = {.account_id = ACCOUNT, .certificate_id = str_of(made.id), .serial = bytes_of(serial, 16), .issuer = STR("dv-ecc"),
                                 .profile = STR("dv"), .profile_hash = bytes_of(request, 32), .crl_shard = 1, .request = bytes_of(request, 1500),
                                 .not_before = 1, .not_after = 2};
        return store_issued_insert(tx, &row);
}

static void *write_rows(void *arg)
{
        const struct writer *w = arg;

        for (int64_t n = w->first; n < w->first + w->count; n++)
                must(store_run(store, w->fn, &(struct write_arg){n}), "write");
        return NULL;
}

static int64_t next_new; /* numbers not used yet */

static void bench_writers(const char *what, store_fn *fn, int in_flight, int64_t total)
{
        pthread_t threads[64];
        struct writer writers[64];
        struct store_figures before, after;
        double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), written = written_bytes();

        store_get_figures(store, &before);
        for (int i = 0; i < in_flight; i++) {
                writers[i] = (struct writer){next_new, total / in_flight, fn};
                next_new += total / in_flight;
                if (pthread_create(&threads[i], NULL, write_rows, &writers[i]) != 0)
                        exit(1);
        }
        for (int i = 0; i < in_flight; i++)
                pthread_join(threads[i], NULL);
        store_get_figures(store, &after);
        cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
        wall = seconds(CLOCK_MONOTONIC) - wall;
        printf("%-44s %3d in flight %8.1f us CPU each, %7.0f/s, %4.1f a commit, %5.1f KB written\n", what, in_flight,
               1e6 * cpu / (double)total, (double)total / wall,
               (double)(after.functions - before.functions) / (double)(after.groups - before.groups),
               (written_bytes() - written) / (double)total / 1e3);
}

/* The two writes of an issue round of 64: all rows written ahead in one function, all finished in another. */
struct issue_round {
        int64_t first, ids[64];
};

static res issue_ahead(struct store_tx *tx, void *arg)
{
        struct issue_round *round = arg;
        static const uint8_t request[700];
        int64_t shard = 0;

        TRY(store_crl_shard_assign_many(tx, STR("dv-ecc"), 64, &shard));
        for (int i = 0; i < 64; i++) {
                uint64_t serial[2] = {mix((uint64_t)(round->first + i)), 7};
                struct made made;
                make_id((uint64_t)(round->first + i), made.id);
                struct issued_row row = {.account_id = ACCOUNT, .certificate_id = str_of(made.id), .serial = bytes_of(serial, 16),
                                         .issuer = STR("dv-ecc"), .profile = STR("dv"), .profile_hash = bytes_of(request, 32),
                                         .crl_shard = shard, .request = bytes_of(request, sizeof(request)), .not_before = 1, .not_after = 2};
                TRY(store_issued_insert(tx, &row));
                round->ids[i] = row.issued_id;
        }
        return RES_OK;
}

static res issue_finish(struct store_tx *tx, void *arg)
{
        const struct issue_round *round = arg;
        static const uint8_t der[900];

        for (int i = 0; i < 64; i++) {
                struct made made;
                make_id((uint64_t)(round->first + i), made.id);
                struct store_certificate_issue issue = {ACCOUNT, str_of(made.id), 0, 1, round->ids[i], 1790000000, 1797776000, STR("dv-ecc"), STR("dv")};
                TRY(store_issued_finish(tx, ACCOUNT, round->ids[i], bytes_of(der, sizeof(der))));
                TRY(store_certificate_set_issued(tx, &issue));
                TRY(append_log(tx, made.id, 1790000000));
                TRY(store_job_drop(tx, STR("validate"), str_of(made.id)));
        }
        return RES_OK;
}

static void bench_issue(int64_t first, int rounds)
{
        double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), written = written_bytes();

        for (int i = 0; i < rounds; i++) {
                struct issue_round round = {.first = first + i * 64};
                must(store_run(store, issue_ahead, &round), "ahead");
                must(store_run(store, issue_finish, &round), "finish");
        }
        printf("%-58s %8.1f us CPU each, %.1f KB written\n", "issue: written ahead and finished, rounds of 64",
               1e6 * (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / (rounds * 64.0), (written_bytes() - written) / (rounds * 64.0) / 1e3);
}

/* -- readers ------------------------------------------------------------------------------------------- */

static struct store_conn *reader(void)
{
        struct store_conn *c = NULL;

        must(store_read(store, &c), "reader");
        return c;
}

static void bench_get(int times)
{
        struct store_conn *c = reader();
        double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);

        for (int i = 0; i < times; i++) {
                struct arena *a = arena_new(1024 * 1024);
                struct certificate_row row;
                char id[9];
                make_id(1 + mix((uint64_t)i) % (uint64_t)row_count, id);
                must(store_certificate_get(c, a, ACCOUNT, str_of(id), &row), "get");
                arena_free(a);
        }
        printf("%-58s %8.1f us CPU each\n", "certificate by id", 1e6 * (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / times);
}

static void bench_list(const char *what, const struct store_certificate_filter *filter, int times)
{
        struct store_conn *c = reader();
        struct store_certificate_page page = {0};
        double worst = 0, sum = 0;

        for (int i = 0; i < times; i++) {
                struct arena *a = arena_new(256 * 1024 * 1024);
                double t = seconds(CLOCK_THREAD_CPUTIME_ID);
                must(store_certificate_list(c, a, filter, &page), what);
                t = seconds(CLOCK_THREAD_CPUTIME_ID) - t;
                sum += t;
                worst = t > worst ? t : worst;
                arena_free(a);
        }
        printf("%-58s %8.2f ms CPU, worst %.2f  (%zu of %lld)\n", what, 1e3 * sum / times, 1e3 * worst, page.n, (long long)page.total);
}

static void bench_lists(void)
{
        static const int64_t issued[] = {1}, some[] = {0, 3, 5};
        const struct store_certificate_filter all = {.account_id = ACCOUNT, .project_id = -1, .limit = 20};
        struct store_certificate_filter f = all;

        bench_list("list: newest 20", &f, 50);
        f.offset = 10000;
        bench_list("list: offset 10,000", &f, 20);
        f = all;
        f.marker = row_count / 2;
        bench_list("list: by marker in the middle", &f, 50);
        f = all;
        f.statuses = some;
        f.status_count = 3;
        f.offset = 10000;
        bench_list("list: three statuses, offset 10,000", &f, 20);
        f.statuses = issued;
        f.status_count = 1;
        f.project_id = 3;
        f.offset = 1000;
        bench_list("list: issued, of a project, offset 1,000", &f, 20);
        f.project_id = 0;
        f.offset = 10000;
        bench_list("list: issued, of the default project, offset 10,000", &f, 20);
        f = all;
        f.source = STORE_SOURCE_UPLOAD;
        f.offset = 10000;
        bench_list("list: uploaded, offset 10,000", &f, 20);
        f = all;
        f.sort = STORE_SORT_END_ASC;
        f.offset = 10000;
        bench_list("list: by end, offset 10,000", &f, 20);
        f.statuses = issued;
        f.status_count = 1;
        bench_list("list: issued by end, offset 10,000", &f, 20);
}

static void bench_ranges_and_tags(void)
{
        static const int64_t issued[] = {1};
        const struct store_certificate_filter all = {.account_id = ACCOUNT, .project_id = -1, .limit = 20};
        struct store_certificate_filter f = all;

        f.ending_after = 1790000000;
        f.ending_before = 1790000000 + 86400;
        bench_list("list: ending within a day", &f, 20);
        f.ending_before = 1790000000 + 30 * 86400;
        bench_list("list: ending within 30 days, newest first", &f, 20);
        f.sort = STORE_SORT_END_ASC;
        bench_list("list: ending within 30 days, by end", &f, 20);
        f = all;
        f.tags = &(struct store_tag_filter){STR("stage"), STR("production")};
        f.tag_count = 1;
        f.offset = 10000;
        bench_list("list: by tag, offset 10,000", &f, 20);
        f.statuses = issued;
        f.status_count = 1;
        bench_list("list: by tag, issued, offset 10,000", &f, 20);
}

static void bench_searches(void)
{
        static const int64_t issued[] = {1};
        static const char *const texts[] = {"customer-12345.", "customer-123", "shop.customer", "example", "com", "prod", "zzz-none", "ab"};
        struct store_certificate_filter f = {.account_id = ACCOUNT, .project_id = -1, .limit = 20};
        char what[80], id[9];

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                f.search = str_of(texts[i]);
                snprintf(what, sizeof(what), "search: %.*s", (int)f.search.n, f.search.p);
                bench_list(what, &f, 10);
        }
        make_id((uint64_t)row_count / 3, id);
        f.search = (struct str){id + 1, 6};
        bench_list("search: six letters of an id", &f, 10);
        f.search = STR("example");
        f.offset = 10000;
        bench_list("search: example, offset 10,000", &f, 10);
        f.statuses = issued;
        f.status_count = 1;
        bench_list("search: example, issued, offset 10,000", &f, 10);
        f.offset = 0;
        f.sort = STORE_SORT_END_ASC;
        bench_list("search: example, issued, by end", &f, 10);
}

static void show_verify(void *arg, int64_t checked, int64_t total)
{
        (void)arg;
        progress("verifying the log", checked, total);
}

static void bench_log(void)
{
        struct log_verdict verdict;
        double wall = seconds(CLOCK_MONOTONIC);

        must(store_log_verify(reader(), show_verify, NULL, &verdict), "verify");
        printf("%-58s %8.2f s for %lld%s\n", "log verified", seconds(CLOCK_MONOTONIC) - wall, (long long)verdict.checked,
               verdict.bad_seq ? ", BROKEN" : "");
}

static void bench_open(void)
{
        double wall;

        store_close(store);
        wall = seconds(CLOCK_MONOTONIC);
        open_store();
        struct store_certificate_filter f = {.account_id = ACCOUNT, .project_id = -1, .limit = 20};
        printf("%-58s %8.1f ms\n", "open", 1e3 * (seconds(CLOCK_MONOTONIC) - wall));
        bench_list("first list after it", &f, 1);
        printf("%-58s %8.1f MB\n", "Pss of this process then", (double)proc_pss_tree(getpid()) / 1e6);
}

/* -- the program ----------------------------------------------------------------------------------------- */

static void parse(int argc, char **argv)
{
        static const struct option options[] = {{"rows", required_argument, NULL, 'r'}, {"data", required_argument, NULL, 'd'},
                                                {"keep", no_argument, NULL, 'k'}, {"only", required_argument, NULL, 'o'}, {NULL, 0, NULL, 0}};
        const char *tmp = getenv("TMPDIR");

        snprintf(dir, sizeof(dir), "%s/bench-store-XXXXXX", tmp ? tmp : "/tmp");
        for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
                if (o == 'r')
                        row_count = strtoll(optarg, NULL, 10);
                else if (o == 'd')
                        snprintf(dir, sizeof(dir), "%s", optarg);
                else if (o == 'o')
                        only = optarg;
                else if (o == 'k')
                        keeps = true;
                else
                        exit(2);
        }
        if (strstr(dir, "XXXXXX") ? !mkdtemp(dir) : mkdir(dir, 0700) != 0 && access(dir, W_OK) != 0) {
                fprintf(stderr, "%s: cannot be used\n", dir);
                exit(1);
        }
        snprintf(path, sizeof(path), "%s/chancery.db", dir);
}

static void remove_data(void)
{
        static const char *const names[] = {"", "-wal", "-shm"};
        char name[300];

        for (size_t i = 0; i < 3; i++) {
                snprintf(name, sizeof(name), "%s%s", path, names[i]);
                unlink(name);
        }
        rmdir(dir);
}

static void report_size(void)
{
        struct stat st;

        if (stat(path, &st) == 0)
                printf("%-58s %8.0f MB, %.0f bytes a certificate\n", "database", (double)st.st_size / 1e6, (double)st.st_size / (double)row_count);
}

static void bench_open_part(void)
{
        report_size();
        bench_open();
}

static void bench_get_part(void)
{
        bench_get(20000);
}

static void bench_write_part(void)
{
        bench_writers("durable row of 2 KB", insert_issued, 1, 2000);
        bench_writers("durable row of 2 KB", insert_issued, 8, 8000);
        bench_writers("durable row of 2 KB", insert_issued, 64, 19200);
}

static void bench_issue_part(void)
{
        bench_writers("application (4 rows)", apply_once, 1, 2000);
        bench_writers("application (4 rows)", apply_once, 8, 8000);
        int64_t first = next_new;
        bench_writers("application (4 rows)", apply_once, 64, 19200);
        bench_issue(first, 300);
}

static const struct {
        const char *name;
        void (*run)(void);
} parts[] = {
        {"open", bench_open_part}, {"get", bench_get_part}, {"list", bench_lists}, {"list", bench_ranges_and_tags}, {"search", bench_searches},
        {"log", bench_log}, {"write", bench_write_part}, {"issue", bench_issue_part},
};

int main(int argc, char **argv)
{
        bool is_new;

        setvbuf(stdout, NULL, _IOLBF, 0);
        parse(argc, argv);
        is_new = access(path, F_OK) != 0;
        open_store();
        if (is_new)
                generate();
        next_new = row_count + 1 + (is_new ? 0 : (int64_t)time(NULL) % 1000000000 * 100000);
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
                if (!only || strcmp(only, parts[i].name) == 0)
                        parts[i].run();
        }
        store_close(store);
        if (!keeps)
                remove_data();
        return 0;
}
