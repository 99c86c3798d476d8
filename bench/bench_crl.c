/*
 * The lists of a million revoked certificates, made from the database by the server's code and a real signer.
 *
 *     bench_crl PROGRAM-DIR CATALOGUE-DIR MIGRATIONS-DIR [REVOKED]
 *
 * What is measured is crl_begin() of shards that have no list yet: entries read, sent to the signer, signed, stored, put
 * where they are served from.  Memory is the highest that server and signer together grew by meanwhile, the lists in the
 * server's memory (38 bytes an entry) included and told apart.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/issuing.h"
#include "bench/proc.h"
#include "bench/store_rows.h"
#include "core/act.h"
#include "core/crl.h"
#include "store/crl_shard.h"
#include "store/issued.h"

#define REVOKED_DEFAULT 1000000
#define ROWS_AT_ONCE 5000
#define BENCH_ARENA (64 * 1024 * 1024)

struct bench {
        struct issuing issuing;
        int64_t done, count;
};

static res revoke_one(struct bench *bench, struct store_tx *tx, int64_t n)
{
        uint8_t serial[16];
        uint64_t high = mix((uint64_t)n) >> 1, low = mix((uint64_t)n + 77);
        struct issued_row row = {
                .account_id = bench->issuing.account_id, .certificate_id = STR("revoked"), .serial = bytes_of(serial, sizeof serial),
                .issuer = STR("dv-ecc"), .profile = STR("dv"), .profile_hash = bytes_of("", 0), .request = bytes_of("", 0), .der = bytes_of("", 0),
                .not_before = clock_now_sec(), .not_after = clock_now_sec() + 90 * 86400, .created_at = clock_now_sec(),
        };

        memcpy(serial, &high, 8);
        serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40);
        memcpy(serial + 8, &low, 8);
        TRY(store_crl_shard_assign(tx, row.issuer, &row.crl_shard));
        TRY(store_issued_insert(tx, &row));
        return store_issued_set_dead(tx, row.account_id, row.issued_id, clock_now_sec() - n % 86400, 1 + n % 5 % 4);
}

static res revoke_some(struct store_tx *tx, void *arg)
{
        struct bench *bench = arg;

        for (int64_t n = bench->done; n < bench->done + ROWS_AT_ONCE && n < bench->count; n++)
                TRY(revoke_one(bench, tx, n));
        return RES_OK;
}

/* VmHWM or VmRSS of a process in MB. */
static double memory_mb(pid_t pid, const char *what)
{
        char path[64], line[256];
        double kb = 0;

        snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
        FILE *f = fopen(path, "r");

        while (f && fgets(line, sizeof line, f))
                if (strncmp(line, what, strlen(what)) == 0)
                        kb = strtod(line + strlen(what) + 1, NULL);
        if (f)
                fclose(f);
        return kb / 1024;
}

/* From now on VmHWM counts anew. */
static void memory_reset(pid_t pid)
{
        char path[64];

        snprintf(path, sizeof path, "/proc/%d/clear_refs", (int)pid);
        FILE *f = fopen(path, "w");

        if (f) {
                fputs("5", f);
                fclose(f);
        }
}

static double own_cpu(void)
{
        struct rusage usage;

        getrusage(RUSAGE_SELF, &usage);
        return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* What is served: bytes of all shards. */
static double served_mb(struct issuing *issuing, struct crl_cache *cache)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(BENCH_ARENA);
        const struct crl_shard_row *shards = NULL;
        struct store_conn *conn = NULL;
        double sum = 0;
        size_t n = 0;

        issuing_check(store_read(issuing->core.store, &conn), "read");
        issuing_check(store_crl_shard_list(conn, arena, &shards, &n), "shards");
        for (size_t i = 0; i < n; i++) {
                CLEAN(buf_done) struct buf der = {0};
                struct crl_meta meta;

                buf_init(&der, BENCH_ARENA);
                if (crl_cache_get(cache, shards[i].issuer, shards[i].shard, &der, &meta))
                        sum += (double)der.n;
        }
        return sum / 1e6;
}

static void make_lists(struct bench *bench)
{
        struct proc_profile profile;
        struct issuing *issuing = &bench->issuing;
        struct crl_cache *cache = NULL;
        struct act act;

        issuing_check(crl_cache_new(&cache), "cache");
        act_begin(&act, &issuing->core, issuing->arena, 0);
        memory_reset(getpid());
        memory_reset(issuing->signer);
        double base = memory_mb(getpid(), "VmRSS") + memory_mb(issuing->signer, "VmRSS");
        proc_profile_begin(&profile, getenv("BENCH_PROFILE"), getpid(), issuing->signer);
        double cpu = own_cpu(), signer = proc_cpu_sec(issuing->signer), wall = (double)clock_mono_ms();

        issuing_check(crl_begin(&act, cache), "lists");
        cpu = own_cpu() - cpu;
        signer = proc_cpu_sec(issuing->signer) - signer;
        wall = (double)clock_mono_ms() - wall;
        proc_profile_end(&profile);
        double peak = memory_mb(getpid(), "VmHWM") + memory_mb(issuing->signer, "VmHWM") - base;
        printf("CRLs of %lld revoked: %.2f s CPU (server %.2f, signer %.2f), %.2f s; target 0.30; memory +%.0f MB, of which %.0f MB are the lists served; target 64\n",
               (long long)bench->count, cpu + signer, cpu, signer, wall / 1e3, peak, served_mb(issuing, cache));
        crl_cache_free(cache);
}

int main(int argc, char **argv)
{
        char dir[] = "/var/tmp/chancery-bench-XXXXXX", setting[4096], command[128];
        const char *settings[] = {setting, NULL};
        struct bench bench = {.issuing = {.arena = arena_new(BENCH_ARENA), .dir = dir}, .count = REVOKED_DEFAULT};

        if (argc < 4 || argc > 5) {
                fprintf(stderr, "usage: %s PROGRAM-DIR CATALOGUE-DIR MIGRATIONS-DIR [REVOKED]\n", argv[0]);
                return 2;
        }
        if (argc == 5)
                bench.count = strtoll(argv[4], NULL, 10);
        if (mkdtemp(dir) == NULL)
                issuing_check(FAIL(ERR_IO), "directory");
        snprintf(setting, sizeof setting, "catalogue.dir=%s", argv[2]);
        issuing_start(&bench.issuing, argv[1], argv[2], argv[3], settings);
        for (; bench.done < bench.count; bench.done += ROWS_AT_ONCE)
                issuing_check(store_run(bench.issuing.core.store, revoke_some, &bench), "rows");
        make_lists(&bench);
        store_read_done(bench.issuing.core.store);
        issuing_stop(&bench.issuing);
        snprintf(command, sizeof command, "rm -rf %s", dir);
        return system(command) == 0 ? 0 : 1;
}
