/*
 * The signer alone: CPU of both sides for one issue through the socket, LIMIT_ISSUE_BATCH in flight, and for one at a
 * time; and an OCSP answer signed on demand.
 *
 *     bench_signer [ROUNDS]
 */
#include <sys/resource.h>

#include "pki/key.h"
#include "tests/lib/issue_request.h"
#include "tests/lib/program.h"

#define ROUNDS_DEFAULT 200

struct bench {
        struct program signer;
        struct pki_profiles profiles;
        struct pki_key *key;
};

static double own_cpu_ms(void)
{
        struct rusage usage;

        getrusage(RUSAGE_SELF, &usage);
        return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

/* From the scheduler: nanoseconds that the process really ran. */
static double cpu_ms_of(pid_t pid)
{
        char path[64], line[128] = "";

        snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
        FILE *file = fopen(path, "re");
        if (!file || !fgets(line, sizeof(line), file))
                program_fail(path);
        fclose(file);
        return (double)strtoull(line, NULL, 10) / 1e6;
}

static void read_profiles(struct bench *bench)
{
        static char text[65536];
        CLEAN(buf_done) struct buf why = {0};
        FILE *file = fopen(BENCH_SOURCE_DIR "/catalogue/profiles.ini", "re");

        buf_init(&why, 1000);
        size_t n = file ? fread(text, 1, sizeof(text), file) : 0;
        if (!file || !res_is_ok(pki_profiles_parse((struct str){text, n}, &bench->profiles, &why)))
                program_fail("profiles.ini");
        fclose(file);
}

static void issue(struct bench *bench, const char *issuer, size_t count)
{
        struct issue_request requests[LIMIT_ISSUE_BATCH];
        struct channel_request out[LIMIT_ISSUE_BATCH];
        struct channel_reply replies[LIMIT_ISSUE_BATCH];
        res results[LIMIT_ISSUE_BATCH];

        for (size_t i = 0; i < count; i++) {
                issue_request_make(&requests[i], pki_profiles_find(&bench->profiles, STR("dv")), issuer,
                                   pki_key_spki(bench->key), "www.example.com");
                out[i] = issue_request_out(&requests[i]);
        }
        channel_call_batch(bench->signer.channel, out, count, 30000, replies, results);
        for (size_t i = 0; i < count; i++) {
                if (!res_is_ok(results[i]) || replies[i].err != ERR_NONE) {
                        fprintf(stderr, "issue: %s %s %s\n", err_name(results[i].err), err_name(replies[i].err),
                                replies[i].tail.p ? (const char *)replies[i].tail.p : "");
                        exit(1);
                }
                channel_reply_done(&replies[i]);
                issue_request_done(&requests[i]);
        }
}

static void measure(struct bench *bench, const char *issuer, size_t in_flight, size_t rounds)
{
        issue(bench, issuer, in_flight);
        double own = own_cpu_ms(), signer = cpu_ms_of(bench->signer.pid);
        int64_t wall = clock_mono_ms();
        for (size_t i = 0; i < rounds; i++)
                issue(bench, issuer, in_flight);
        double n = (double)(rounds * in_flight);
        own = (own_cpu_ms() - own) / n;
        signer = (cpu_ms_of(bench->signer.pid) - signer) / n;
        printf("%-8s %3zu in flight: %.4f ms CPU each (signer %.4f, asking side %.4f), %.0f a second\n", issuer,
               in_flight, own + signer, signer, own, n * 1000 / (double)(clock_mono_ms() - wall + 1));
        fflush(stdout);
}

static void measure_ocsp(struct bench *bench, size_t in_flight, size_t rounds)
{
        int64_t now = clock_now_sec();
        struct msg_signer_ocsp body = {.issuer = "dv-ecc",
                                       .serial_len = 16,
                                       .hash_alg = 1,
                                       .status = MSG_OCSP_UNKNOWN,
                                       .this_update = now,
                                       .next_update = now + 86400};
        struct channel_request out[LIMIT_ISSUE_BATCH];
        struct channel_reply replies[LIMIT_ISSUE_BATCH];
        res results[LIMIT_ISSUE_BATCH];
        double own = own_cpu_ms(), signer = cpu_ms_of(bench->signer.pid);

        for (size_t i = 0; i < in_flight; i++)
                out[i] = (struct channel_request){MSG_SIGNER_OCSP, bytes_of(&body, sizeof(body)), {0}};
        for (size_t round = 0; round < rounds; round++) {
                channel_call_batch(bench->signer.channel, out, in_flight, 30000, replies, results);
                for (size_t i = 0; i < in_flight; i++)
                        channel_reply_done(&replies[i]);
        }
        double n = (double)(rounds * in_flight);
        printf("ocsp     %3zu in flight: %.4f ms CPU each (signer %.4f)\n", in_flight,
               (own_cpu_ms() - own + cpu_ms_of(bench->signer.pid) - signer) / n,
               (cpu_ms_of(bench->signer.pid) - signer) / n);
}

int main(int argc, char **argv)
{
        size_t rounds = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : ROUNDS_DEFAULT;
        const char *const settings[] = {"--set", "catalogue.dir=" BENCH_SOURCE_DIR "/catalogue", "--set",
                                        "public.url=http://pki.test", NULL};
        static struct bench bench = {.signer = {.name = "chancery-signer"}};

        bench.signer.settings = (char **)(uintptr_t)settings;
        read_profiles(&bench);
        program_make_data(&bench.signer);
        program_start(&bench.signer);
        if (!res_is_ok(pki_key_generate(PKI_KEY_EC_P256, &bench.key)))
                return 1;
        measure(&bench, "dv-ecc", LIMIT_ISSUE_BATCH, rounds);
        measure(&bench, "dv-ecc", 8, rounds * 2);
        measure(&bench, "dv-ecc", 1, rounds * 4);
        measure(&bench, "dv-rsa", LIMIT_ISSUE_BATCH, rounds / 10 + 1);
        measure_ocsp(&bench, LIMIT_ISSUE_BATCH, rounds);
        measure_ocsp(&bench, 1, rounds * 10);
        (void)program_stop(&bench.signer);
        program_remove_data(&bench.signer);
        pki_key_free(bench.key);
        channel_free(bench.signer.channel);
        return 0;
}
