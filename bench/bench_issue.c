/*
 * The issue step: from "validated" to "stored", LIMIT_ISSUE_BATCH in flight, P-256, key known, durable.
 *
 *     bench_issue PROGRAM-DIR CATALOGUE-DIR MIGRATIONS-DIR [CERTIFICATES]
 *
 * A real chancery-signer is started with a conversation of its own; the store is a real file.  What is measured is the
 * CPU of both programs while issue_round() carries the certificates: serials and requests stored, signed, certificates
 * stored.  Making the rows before it (application, key, evidence) is not counted, nor is CAA, which is the prober's.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/digest.h"
#include "base/random.h"
#include "bench/proc.h"
#include "core/certificate.h"
#include "core/core.h"
#include "core/issue.h"
#include "core/issuers.h"
#include "ipc/channel.h"
#include "ipc/control.h"
#include "pki/key.h"
#include "store/account.h"
#include "store/evidence.h"
#include "store/key.h"
#include "store/quota.h"
#include "store/validation.h"

#define BENCH_DEFAULT 20000
#define BENCH_ROWS_AT_ONCE 500
#define BENCH_ARENA (256 * 1024 * 1024)

struct bench {
        struct core core;
        struct arena *arena;
        char dir[64];
        pid_t signer;
        int control;
        struct bytes spki;
        int64_t account_id;
        size_t count, done;
        struct issue_ticket *tickets;
};

static void check(res r, const char *what)
{
        if (res_is_ok(r))
                return;
        fprintf(stderr, "%s: %s\n", what, err_name(r.err));
        exit(1);
}

static double cpu_sec(int who)
{
        struct rusage usage;

        getrusage(who, &usage);
        return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* ---- the signer, started as the parent does ---------------------------------------------------------------- */

static int master_key(const struct bench *bench)
{
        char path[PATH_MAX];
        uint8_t key[32];

        snprintf(path, sizeof path, "%s/keys", bench->dir);
        mkdir(path, 0700);
        snprintf(path, sizeof path, "%s/log", bench->dir);
        mkdir(path, 0700);
        snprintf(path, sizeof path, "%s/keys/master", bench->dir);
        int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0400);

        random_bytes(key, sizeof key);
        if (fd < 0 || write(fd, key, sizeof key) != (ssize_t)sizeof key)
                check(FAIL(ERR_IO), "master key");
        return fd;
}

static void start_signer(struct bench *bench, const char *program_dir, const char *catalogue)
{
        int control[2], conversation[2], key = master_key(bench);
        char path[PATH_MAX], setting[PATH_MAX];

        check(frame_pair(control), "socket pair");
        check(frame_pair(conversation), "socket pair");
        snprintf(path, sizeof path, "%s/chancery-signer", program_dir);
        snprintf(setting, sizeof setting, "catalogue.dir=%s", catalogue);
        bench->signer = fork();
        if (bench->signer == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                dup2(control[1], CONTROL_FD);
                execl(path, "chancery-signer", "--data", bench->dir, "--set", setting, (char *)NULL);
                perror(path);
                _exit(127);
        }
        close(control[1]);
        check(control_send_fd(control[0], MSG_FD_MASTER_KEY, MSG_PEER_PARENT, key), "master key");
        check(control_send_fd(control[0], MSG_FD_PEER, MSG_PEER_SERVER, conversation[1]), "conversation");
        check(control_send_go(control[0]), "go");
        close(conversation[1]);
        close(key);
        bench->control = control[0];
        bench->core.signer = channel_new(MSG_PEER_SIGNER);
        channel_replace_fd(bench->core.signer, conversation[0]);
}

/* ---- rows as an application and its validation leave them ------------------------------------------------------ */

static res make_account(struct store_tx *tx, void *arg)
{
        struct bench *bench = arg;
        struct account_row row = {
                .uin = STR("100000000001"), .name = STR("bench"), .identity = STR("individual"), .verified = 1, .level = STR("v2"), .created_at = clock_now_sec(),
        };

        TRY(store_account_insert(tx, &row));
        bench->account_id = row.account_id;
        return RES_OK;
}

static res make_one(struct bench *bench, struct store_tx *tx, struct arena *arena, size_t i)
{
        struct issue_ticket *ticket = &bench->tickets[i];
        int64_t now = clock_now_sec();
        uint8_t hash[DIGEST_SHA256_SIZE];
        char *domain = arena_printf(arena, "host-%zu.chancery-bench.com", i);

        random_text(ticket->certificate_id, 8, RANDOM_ALNUM);
        ticket->account_id = bench->account_id;
        ticket->caa_checked_at = now;
        digest_sha256(bench->spki, hash);
        struct cert_key_row key = {.account_id = bench->account_id, .key_type = MSG_KEY_EC_P256, .spki = bench->spki,
                                   .spki_hash = bytes_of(hash, sizeof hash), .sealed = bytes_of("x", 1), .csr = bytes_of("", 0), .created_at = now};
        struct evidence_row evidence = {.account_id = bench->account_id, .name = str_of(domain), .method = MSG_METHOD_DNS_TXT, .value = STR("v"),
                                        .detail = STR(""), .proved_at = now, .expires_at = now + 86400};

        TRY(store_key_insert(tx, &key));
        TRY(store_evidence_insert(tx, &evidence));
        struct validation_row validation = {.account_id = bench->account_id, .certificate_id = str_of(ticket->certificate_id), .name = str_of(domain),
                                            .zone = STR("chancery-bench.com"), .method = STR("TXT"), .record = STR("_dnsauth"), .value = STR("v"),
                                            .state = STR("passed"), .detail = STR(""), .found = STR(""), .evidence_id = evidence.evidence_id};
        struct certificate_row row = {
                .certificate_id = str_of(ticket->certificate_id), .account_id = bench->account_id, .source = STR("trustasia"),
                .certificate_type = STR("SVR"), .package_type = STR("2"), .product_name = STR("bench"), .level = STR("DV"), .domain_type = 1,
                .status = CERT_PENDING, .status_msg = STR("WAIT-ISSUE"), .alias = STR(""), .domain = str_of(domain), .names = str_of(domain),
                .primary_domain = STR("chancery-bench.com"), .validity_months = STR("12"), .life_days = 365, .verify_type = STR("DNS"),
                .email = STR(""), .phone = STR(""), .key_type = STR("ECC prime256v1"), .key_id = key.key_id, .issuer = STR("dv-ecc"),
                .profile = STR("dv"), .created_at = now, .submitted_at = now, .deadline_at = now + 86400, .validated_at = now,
                .origin_certificate_id = STR(""), .renew_certificate_id = STR(""), .replaced_by = STR(""), .replaced_for = STR(""),
        };

        TRY(store_validation_insert(tx, &validation));
        TRY(store_certificate_insert(tx, &row));
        TRY(job_put(tx, JOB_ISSUE, bench->account_id, str_of(ticket->certificate_id), now, now));
        return store_quota_insert(tx, &(struct quota_use_row){
                                              .certificate_id = str_of(ticket->certificate_id), .account_id = bench->account_id, .counter = STR("any"),
                                              .primary_domain = STR("chancery-bench.com"), .created_at = now});
}

static res make_rows(struct store_tx *tx, void *arg)
{
        struct bench *bench = arg;
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(BENCH_ARENA);
        size_t end = bench->done + BENCH_ROWS_AT_ONCE < bench->count ? bench->done + BENCH_ROWS_AT_ONCE : bench->count;

        for (size_t i = bench->done; i < end; i++)
                TRY(make_one(bench, tx, arena, i));
        return RES_OK;
}

/* ---- the run ---------------------------------------------------------------------------------------------------- */

static void prepare(struct bench *bench, const char *migrations, const char *catalogue)
{
        CLEAN(buf_done) struct buf why = {0};
        char path[PATH_MAX];
        struct pki_key *key = NULL;

        buf_init(&why, 4096);
        snprintf(path, sizeof path, "%s/chancery.db", bench->dir);
        res r = store_open(path, migrations, &why, &bench->core.store);

        if (res_is_ok(r))
                r = issuers_new(catalogue, &bench->core.issuers, &why);
        if (res_is_ok(r))
                r = issuers_ask(bench->core.issuers, bench->core.signer, &why);
        if (!res_is_ok(r))
                fprintf(stderr, "%s\n", buf_c(&why));
        check(r, "start");
        memcpy(bench->core.node, "bench", 6);
        check(pki_key_generate(PKI_KEY_EC_P256, &key), "key");
        bench->spki = bytes_of(arena_copy(bench->arena, pki_key_spki(key).p, pki_key_spki(key).n), pki_key_spki(key).n);
        pki_key_free(key);
        check(store_run(bench->core.store, make_account, bench), "account");
        bench->tickets = arena_array_of(bench->arena, bench->count, struct issue_ticket);
        for (; bench->done < bench->count; bench->done += BENCH_ROWS_AT_ONCE) {
                check(store_run(bench->core.store, make_rows, bench), "rows");
                if (isatty(2))
                        fprintf(stderr, "\rpreparing %zu of %zu", bench->done, bench->count);
        }
        if (isatty(2))
                fprintf(stderr, "\r\033[K");
}

static void run(struct bench *bench)
{
        double own = cpu_sec(RUSAGE_SELF), signer = proc_cpu_sec(bench->signer);
        struct timespec began, ended;

        clock_gettime(CLOCK_MONOTONIC, &began);
        for (size_t i = 0; i < bench->count; i += LIMIT_ISSUE_BATCH) {
                size_t n = bench->count - i < LIMIT_ISSUE_BATCH ? bench->count - i : LIMIT_ISSUE_BATCH;

                if (!issue_round(&bench->core, &bench->tickets[i], n))
                        check(FAIL(ERR_STORE), "round");
        }
        clock_gettime(CLOCK_MONOTONIC, &ended);
        own = cpu_sec(RUSAGE_SELF) - own;
        signer = proc_cpu_sec(bench->signer) - signer;
        double n = (double)bench->count;
        double wall = (double)(ended.tv_sec - began.tv_sec) + (double)(ended.tv_nsec - began.tv_nsec) / 1e9;

        printf("issue step, P-256, %d in flight, durable: %.3f ms CPU each (server %.3f, signer %.3f); target 0.20; %.0f per second\n",
               LIMIT_ISSUE_BATCH, (own + signer) / n * 1e3, own / n * 1e3, signer / n * 1e3, n / wall);
}

/* Nothing is worth a figure that did not happen: every certificate must be there. */
static void verify(struct bench *bench)
{
        struct store_conn *conn = NULL;

        check(store_read(bench->core.store, &conn), "read");
        for (size_t i = 0; i < bench->count; i++) {
                CLEAN(arena_free_ptr) struct arena *arena = arena_new(1024 * 1024);
                struct certificate_row row = {0};

                check(store_certificate_get(conn, arena, bench->account_id, str_of(bench->tickets[i].certificate_id), &row), "certificate");
                if (row.status != CERT_ISSUED || row.issued_id == 0)
                        check(FAIL(ERR_INTERNAL), "a certificate was not issued");
        }
        store_read_done(bench->core.store);
}

int main(int argc, char **argv)
{
        struct bench bench = {.arena = arena_new(BENCH_ARENA), .count = BENCH_DEFAULT};
        CLEAN(buf_done) struct buf why = {0};
        char program[] = "bench", option[] = "--data";
        char *settings[] = {program, option, bench.dir, NULL};
        struct conf *conf = NULL;

        if (argc < 4 || argc > 5) {
                fprintf(stderr, "usage: %s PROGRAM-DIR CATALOGUE-DIR MIGRATIONS-DIR [CERTIFICATES]\n", argv[0]);
                return 2;
        }
        if (argc == 5)
                bench.count = (size_t)strtoul(argv[4], NULL, 10);
        snprintf(bench.dir, sizeof bench.dir, "%s", "/var/tmp/chancery-bench-XXXXXX");
        if (mkdtemp(bench.dir) == NULL)
                check(FAIL(ERR_IO), "directory");
        buf_init(&why, 4096);
        check(conf_load(3, settings, 1, &conf, &why), "settings");
        bench.core.conf = conf;
        start_signer(&bench, argv[1], argv[2]);
        prepare(&bench, argv[3], argv[2]);
        run(&bench);
        verify(&bench);
        close(bench.control);
        waitpid(bench.signer, NULL, 0);
        store_close(bench.core.store);
        char command[128];

        snprintf(command, sizeof command, "rm -rf %s", bench.dir);
        return system(command) == 0 ? 0 : 1;
}
