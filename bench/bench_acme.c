/*
 * Whole ACME orders by http-01, from newOrder to the downloaded certificate, over warm TLS connections.
 *
 *     bench_acme PARENT-PID PORT|DIRECTORY HTTP-PORT SUFFIX [ORDERS [IN-FLIGHT [ACCOUNTS [ROUNDS-IN-STEP]]]]
 *
 * The service listens on 127.0.0.1:PORT, or is any other with that directory, and fetches challenges from HTTP-PORT, where this program
 * answers; DNS leads every name below SUFFIX to 127.0.0.1.  Counts the CPU of the service's programs, not of this client and not of the
 * name server.
 *
 * First as fast as it goes, which is the figure; then the same in step, all clients at the same request, which shows what each
 * request costs (a little more than in the mixture: rounds of issue and groups of writes are as large as can be, the rest waits).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/b64.h"
#include "base/clock.h"
#include "bench/acme_client.h"
#include "bench/proc.h"
#include "bench/strand.h"
#include "pki/csr.h"

#define ACCOUNTS_MAX 4096
#define IN_FLIGHT_MAX 256
#define STEP_ROUNDS 10
#define STEP_ROUNDS_MAX 1000
#define POLLS_MAX 600
#define POLL_MS 50
#define TEXT_BYTES 16384
#define ARENA_BYTES (1024 * 1024)

static struct {
        pid_t service;
        struct acme_directory directory;
        int http_port;
        const char *suffix;
        long orders, next, requests, step_rounds;
        size_t accounts, in_flight;
        double *took_ms;
        bool in_step;
} job;

enum step { NEW_ORDER, AUTHORIZATION, CHALLENGE, POLL, FINALIZE, DOWNLOAD, STEPS };
static const char *const step_names[STEPS] = {"newOrder", "authorization", "challenge", "poll", "finalize", "download"};
static double step_cpu[STEPS];

static struct acme_account accounts[ACCOUNTS_MAX];

/* ---- one order ------------------------------------------------------------------------------------------- */

struct order {
        struct acme_client *client;
        struct acme_account *account;
        char name[256], url[512], finalize[512], authorization[512], challenge[512], certificate[512];
};

struct challenge_view {
        struct str type, url;
};
static const struct json_field challenge_fields[] = {
        JSON_FIELD(struct challenge_view, type, "type", JSON_STR, .required = true),
        JSON_FIELD(struct challenge_view, url, "url", JSON_STR, .required = true),
        JSON_FIELDS_END,
};

struct view { /* what orders and authorizations tell */
        struct str status, finalize, certificate;
        struct strs authorizations;
        struct objs challenges;
};
static const struct json_field view_fields[] = {
        JSON_FIELD(struct view, status, "status", JSON_STR, .required = true),
        JSON_FIELD(struct view, finalize, "finalize", JSON_STR),
        JSON_FIELD(struct view, certificate, "certificate", JSON_STR),
        JSON_FIELD(struct view, authorizations, "authorizations", JSON_STRS),
        JSON_FIELD(struct view, challenges, "challenges", JSON_OBJS, .sub = challenge_fields, .sub_size = sizeof(struct challenge_view)),
        JSON_FIELDS_END,
};

static void keep(char *out, size_t size, struct str text)
{
        if (text.n > 0)
                snprintf(out, size, "%.*s", (int)text.n, text.p);
}

/* What the last answer says, kept in the order; its status. */
static bool order_reads(struct order *order, const char *status)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(ARENA_BYTES);
        struct view view = {0};

        acme_decode(order->client, arena, view_fields, &view);
        keep(order->finalize, sizeof order->finalize, view.finalize);
        keep(order->certificate, sizeof order->certificate, view.certificate);
        if (view.authorizations.n > 0)
                keep(order->authorization, sizeof order->authorization, view.authorizations.v[0]);
        for (size_t i = 0; i < view.challenges.n; i++) {
                const struct challenge_view *challenge = (const struct challenge_view *)view.challenges.v + i;

                if (str_equals(challenge->type, "http-01"))
                        keep(order->challenge, sizeof order->challenge, challenge->url);
        }
        if (str_equals(view.status, "invalid"))
                acme_die("order failed", order->client->answer.body);
        return str_equals(view.status, status);
}

static void order_post(struct order *order, const char *url, const char *payload)
{
        acme_post(order->client, order->account, url, payload);
}

/* The first time again at once, then with a pause between. */
static void order_wait(struct order *order, const char *url)
{
        for (int polls = 0; !order_reads(order, "valid"); polls++) {
                if (polls == POLLS_MAX)
                        acme_die("not valid in time", order->client->answer.body);
                if (polls > 0)
                        strand_sleep(POLL_MS);
                order_post(order, url, "");
        }
}

static void step_new_order(struct order *order)
{
        char payload[512];

        snprintf(payload, sizeof payload, "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"%s\"}]}", order->name);
        order_post(order, job.directory.new_order, payload);
        snprintf(order->url, sizeof order->url, "%s", order->client->location);
        (void)order_reads(order, "pending");
}

static void step_authorization(struct order *order)
{
        order_post(order, order->authorization, "");
        (void)order_reads(order, "pending");
        if (!order->challenge[0])
                acme_die("no http-01", order->client->answer.body);
}

static void step_challenge(struct order *order)
{
        order_post(order, order->challenge, "{}");
}

static void step_poll(struct order *order)
{
        order_post(order, order->authorization, "");
        order_wait(order, order->authorization);
}

static void step_finalize(struct order *order)
{
        struct buf csr, payload;
        const struct str names[] = {str_of(order->name)};

        buf_init(&csr, 8192), buf_init(&payload, TEXT_BYTES);
        if (!res_is_ok(pki_csr_make(order->account->certificate_key, names[0], names, 1, &csr)))
                acme_die("no CSR", NULL);
        buf_add_text(&payload, "{\"csr\":\"");
        b64url_encode(buf_bytes(&csr), &payload);
        buf_add_text(&payload, "\"}");
        order_post(order, order->finalize, buf_c(&payload));
        buf_done(&csr), buf_done(&payload);
        order_wait(order, order->url);
}

static void step_download(struct order *order)
{
        order_post(order, order->certificate, "");
        if (strncmp(order->client->answer.body, "-----BEGIN", 10) != 0)
                acme_die("no certificate", order->client->answer.body);
}

static void (*const steps[STEPS])(struct order *) = {
        [NEW_ORDER] = step_new_order, [AUTHORIZATION] = step_authorization, [CHALLENGE] = step_challenge,
        [POLL] = step_poll,           [FINALIZE] = step_finalize,           [DOWNLOAD] = step_download,
};

static void step_over(void *arg)
{
        static double before;
        const double now = proc_run_sec_tree(job.service);

        if (arg)
                *(double *)arg += now - before;
        before = now;
}

static void one_order(struct acme_client *client, size_t who, long number)
{
        struct order order = {.client = client, .account = &accounts[who]};

        snprintf(order.name, sizeof order.name, "o%ld-a%zu.%s", number, who, job.suffix);
        if (job.in_step)
                strand_meet(step_over, NULL);
        for (int step = 0; step < STEPS; step++) {
                steps[step](&order);
                if (job.in_step)
                        strand_meet(step_over, &step_cpu[step]);
        }
}

static void work(void *arg)
{
        size_t first = (size_t)(uintptr_t)arg, turn = 0;
        struct acme_client client;

        acme_client_open(&client, &job.directory);
        acme_client_enter_strand(&client);
        while (job.next < job.orders) {
                const long number = job.next++;
                size_t mine = (job.accounts - first + job.in_flight - 1) / job.in_flight, who = first + turn++ % mine * job.in_flight;
                double began = (double)clock_mono_ms();

                one_order(&client, who, number);
                job.took_ms[number] = (double)clock_mono_ms() - began;
        }
        job.requests += client.requests;
        acme_client_close(&client);
}

/* ---- the web server of all names ------------------------------------------------------------------------------ */

static void answer_one(void *arg)
{
        int fd = (int)(intptr_t)arg;
        char text[4096], reply[512];
        ssize_t n;

        strand_own(fd);
        while ((n = read(fd, text, sizeof text - 1)) < 0 && errno == EAGAIN)
                strand_wait();
        if (n > 0) {
                text[n] = '\0';
                const char *token = strstr(text, "/.well-known/acme-challenge/"), *host = strcasestr(text, "host: o"), *mark = host ? strchr(host, '-') : NULL;
                size_t who = mark ? strtoul(mark + 2, NULL, 10) : ACCOUNTS_MAX;

                if (token && who < job.accounts) {
                        token += strlen("/.well-known/acme-challenge/");
                        size_t length = strcspn(token, " ");
                        int size = snprintf(reply, sizeof reply, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%.*s.%s",
                                            length + 1 + strlen(accounts[who].thumbprint), (int)length, token, accounts[who].thumbprint);

                        if (write(fd, reply, (size_t)size) != size)
                                acme_die("cannot answer", NULL);
                }
        }
        close(fd);
}

static void web_server(void *arg)
{
        int listener = (int)(intptr_t)arg;

        strand_own(listener);
        for (;;) {
                int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

                if (fd >= 0)
                        strand_serve(answer_one, (void *)(intptr_t)fd);
                else
                        strand_wait();
        }
}

static void web_start(void)
{
        struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)job.http_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;

        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 1024) != 0)
                acme_die("cannot listen for challenges", NULL);
        strand_serve(web_server, (void *)(intptr_t)fd);
}

/* ---- figures ------------------------------------------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
        const double *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

/* `suffix`: orders of another run have other names. */
static void run(long orders, const char *suffix)
{
        char below[256];
        const char *const whole = job.suffix;

        snprintf(below, sizeof below, "%s.%s", suffix, whole);
        job.suffix = below;
        job.orders = orders;
        job.next = 0;
        for (size_t i = 0; i < job.in_flight; i++)
                strand_new(work, (void *)(uintptr_t)i);
        strand_run();
        job.suffix = whole;
}

static void print_program(void *arg, const char *name, double before, double after)
{
        const double orders = *(const double *)arg;

        if (after > before)
                printf("    %-18s %.3f ms\n", name, (after - before) * 1000 / orders);
}

static void run_in_step(void)
{
        const long orders = (long)job.in_flight * job.step_rounds;
        double sum = 0;

        if (orders == 0)
                return;
        job.in_step = true;
        run(orders, "c");
        for (int step = 0; step < STEPS; step++)
                sum += step_cpu[step];
        printf("  by request, all clients in step: %.3f ms each\n", sum * 1000 / (double)orders);
        for (int step = 0; step < STEPS; step++)
                printf("    %-18s %.3f ms\n", step_names[step], step_cpu[step] * 1000 / (double)orders);
}

static long number(int argc, char **argv, int i, long otherwise, long least, long most)
{
        long n = argc > i ? strtol(argv[i], NULL, 10) : otherwise;

        return n < least ? least : n > most ? most : n;
}

static void make_accounts(void)
{
        struct acme_client client;

        acme_client_open(&client, &job.directory);
        for (size_t i = 0; i < job.accounts; i++) {
                acme_account_make(&accounts[i]);
                acme_account_register(&client, &accounts[i]);
        }
        acme_client_close(&client);
}

int main(int argc, char **argv)
{
        if (argc < 5)
                acme_die("usage: bench_acme PARENT-PID PORT|DIRECTORY HTTP-PORT SUFFIX [ORDERS [IN-FLIGHT [ACCOUNTS [ROUNDS-IN-STEP]]]]", NULL);
        job.service = (pid_t)strtol(argv[1], NULL, 10);
        const long orders = number(argc, argv, 5, 2000, 1, 1000000);

        acme_directory_read(&job.directory, argv[2]);
        job.http_port = (int)strtol(argv[3], NULL, 10);
        job.suffix = argv[4];
        job.in_flight = (size_t)number(argc, argv, 6, 64, 1, IN_FLIGHT_MAX);
        job.accounts = (size_t)number(argc, argv, 7, 256, 1, ACCOUNTS_MAX);
        job.step_rounds = number(argc, argv, 8, STEP_ROUNDS, 0, STEP_ROUNDS_MAX);
        if (job.accounts < job.in_flight)
                job.accounts = job.in_flight;
        job.took_ms = calloc((size_t)orders + (size_t)job.in_flight * (size_t)job.step_rounds, sizeof *job.took_ms);
        web_start();
        make_accounts();
        run(orders < 200 ? orders : 200, "w"); /* warm */
        struct proc_times *before = proc_times_of(job.service);
        const double cpu = proc_cpu_sec_tree(job.service), began = (double)clock_mono_ms(), all = (double)orders;

        job.requests = 0;
        run(orders, "b");
        const double seconds = ((double)clock_mono_ms() - began) / 1000, used = proc_cpu_sec_tree(job.service) - cpu;

        qsort(job.took_ms, (size_t)orders, sizeof *job.took_ms, compare);
        printf("  acme order, http-01, ES256, %zu in flight, %zu accounts: %.3f ms CPU each (all programs); %.0f orders/s, "
               "p50 %.0f ms, p99 %.0f ms, %.2f requests each\n",
               job.in_flight, job.accounts, used * 1000 / all, all / seconds, job.took_ms[orders / 2], job.took_ms[orders * 99 / 100],
               (double)job.requests / all);
        proc_times_compare(before, print_program, (void *)(uintptr_t)&all);
        run_in_step();
        return 0;
}
