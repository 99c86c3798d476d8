/*
 * Whole ACME orders by http-01, from newOrder to the downloaded certificate, over warm TLS connections.
 *
 *     bench_acme PARENT-PID PORT HTTP-PORT SUFFIX [ORDERS [IN-FLIGHT [ACCOUNTS]]]
 *
 * The service listens on 127.0.0.1:PORT and fetches challenges from HTTP-PORT, where this program answers; DNS leads every
 * name below SUFFIX to 127.0.0.1.  Counts the CPU of the service's programs, not of this client and not of the name server.
 *
 * First as fast as it goes, which is the figure; then the same in step, all clients at the same request, which shows what each
 * request costs (a little more than in the mixture: rounds of issue and groups of writes are as large as can be, the rest waits).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/b64.h"
#include "base/clock.h"
#include "bench/proc.h"
#include "bench/strand.h"
#include "pki/csr.h"
#include "pki/der.h"
#include "pki/jws.h"

#define ACCOUNTS_MAX 4096
#define IN_FLIGHT_MAX 256
#define STEP_ROUNDS 10
#define ANSWER_BYTES (256 * 1024)
#define TEXT_BYTES 16384

static struct {
        pid_t service;
        int port, http_port;
        const char *suffix;
        long orders, next, requests;
        size_t accounts, in_flight;
        double *took_ms;
        bool in_step;
} job;

enum step { NEW_ORDER, AUTHORIZATION, CHALLENGE, POLL, FINALIZE, DOWNLOAD, STEPS };
static const char *const step_names[STEPS] = {"newOrder", "authorization", "challenge", "poll", "finalize", "download"};
static double step_cpu[STEPS];

struct account { /* used by one strand alone */
        struct pki_key *key, *certificate_key;
        char thumbprint[JWS_THUMBPRINT_SIZE], kid[256], jwk[512];
};
static struct account accounts[ACCOUNTS_MAX];

struct client {
        SSL_CTX *context;
        SSL *ssl;
        int fd;
        bool in_strand; /* gives way instead of blocking */
        char nonce[64], location[512], *answer, *body;
        int status;
};

static void die(const char *what, const char *detail)
{
        fprintf(stderr, "bench_acme: %s %s\n", what, detail ? detail : "");
        exit(1);
}

/* ---- one request -------------------------------------------------------------------------------------- */

static int connect_to(int port)
{
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

        if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
                die("cannot connect", NULL);
        setsockopt(fd, 6 /* IPPROTO_TCP */, 1 /* TCP_NODELAY */, &one, sizeof one);
        return fd;
}

static void client_connect(struct client *client)
{
        client->context = SSL_CTX_new(TLS_client_method());
        client->ssl = SSL_new(client->context);
        client->fd = connect_to(job.port);
        SSL_set_fd(client->ssl, client->fd);
        if (SSL_connect(client->ssl) != 1)
                die("no TLS", NULL);
        client->answer = malloc(ANSWER_BYTES + 1);
}

static void client_close(struct client *client)
{
        SSL_free(client->ssl);
        SSL_CTX_free(client->context);
        close(client->fd);
        free(client->answer);
}

static void client_enter_strand(struct client *client)
{
        if (fcntl(client->fd, F_SETFL, fcntl(client->fd, F_GETFL) | O_NONBLOCK) != 0)
                die("cannot stop blocking", NULL);
        strand_own(client->fd);
        client->in_strand = true;
}

static void header_copy(const char *answer, const char *name, char *out, size_t size)
{
        const char *at = strcasestr(answer, name);

        if (!at)
                return;
        at += strlen(name);
        size_t n = strcspn(at, "\r");
        snprintf(out, size, "%.*s", (int)n, at);
}

static void client_read(struct client *client)
{
        size_t n = 0, want = 0;
        char length[32] = "0";

        for (;;) {
                int got = SSL_read(client->ssl, client->answer + n, (int)(ANSWER_BYTES - n));

                if (got <= 0 && client->in_strand && SSL_get_error(client->ssl, got) == SSL_ERROR_WANT_READ) {
                        strand_wait();
                        continue;
                }
                if (got <= 0)
                        die("the connection ended", NULL);
                n += (size_t)got;
                client->answer[n] = '\0';
                if (!want) {
                        client->body = strstr(client->answer, "\r\n\r\n");
                        if (!client->body)
                                continue;
                        header_copy(client->answer, "content-length: ", length, sizeof length);
                        client->body += 4;
                        want = (size_t)(client->body - client->answer) + strtoul(length, NULL, 10);
                }
                if (n >= want)
                        break;
        }
        client->status = (int)strtol(client->answer + 9, NULL, 10);
        header_copy(client->answer, "replay-nonce: ", client->nonce, sizeof client->nonce);
        header_copy(client->answer, "location: ", client->location, sizeof client->location);
}

static void client_send(struct client *client, const char *text, size_t n)
{
        if (SSL_write(client->ssl, text, (int)n) != (int)n)
                die("cannot write", NULL);
        client_read(client);
}

static void client_get_nonce(struct client *client)
{
        char text[256];
        int n = snprintf(text, sizeof text, "GET /acme/new-nonce HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", job.port);

        client_send(client, text, (size_t)n);
}

/* r and s, 32 octets each, out of the DER that the key gives. */
static void raw_signature(struct bytes der, uint8_t out[64])
{
        struct der in;
        struct bytes part;

        memset(out, 0, 64);
        if (!res_is_ok(der_enter_all(der, DER_SEQUENCE, &in)))
                die("signature", NULL);
        for (size_t i = 0; i < 2; i++) {
                if (!res_is_ok(der_read_unsigned(&in, &part)) || part.n > 32)
                        die("signature", NULL);
                memcpy(out + 32 * i + 32 - part.n, part.p, part.n);
        }
}

static void sign_jws(struct account *account, const char *protected_text, const char *payload, struct buf *out)
{
        struct buf head, body, message, signature;
        uint8_t raw[64];

        buf_init(&head, TEXT_BYTES), buf_init(&body, TEXT_BYTES), buf_init(&message, 2 * TEXT_BYTES), buf_init(&signature, 512);
        b64url_encode(bytes_of(protected_text, strlen(protected_text)), &head);
        b64url_encode(bytes_of(payload, strlen(payload)), &body);
        buf_printf(&message, "%s.%s", buf_c(&head), buf_c(&body));
        if (!res_is_ok(pki_key_sign(account->key, pki_key_alg(account->key), buf_bytes(&message), &signature)))
                die("cannot sign", NULL);
        raw_signature(buf_bytes(&signature), raw);
        buf_clear(&message);
        b64url_encode(bytes_of(raw, sizeof raw), &message);
        buf_printf(out, "{\"protected\":\"%s\",\"payload\":\"%s\",\"signature\":\"%s\"}", buf_c(&head), buf_c(&body), buf_c(&message));
        buf_done(&head), buf_done(&body), buf_done(&message), buf_done(&signature);
}

/* url is the whole address; payload "" = POST-as-GET. */
static void post(struct client *client, struct account *account, const char *url, const char *payload)
{
        char protected_text[2048];
        struct buf body, text;
        const char *path = strchr(url + 8, '/');

        buf_init(&body, 2 * TEXT_BYTES), buf_init(&text, 4 * TEXT_BYTES);
        if (account->kid[0])
                snprintf(protected_text, sizeof protected_text, "{\"alg\":\"ES256\",\"kid\":\"%s\",\"nonce\":\"%s\",\"url\":\"%s\"}", account->kid,
                         client->nonce, url);
        else
                snprintf(protected_text, sizeof protected_text, "{\"alg\":\"ES256\",\"jwk\":%s,\"nonce\":\"%s\",\"url\":\"%s\"}", account->jwk,
                         client->nonce, url);
        sign_jws(account, protected_text, payload, &body);
        buf_printf(&text,
                   "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/jose+json\r\nContent-Length: %zu\r\n\r\n%s", path,
                   job.port, body.n, buf_c(&body));
        job.requests++;
        client_send(client, (const char *)text.p, text.n);
        if (client->status >= 300)
                die(url, client->body);
        buf_done(&body), buf_done(&text);
}

/* The text value after `"name":"`, behind `from`. */
static void member(const char *from, const char *name, char *out, size_t size)
{
        char mark[64];

        snprintf(mark, sizeof mark, "\"%s\":\"", name);
        const char *at = from ? strstr(from, mark) : NULL;

        if (!at)
                die("no member", name);
        at += strlen(mark);
        snprintf(out, size, "%.*s", (int)strcspn(at, "\""), at);
}

/* ---- accounts and orders ---------------------------------------------------------------------------------- */

static void account_make(struct account *account)
{
        struct jws_key key;
        struct buf x, y;

        if (!res_is_ok(pki_key_generate(PKI_KEY_EC_P256, &account->key)) ||
            !res_is_ok(pki_key_generate(PKI_KEY_EC_P256, &account->certificate_key)))
                die("cannot make keys", NULL);
        struct bytes spki = pki_key_spki(account->key);

        buf_init(&x, 64), buf_init(&y, 64);
        b64url_encode(bytes_of(spki.p + spki.n - 64, 32), &x);
        b64url_encode(bytes_of(spki.p + spki.n - 32, 32), &y);
        snprintf(account->jwk, sizeof account->jwk, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", buf_c(&x), buf_c(&y));
        buf_done(&x), buf_done(&y);
        if (!res_is_ok(jws_key_from_spki(spki, &key)) || !res_is_ok(jws_key_thumbprint(&key, account->thumbprint)))
                die("no thumbprint", NULL);
}

static void account_register(struct client *client, struct account *account)
{
        char url[128];

        snprintf(url, sizeof url, "https://127.0.0.1:%d/acme/new-account", job.port);
        post(client, account, url, "{\"termsOfServiceAgreed\":true}");
        snprintf(account->kid, sizeof account->kid, "%s", client->location);
}

static void wait_for(struct client *client, struct account *account, const char *url, const char *status)
{
        char mark[64];

        snprintf(mark, sizeof mark, "\"status\":\"%s\"", status);
        for (int i = 0; strncmp(client->body + 1, mark, strlen(mark)) != 0 && !strstr(client->body, mark); i++) {
                if (strstr(client->body, "\"invalid\"") || i > 600)
                        die("order failed", client->body);
                if (i > 0)
                        strand_sleep(50);
                post(client, account, url, "");
        }
}

static void finalize(struct client *client, struct account *account, const char *url, const char *name)
{
        struct buf csr, payload;
        const struct str names[] = {str_of(name)};

        buf_init(&csr, 8192), buf_init(&payload, TEXT_BYTES);
        if (!res_is_ok(pki_csr_make(account->certificate_key, names[0], names, 1, &csr)))
                die("no CSR", NULL);
        buf_add_text(&payload, "{\"csr\":\"");
        b64url_encode(buf_bytes(&csr), &payload);
        buf_add_text(&payload, "\"}");
        post(client, account, url, buf_c(&payload));
        buf_done(&csr), buf_done(&payload);
}

struct order {
        struct account *account;
        char name[256], order[512], finalize[512], authorization[512], challenge[512];
};

static void step_new_order(struct client *client, struct order *order)
{
        char url[256], payload[512];

        snprintf(url, sizeof url, "https://127.0.0.1:%d/acme/new-order", job.port);
        snprintf(payload, sizeof payload, "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"%s\"}]}", order->name);
        post(client, order->account, url, payload);
        snprintf(order->order, sizeof order->order, "%s", client->location);
        member(client->body, "finalize", order->finalize, sizeof order->finalize);
        const char *list = strstr(client->body, "\"authorizations\":[\"");

        if (!list)
                die("no authorizations", client->body);
        list += strlen("\"authorizations\":[\"");
        snprintf(order->authorization, sizeof order->authorization, "%.*s", (int)strcspn(list, "\""), list);
}

static void step_authorization(struct client *client, struct order *order)
{
        post(client, order->account, order->authorization, "");
        member(strstr(client->body, "\"type\":\"http-01\""), "url", order->challenge, sizeof order->challenge);
}

static void step_challenge(struct client *client, struct order *order)
{
        post(client, order->account, order->challenge, "{}");
}

static void step_poll(struct client *client, struct order *order)
{
        post(client, order->account, order->authorization, "");
        wait_for(client, order->account, order->authorization, "valid");
}

static void step_finalize(struct client *client, struct order *order)
{
        finalize(client, order->account, order->finalize, order->name);
        wait_for(client, order->account, order->order, "valid");
}

static void step_download(struct client *client, struct order *order)
{
        char certificate[512];

        member(client->body, "certificate", certificate, sizeof certificate);
        post(client, order->account, certificate, "");
        if (strncmp(client->body, "-----BEGIN", 10) != 0)
                die("no certificate", client->body);
}

static void (*const steps[STEPS])(struct client *, struct order *) = {
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

static void one_order(struct client *client, size_t who, long number)
{
        struct order order = {.account = &accounts[who]};

        snprintf(order.name, sizeof order.name, "o%ld-a%zu.%s", number, who, job.suffix);
        if (job.in_step)
                strand_meet(step_over, NULL);
        for (int step = 0; step < STEPS; step++) {
                steps[step](client, &order);
                if (job.in_step)
                        strand_meet(step_over, &step_cpu[step]);
        }
}

static void work(void *arg)
{
        size_t first = (size_t)(uintptr_t)arg, turn = 0;
        struct client client = {0};

        client_connect(&client);
        client_get_nonce(&client);
        client_enter_strand(&client);
        while (job.next < job.orders) {
                const long number = job.next++;
                size_t mine = (job.accounts - first + job.in_flight - 1) / job.in_flight, who = first + turn++ % mine * job.in_flight;
                double began = (double)clock_mono_ms();

                one_order(&client, who, number);
                job.took_ms[number] = (double)clock_mono_ms() - began;
        }
        client_close(&client);
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
                                die("cannot answer", NULL);
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
                die("cannot listen for challenges", NULL);
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
        const long orders = (long)job.in_flight * STEP_ROUNDS;
        double sum = 0;

        job.in_step = true;
        run(orders, "c");
        for (int step = 0; step < STEPS; step++)
                sum += step_cpu[step];
        printf("  by request, all clients in step: %.3f ms each\n", sum * 1000 / (double)orders);
        for (int step = 0; step < STEPS; step++)
                printf("    %-18s %.3f ms\n", step_names[step], step_cpu[step] * 1000 / (double)orders);
}

static long number(int argc, char **argv, int i, long otherwise, long most)
{
        long n = argc > i ? strtol(argv[i], NULL, 10) : otherwise;

        return n < 1 ? 1 : n > most ? most : n;
}

int main(int argc, char **argv)
{
        struct client client = {0};

        if (argc < 5)
                die("usage: bench_acme PARENT-PID PORT HTTP-PORT SUFFIX [ORDERS [IN-FLIGHT [ACCOUNTS]]]", NULL);
        job.service = (pid_t)strtol(argv[1], NULL, 10);
        const long orders = number(argc, argv, 5, 2000, 1000000);

        job.port = (int)strtol(argv[2], NULL, 10);
        job.http_port = (int)strtol(argv[3], NULL, 10);
        job.suffix = argv[4];
        job.in_flight = (size_t)number(argc, argv, 6, 64, IN_FLIGHT_MAX);
        job.accounts = (size_t)number(argc, argv, 7, 256, ACCOUNTS_MAX);
        if (job.accounts < job.in_flight)
                job.accounts = job.in_flight;
        job.took_ms = calloc((size_t)orders + (size_t)job.in_flight * STEP_ROUNDS, sizeof *job.took_ms);
        web_start();
        client_connect(&client);
        client_get_nonce(&client);
        for (size_t i = 0; i < job.accounts; i++) {
                account_make(&accounts[i]);
                account_register(&client, &accounts[i]);
        }
        client_close(&client);
        run(orders < 200 ? orders : 200, "w"); /* warm */
        struct proc_times *before = proc_times_of(job.service);
        const double cpu = proc_cpu_sec_tree(job.service), began = (double)clock_mono_ms(), all = (double)orders;

        job.requests = 0;
        run(orders, "b");
        const double seconds = ((double)clock_mono_ms() - began) / 1000, used = proc_cpu_sec_tree(job.service) - cpu;

        qsort(job.took_ms, (size_t)orders, sizeof *job.took_ms, compare);
        printf("  acme order, http-01, ES256, %zu in flight, %zu accounts: %.3f ms CPU each (all programs; target 1.6); %.0f orders/s, "
               "p50 %.0f ms, p99 %.0f ms, %.2f requests each\n",
               job.in_flight, job.accounts, used * 1000 / all, all / seconds, job.took_ms[orders / 2], job.took_ms[orders * 99 / 100],
               (double)job.requests / all);
        proc_times_compare(before, print_program, (void *)(uintptr_t)&all);
        run_in_step();
        return 0;
}
