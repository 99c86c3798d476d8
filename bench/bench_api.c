/*
 * One signed action over keep-alive TLS, again and again.
 *
 *     bench_api PARENT-PID HOST PORT SECRET-ID SECRET-KEY ACTION BODY [REQUESTS [CONNECTIONS]]
 *
 * With one connection it tells how long an answer took, and TotalCount; CPU has the kernel's clock ticks of 10 ms.
 * Counts the CPU of the service's programs (PARENT-PID and its children), not of this client, so the figure does not
 * depend on how fast the client is.  Each request is signed; one signature serves a second, as the API allows (two equal
 * requests in one second are both good).
 */
#include <netdb.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/tc3.h"
#include "bench/proc.h"

#define BENCH_REQUESTS 20000
#define BENCH_CONNECTIONS 8
#define BENCH_CONNECTIONS_MAX 64
#define ANSWER_BYTES (1024 * 1024)

struct client {
        const char *host, *port, *secret_id, *secret_key, *action, *body;
        SSL *connections[BENCH_CONNECTIONS_MAX];
        size_t connection_count;
        struct buf request;
        int64_t signed_at;
        char *answer;
};

static void die(const char *what)
{
        fprintf(stderr, "%s\n", what);
        exit(1);
}

static SSL *connect_tls(SSL_CTX *ctx, const struct client *client)
{
        struct addrinfo *found = NULL, hints = {.ai_socktype = SOCK_STREAM};

        if (getaddrinfo(client->host, client->port, &hints, &found) != 0)
                die("no such host");
        int fd = socket(found->ai_family, SOCK_STREAM, 0);
        int one = 1;

        if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) != 0)
                die("cannot connect");
        setsockopt(fd, 6 /* IPPROTO_TCP */, 1 /* TCP_NODELAY */, &one, sizeof one);
        freeaddrinfo(found);
        SSL *ssl = SSL_new(ctx);

        SSL_set_fd(ssl, fd);
        if (SSL_connect(ssl) != 1)
                die("no TLS");
        return ssl;
}

static void sign(struct client *client)
{
        CLEAN(buf_done) struct buf authorization = {0};
        int64_t now = clock_now_sec();

        if (now == client->signed_at)
                return;
        client->signed_at = now;
        buf_init(&authorization, 4096);
        tc3_sign_post(str_of(client->secret_id), bytes_of(client->secret_key, strlen(client->secret_key)), str_of(client->host), now,
                      bytes_of(client->body, strlen(client->body)), &authorization);
        buf_clear(&client->request);
        buf_printf(&client->request,
                   "POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nX-TC-Action: %s\r\nX-TC-Version: 2019-12-05\r\n"
                   "X-TC-Timestamp: %lld\r\nAuthorization: %s\r\nContent-Length: %zu\r\n\r\n%s",
                   client->host, client->action, (long long)now, buf_c(&authorization), strlen(client->body), client->body);
}

/* Headers, Content-Length, body: all that our own server sends. */
static void read_answer(struct client *client, SSL *ssl)
{
        size_t have = 0, want = ANSWER_BYTES;

        while (have < want) {
                int n = SSL_read(ssl, client->answer + have, (int)(ANSWER_BYTES - 1 - have));

                if (n <= 0)
                        die("the connection was closed");
                have += (size_t)n;
                client->answer[have] = '\0';
                const char *end = strstr(client->answer, "\r\n\r\n");
                const char *length = strcasestr(client->answer, "\r\nContent-Length:");

                if (end != NULL && length != NULL && length < end)
                        want = (size_t)(end + 4 - client->answer) + strtoul(length + 17, NULL, 10);
        }
}

static void ask(struct client *client, size_t i)
{
        SSL *ssl = client->connections[i % client->connection_count];

        sign(client);
        if (SSL_write(ssl, client->request.p, (int)client->request.n) <= 0)
                die("cannot write");
}

static double seconds_between(const struct timespec *from, const struct timespec *to)
{
        return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

static int compare_double(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

static void run(struct client *client, long parent, size_t requests)
{
        double before = proc_cpu_sec_tree((pid_t)parent);
        struct timespec began, ended;
        double *latency_ms = calloc(requests + 1, sizeof *latency_ms);
        size_t rounds = 0;

        if (latency_ms == NULL)
                die("no memory");
        clock_gettime(CLOCK_MONOTONIC, &began);
        for (size_t i = 0; i < requests; i += client->connection_count) {
                struct timespec asked, answered;

                clock_gettime(CLOCK_MONOTONIC, &asked);
                for (size_t k = 0; k < client->connection_count; k++)
                        ask(client, k);
                for (size_t k = 0; k < client->connection_count; k++)
                        read_answer(client, client->connections[k]);
                clock_gettime(CLOCK_MONOTONIC, &answered);
                latency_ms[rounds++] = seconds_between(&asked, &answered) * 1e3;
                if (strstr(client->answer, "\"Error\"") != NULL)
                        die(strstr(client->answer, "\"Error\""));
        }
        clock_gettime(CLOCK_MONOTONIC, &ended);
        double cpu = proc_cpu_sec_tree((pid_t)parent) - before;
        double wall = seconds_between(&began, &ended);

        if (client->connection_count == 1) { /* a look at one question: how long it takes */
                const char *total = strstr(client->answer, "\"TotalCount\":");

                qsort(latency_ms, rounds, sizeof *latency_ms, compare_double);
                printf("%7.2f ms CPU  %7.2f ms median  %7.2f ms worst  of %lld\n", cpu / (double)requests * 1e3, latency_ms[rounds / 2],
                       latency_ms[rounds - 1], total ? strtoll(total + 13, NULL, 10) : 0LL);
        } else {
                printf("%s, signed, keep-alive TLS, %zu connections: %.3f ms CPU each; %.0f per second\n", client->action,
                       client->connection_count, cpu / (double)requests * 1e3, (double)requests / wall);
        }
        free(latency_ms);
}

int main(int argc, char **argv)
{
        if (argc < 8 || argc > 10) {
                fprintf(stderr, "usage: %s PARENT-PID HOST PORT SECRET-ID SECRET-KEY ACTION BODY [REQUESTS [CONNECTIONS]]\n", argv[0]);
                return 2;
        }
        struct client client = {.host = argv[2], .port = argv[3], .secret_id = argv[4], .secret_key = argv[5], .action = argv[6], .body = argv[7]};
        size_t requests = argc > 8 ? strtoul(argv[8], NULL, 10) : BENCH_REQUESTS;
        SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

        client.connection_count = argc > 9 ? strtoul(argv[9], NULL, 10) : BENCH_CONNECTIONS;
        if (client.connection_count == 0 || client.connection_count > BENCH_CONNECTIONS_MAX)
                die("1 to 64 connections");
        client.answer = malloc(ANSWER_BYTES);
        buf_init(&client.request, 1024 * 1024);
        for (size_t i = 0; i < client.connection_count; i++)
                client.connections[i] = connect_tls(ctx, &client);
        run(&client, strtol(argv[1], NULL, 10), requests);
        for (size_t i = 0; i < client.connection_count; i++)
                SSL_free(client.connections[i]);
        SSL_CTX_free(ctx);
        buf_done(&client.request);
        free(client.answer);
        return 0;
}
