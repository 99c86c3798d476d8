/*
 * Cuts the power at many moments of what a service did (cut.h) and opens what the disk may hold then, with the code that
 * a start runs: the data directory, the master key, the CA, the signer's log, the database.  Everything opens; what a client
 * had seen by then is there; what the database calls issued is in the signer's log.
 *
 *     powercut_check TRACE FACTS ROOT CUTS SEED
 *
 * FACTS has a line a fact: how much of the trace there was when it was seen, and what: `ready`, `root FILE`,
 * `account SECRET-ID`, `applied ID`, `issued ID SERIAL`.
 */
#include <ftw.h>
#include <sqlite3.h>
#include <sys/mman.h>

#include "base/hex.h"
#include "base/log.h"
#include "pki/seal.h"
#include "powercut_disk.h"
#include "serve/data.h"
#include "signer/signer.h"
#include "store/store.h"

#define FACTS_MAX 1000
#define RSA_EVERY 16 /* of the first moments, when RSA keys must be made anew, only so many are taken to the end */

struct fact {
        uint64_t seen_at;
        char kind[16], a[256], b[64];
};

static struct {
        const struct cut_trace *trace;
        const char *root;
        struct fact fact[FACTS_MAX];
        size_t fact_count;
        char dir[64]; /* the image */
        uint64_t cut; /* bytes of the trace that happened */
        size_t early;
} run;

static _Noreturn void fail(const char *what, const char *why)
{
        printf("after %llu bytes of the trace, image %s: %s: %s\n", (unsigned long long)run.cut, run.dir, what, why);
        exit(1);
}

#define MUST_HOLD(result, why) \
        do { \
                const res held = (result); \
                if (!res_is_ok(held)) { \
                        buf_printf((why), " (%s)", err_name(held.err)); \
                        fail(#result, buf_c(why)); \
                } \
        } while (0)

static bool was_seen(const struct fact *fact, const char *kind)
{
        return fact->seen_at <= run.cut && strcmp(fact->kind, kind) == 0;
}

static bool is_ready(void)
{
        for (size_t i = 0; i < run.fact_count; i++)
                if (was_seen(&run.fact[i], "ready"))
                        return true;
        return false;
}

/* ---- the CA --------------------------------------------------------------------------------------------------- */

static bool exists(const char *name)
{
        char path[160];

        snprintf(path, sizeof(path), "%s/data/%s", run.dir, name);
        return access(path, F_OK) == 0;
}

static void derive(int fd, uint8_t key[PKI_SEAL_KEY_SIZE])
{
        uint8_t master[256];
        const ssize_t n = pread(fd, master, sizeof(master), 0);

        if (n <= 0 || !res_is_ok(pki_seal_derive(bytes_of(master, (size_t)n), "signer", key)))
                fail("master key", "unreadable");
}

static void check_root(const char *wanted)
{
        char path[160], a[16384], b[16384];

        snprintf(path, sizeof(path), "%s/data/root.pem", run.dir);
        FILE *there = fopen(path, "r"), *given = fopen(wanted, "r");
        if (!there || !given)
                fail("root.pem", "is not there");
        const size_t n = fread(a, 1, sizeof(a), there), m = fread(b, 1, sizeof(b), given);
        fclose(there);
        fclose(given);
        if (n != m || memcmp(a, b, n) != 0)
                fail("root.pem", "is another one than a client had");
}

/* The signer as it starts.  False: not taken to the end. */
static bool check_signer(struct signer *signer, int master, struct buf *why)
{
        uint8_t key[PKI_SEAL_KEY_SIZE];
        char log_dir[160];

        derive(master, key);
        if (exists("keys/dv-rsa.sealed") || run.early++ % RSA_EVERY == 0) {
                MUST_HOLD(signer_open(signer, key, why), why);
                return true;
        }
        snprintf(log_dir, sizeof(log_dir), "%s/data/log", run.dir);
        MUST_HOLD(journal_open(log_dir, &signer->journal, why), why);
        return false;
}

/* ---- the database ------------------------------------------------------------------------------------------------ */

static bool has_row(sqlite3 *db, const char *sql, const char *a, const char *b)
{
        sqlite3_stmt *statement = NULL;

        if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK ||
            sqlite3_bind_text(statement, 1, a, -1, SQLITE_STATIC) != SQLITE_OK ||
            (b && sqlite3_bind_text(statement, 2, b, -1, SQLITE_STATIC) != SQLITE_OK))
                fail(sql, sqlite3_errmsg(db));
        const bool has = sqlite3_step(statement) == SQLITE_ROW;
        sqlite3_finalize(statement);
        return has;
}

static void check_fact(sqlite3 *db, const struct fact *fact)
{
        if (was_seen(fact, "root"))
                check_root(fact->a);
        if (was_seen(fact, "account") && !has_row(db, "SELECT 1 FROM api_key WHERE secret_id = ?1", fact->a, NULL))
                fail("an account that was given out is lost", fact->a);
        if (was_seen(fact, "applied") &&
            !has_row(db, "SELECT 1 FROM certificate WHERE certificate_id = ?1", fact->a, NULL))
                fail("an application is lost", fact->a);
        if (was_seen(fact, "issued") &&
            !has_row(
                    db,
                    "SELECT 1 FROM certificate c JOIN issued i ON i.issued_id = c.issued_id WHERE c.certificate_id = ?1 "
                    "AND c.status = 1 AND i.state = 'issued' AND length(i.der) > 0 AND hex(i.serial) LIKE '%' || ?2",
                    fact->a, fact->b))
                fail("a certificate that was downloaded is lost", fact->a);
}

/* What is issued was logged by the signer before. */
static void check_logged(sqlite3 *db, struct journal *journal)
{
        sqlite3_stmt *statement = NULL;
        struct journal_entry entry;

        if (sqlite3_prepare_v2(db, "SELECT serial FROM issued WHERE state = 'issued'", -1, &statement, NULL) !=
            SQLITE_OK)
                fail("issued", sqlite3_errmsg(db));
        while (sqlite3_step(statement) == SQLITE_ROW)
                if (sqlite3_column_bytes(statement, 0) != MSG_SERIAL_SIZE ||
                    !res_is_ok(journal_find(journal, sqlite3_column_blob(statement, 0), &entry)))
                        fail("a certificate", "is in the database and not in the signer's log");
        sqlite3_finalize(statement);
}

static void check_store(struct journal *journal, struct buf *why)
{
        char path[160];
        struct store *store = NULL;
        sqlite3 *db = NULL;

        snprintf(path, sizeof(path), "%s/data/chancery.db", run.dir);
        MUST_HOLD(store_open(path, TEST_SOURCE_DIR "/migrations", why, &store), why);
        store_close(store);
        if (sqlite3_open(path, &db) != SQLITE_OK)
                fail(path, sqlite3_errmsg(db));
        if (!has_row(db, "SELECT 1 FROM pragma_integrity_check WHERE integrity_check = ?1", "ok", NULL))
                fail("the database", "is damaged");
        for (size_t i = 0; i < run.fact_count; i++)
                check_fact(db, &run.fact[i]);
        check_logged(db, journal);
        sqlite3_close(db);
}

/* ---- one cut ------------------------------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
        (void)info, (void)type, (void)at;
        return remove(path);
}

static void check(void)
{
        char data[80];
        char *argv[] = {(char[]){"check"}, (char[]){"--data"}, data, (char[]){"--set"},
                        (char[]){"catalogue.dir=" TEST_SOURCE_DIR "/catalogue"}};
        struct signer signer = {.magic = SIGNER_MAGIC};
        CLEAN(buf_done) struct buf why = {.ceiling = 8192};
        int lock = -1, master = -1;

        snprintf(data, sizeof(data), "%s/data", run.dir);
        if (is_ready() && !exists(""))
                fail("the data directory", "is gone");
        MUST_HOLD(conf_load(5, argv, 1, &signer.conf, &why), &why);
        MUST_HOLD(data_open(signer.conf, &lock, &why), &why);
        MUST_HOLD(data_master_key(signer.conf, &master, &why), &why);
        if (is_ready() && (!exists("keys/root-ecc.sealed") || !exists("keys/dv-rsa.sealed")))
                fail("the CA's keys", "are gone");
        if (check_signer(&signer, master, &why) || is_ready())
                check_store(signer.journal, &why);
        signer_done(&signer);
        close(lock);
        close(master);
}

static void cut_here(struct disk *disk)
{
        snprintf(run.dir, sizeof(run.dir), "/dev/shm/chancery-cut-XXXXXX");
        if (!mkdtemp(run.dir))
                fail("mkdtemp", run.dir);
        disk_write_out(disk, run.root, run.dir);
        check();
        (void)nftw(run.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- all of them ----------------------------------------------------------------------------------------------------- */

static void read_facts(const char *path)
{
        FILE *file = fopen(path, "r");
        unsigned long long seen_at;

        if (!file)
                fail(path, "cannot be opened");
        for (struct fact *fact = run.fact; run.fact_count < FACTS_MAX; fact++, run.fact_count++) {
                char line[400];
                if (!fgets(line, sizeof(line), file) ||
                    sscanf(line, "%llu %15s %255s %63s", &seen_at, fact->kind, fact->a, fact->b) < 2)
                        break;
                fact->seen_at = seen_at;
        }
        fclose(file);
}

static const struct cut_record *record_at(uint64_t at, char *path, char *path2, const uint8_t **ret_data,
                                          uint64_t *ret_next)
{
        const struct cut_record *record = (const void *)(run.trace->record + at);
        const uint8_t *p = run.trace->record + at + sizeof(*record);

        snprintf(path, 512, "%.*s", (int)record->path_len, (const char *)p);
        snprintf(path2, 512, "%.*s", (int)record->path2_len, (const char *)p + record->path_len);
        *ret_data = p + record->path_len + record->path2_len;
        *ret_next = at + ((sizeof(*record) + record->path_len + record->path2_len + record->n + 7) & ~(uint64_t)7);
        return record;
}

static uint64_t count_records(void)
{
        const uint8_t *data;
        char path[512], path2[512];
        uint64_t n = 0;

        for (uint64_t at = 0; at < run.trace->used; n++)
                (void)record_at(at, path, path2, &data, &at);
        return n;
}

/* The moments are spread evenly over the acts; each act is hit at least once when there are as many cuts. */
static uint64_t cut_all(uint64_t cuts, struct disk *disk)
{
        const uint64_t records = count_records();
        uint64_t done = 0, made = 0;
        const uint8_t *data;
        char path[512], path2[512];

        for (uint64_t at = 0; at < run.trace->used; done++) {
                for (; made < cuts && made * records / cuts <= done; made++) {
                        run.cut = at;
                        cut_here(disk);
                }
                const struct cut_record *record = record_at(at, path, path2, &data, &at);
                disk_do(disk, record, path, path2, data);
        }
        printf("%llu cuts in %llu acts, %zu facts\n", (unsigned long long)made, (unsigned long long)records,
               run.fact_count);
        return made;
}

int main(int argc, char **argv)
{
        struct disk disk = {0};
        int64_t cuts = 0, seed = 0;
        const int fd = argc == 6 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;

        log_init("check", LOG_ERROR);
        if (fd < 0 || !res_is_ok(str_to_int64(str_of(argv[4]), &cuts)) ||
            !res_is_ok(str_to_int64(str_of(argv[5]), &seed)))
                return 2;
        run.trace = mmap(NULL, sizeof(*run.trace), PROT_READ, MAP_SHARED, fd, 0);
        if (run.trace == MAP_FAILED || run.trace->lost)
                return 2;
        run.root = argv[3];
        disk.seed = (uint64_t)seed | 1;
        disk.durable = disk_put(NULL, run.root, NULL, true); /* so that a list is never empty; it is made by us */
        read_facts(argv[2]);
        const uint64_t made = cut_all((uint64_t)cuts, &disk);
        disk_done(&disk);
        return made > 0 ? 0 : 1;
}
