/*
 * The issue step: from "validated" to "stored", LIMIT_ISSUE_BATCH in flight, P-256, key known, durable.
 *
 *     bench_issue PROGRAM-DIR CATALOGUE-DIR MIGRATIONS-DIR [CERTIFICATES]
 *
 * A real chancery-signer is started with a conversation of its own; the store is a real file.  What is measured is the
 * CPU of both programs while issue_round() carries the certificates: serials and requests stored, signed, certificates
 * stored.  Making the rows before it (application, key, evidence) is not counted, nor is CAA, which is the prober's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "bench/issuing.h"
#include "bench/proc.h"
#include "core/certificate.h"

#define BENCH_DEFAULT 20000
#define BENCH_ROWS_AT_ONCE 500
#define BENCH_ARENA (256 * 1024 * 1024)

struct bench {
        struct issuing issuing;
        size_t count, done;
        struct issue_ticket *tickets;
};

static double cpu_sec(int who)
{
        struct rusage usage;

        getrusage(who, &usage);
        return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static res make_rows(struct store_tx *tx, void *arg)
{
        struct bench *bench = arg;
        size_t end = bench->done + BENCH_ROWS_AT_ONCE < bench->count ? bench->done + BENCH_ROWS_AT_ONCE : bench->count;

        for (size_t i = bench->done; i < end; i++) {
                char domain[64];
                struct issuing_row row = {.domain = domain, .zone = "chancery-bench.com", .alias = "", .life_days = 365};

                snprintf(domain, sizeof domain, "host-%zu.chancery-bench.com", i);
                TRY(issuing_put(&bench->issuing, tx, &row, &bench->tickets[i]));
        }
        return RES_OK;
}

static void prepare(struct bench *bench)
{
        bench->tickets = arena_array_of(bench->issuing.arena, bench->count, struct issue_ticket);
        for (; bench->done < bench->count; bench->done += BENCH_ROWS_AT_ONCE) {
                issuing_check(store_run(bench->issuing.core.store, make_rows, bench), "rows");
                if (isatty(2))
                        fprintf(stderr, "\rpreparing %zu of %zu", bench->done, bench->count);
        }
        if (isatty(2))
                fprintf(stderr, "\r\033[K");
}

static void run(struct bench *bench)
{
        double own = cpu_sec(RUSAGE_SELF), signer = proc_cpu_sec(bench->issuing.signer);
        struct timespec began, ended;

        clock_gettime(CLOCK_MONOTONIC, &began);
        for (size_t i = 0; i < bench->count; i += LIMIT_ISSUE_BATCH) {
                size_t n = bench->count - i < LIMIT_ISSUE_BATCH ? bench->count - i : LIMIT_ISSUE_BATCH;

                if (!issue_round(&bench->issuing.core, &bench->tickets[i], n))
                        issuing_check(FAIL(ERR_STORE), "round");
        }
        clock_gettime(CLOCK_MONOTONIC, &ended);
        own = cpu_sec(RUSAGE_SELF) - own;
        signer = proc_cpu_sec(bench->issuing.signer) - signer;
        double n = (double)bench->count;
        double wall = (double)(ended.tv_sec - began.tv_sec) + (double)(ended.tv_nsec - began.tv_nsec) / 1e9;

        printf("issue step, P-256, %d in flight, durable: %.3f ms CPU each (server %.3f, signer %.3f); target 0.20; %.0f per second\n",
               LIMIT_ISSUE_BATCH, (own + signer) / n * 1e3, own / n * 1e3, signer / n * 1e3, n / wall);
}

/* Nothing is worth a figure that did not happen: every certificate must be there. */
static void verify(struct bench *bench)
{
        struct issuing *issuing = &bench->issuing;
        struct store_conn *conn = NULL;

        issuing_check(store_read(issuing->core.store, &conn), "read");
        for (size_t i = 0; i < bench->count; i++) {
                CLEAN(arena_free_ptr) struct arena *arena = arena_new(1024 * 1024);
                struct certificate_row row = {0};

                issuing_check(store_certificate_get(conn, arena, issuing->account_id, str_of(bench->tickets[i].certificate_id), &row), "certificate");
                if (row.status != CERT_ISSUED || row.issued_id == 0)
                        issuing_check(FAIL(ERR_INTERNAL), "a certificate was not issued");
        }
        store_read_done(issuing->core.store);
}

int main(int argc, char **argv)
{
        char dir[] = "/var/tmp/chancery-bench-XXXXXX", setting[4096], command[128];
        const char *settings[] = {setting, NULL};
        struct bench bench = {.issuing = {.arena = arena_new(BENCH_ARENA), .dir = dir}, .count = BENCH_DEFAULT};

        if (argc < 4 || argc > 5) {
                fprintf(stderr, "usage: %s PROGRAM-DIR CATALOGUE-DIR MIGRATIONS-DIR [CERTIFICATES]\n", argv[0]);
                return 2;
        }
        if (argc == 5)
                bench.count = (size_t)strtoul(argv[4], NULL, 10);
        if (mkdtemp(dir) == NULL)
                issuing_check(FAIL(ERR_IO), "directory");
        snprintf(setting, sizeof setting, "catalogue.dir=%s", argv[2]);
        issuing_start(&bench.issuing, argv[1], argv[2], argv[3], settings);
        prepare(&bench);
        run(&bench);
        verify(&bench);
        issuing_stop(&bench.issuing);
        snprintf(command, sizeof command, "rm -rf %s", dir);
        return system(command) == 0 ? 0 : 1;
}
