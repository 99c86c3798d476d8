/*
 * CPU that the listener spends on one request: answered directly or by a worker, plain or TLS, and on one full handshake.
 *
 *     bench_http [REQUESTS [CONNECTIONS]]
 *
 * The server is a child, which tells its own getrusage() when asked, so the client's work is not counted.  Beside ours
 * stands the barest loop, which reads nothing and gives one constant answer, in the same run: a neighbour's load makes both larger.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/http.h"

enum {
        BENCH_REQUESTS = 40000,
        BENCH_CONNECTIONS = 8,
        BENCH_CONNECTIONS_MAX = 64,
        BENCH_WARM_UP = 2000,
        BENCH_REPLY = 400
};

struct mode {
        const char *name, *path;
        bool tls, bare;
        double quiet_us; /* performance.md: the figure of a quiet machine */
};

static void die(const char *what)
{
        fprintf(stderr, "bench_http: %s\n", what);
        exit(1);
}

/* -- the server ------------------------------------------------------------------------------- */

static void fill(struct http_reply *reply)
{
        (void)buf_grow(&reply->body, BENCH_REPLY);
        reply->content_type = "application/json";
}

static bool on_direct(void *context, struct http_request *request, struct http_reply *reply)
{
        (void)context;
        if (!str_equals(request->path, "/direct"))
                return false;
        fill(reply);
        return true;
}

static void on_request(void *context, struct http_request *request, struct http_reply *reply)
{
        (void)context, (void)request;
        fill(reply);
}

static char *pem_text(BIO *bio)
{
        char *data = NULL;
        const long n = BIO_get_mem_data(bio, &data);

        return strndup(data, (size_t)n);
}

static struct http_tls make_tls(void)
{
        EVP_PKEY *key = EVP_EC_gen("P-256");
        X509 *cert = X509_new();
        BIO *cert_pem = BIO_new(BIO_s_mem()), *key_pem = BIO_new(BIO_s_mem());

        X509_set_version(cert, 2);
        X509_gmtime_adj(X509_getm_notBefore(cert), -60);
        X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
        X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC, (const unsigned char *)"bench", -1,
                                   -1, 0);
        X509_set_issuer_name(cert, X509_get_subject_name(cert));
        X509_set_pubkey(cert, key);
        if (!X509_sign(cert, key, EVP_sha256()))
                die("no certificate");
        PEM_write_bio_X509(cert_pem, cert);
        PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL);
        return (struct http_tls){.cert_chain = pem_text(cert_pem), .key = pem_text(key_pem)};
}

static double own_cpu_us(void)
{
        struct rusage use;

        getrusage(RUSAGE_SELF, &use);
        return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1e6 +
               (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

/* The least that a server can do: whatever comes gets the same answer, in one thread, and nothing is read of it. */
static char bare_reply[BENCH_REPLY + 200];

struct bare {
        int epoll_fd, listen_fd;
        size_t reply_size;
        SSL_CTX *ctx;
        SSL *ssl[1024]; /* by descriptor */
};

static void bare_accept(struct bare *bare)
{
        const int fd = accept(bare->listen_fd, NULL, NULL), on = 1;
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

        if (fd < 0 || fd >= 1024)
                die("no connection");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        epoll_ctl(bare->epoll_fd, EPOLL_CTL_ADD, fd, &event);
        if (!bare->ctx)
                return;
        bare->ssl[fd] = SSL_new(bare->ctx);
        SSL_set_fd(bare->ssl[fd], fd);
        if (SSL_accept(bare->ssl[fd]) != 1)
                die("no hand-shake");
}

static void bare_answer(struct bare *bare, int fd)
{
        char text[4096];
        SSL *ssl = bare->ssl[fd];
        const ssize_t n = ssl ? SSL_read(ssl, text, sizeof(text)) : recv(fd, text, sizeof(text), 0);

        if (n > 0) {
                if (ssl)
                        (void)SSL_write(ssl, bare_reply, (int)bare->reply_size);
                else
                        (void)!send(fd, bare_reply, bare->reply_size, MSG_NOSIGNAL);
                return;
        }
        SSL_free(ssl);
        bare->ssl[fd] = NULL;
        close(fd);
}

static void *bare_run(void *arg)
{
        struct bare *bare = arg;
        struct epoll_event events[64], listening = {.events = EPOLLIN, .data.fd = bare->listen_fd};

        bare->epoll_fd = epoll_create1(0);
        epoll_ctl(bare->epoll_fd, EPOLL_CTL_ADD, bare->listen_fd, &listening);
        for (;;) {
                const int n = epoll_wait(bare->epoll_fd, events, 64, -1);

                for (int i = 0; i < n; i++)
                        if (events[i].data.fd == bare->listen_fd)
                                bare_accept(bare);
                        else
                                bare_answer(bare, events[i].data.fd);
        }
        return NULL;
}

static SSL_CTX *bare_context(const struct http_tls *tls)
{
        SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
        BIO *cert_pem = BIO_new_mem_buf(tls->cert_chain, -1), *key_pem = BIO_new_mem_buf(tls->key, -1);

        SSL_CTX_use_certificate(ctx, PEM_read_bio_X509(cert_pem, NULL, NULL, NULL));
        SSL_CTX_use_PrivateKey(ctx, PEM_read_bio_PrivateKey(key_pem, NULL, NULL, NULL));
        SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
        SSL_CTX_set_num_tickets(ctx, 0);
        return ctx;
}

static bool bare_start(int listen_fd, const struct http_tls *tls)
{
        static struct bare bare;
        pthread_t thread;

        bare.listen_fd = listen_fd;
        bare.reply_size = (size_t)snprintf(bare_reply, 200, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
                                           BENCH_REPLY) + BENCH_REPLY;
        bare.ctx = tls->key ? bare_context(tls) : NULL;
        return pthread_create(&thread, NULL, bare_run, &bare) == 0;
}

static bool own_start(int listen_fd, const struct http_tls *tls)
{
        const struct http_config config = {.listen_fd = listen_fd,
                                           .tls = tls->key,
                                           .workers = 2,
                                           .routes = {.direct = on_direct, .handle = on_request}};
        struct http_server *server;

        return res_is_ok(http_server_start(&config, tls, &server));
}

/* Tells the CPU used so far for every byte that comes, until the other end closes. */
static _Noreturn void serve(int listen_fd, const struct mode *mode, int control)
{
        const struct http_tls pair = mode->tls ? make_tls() : (struct http_tls){0};
        char ask;

        if (!(mode->bare ? bare_start : own_start)(listen_fd, &pair))
                die("the listener does not start");
        while (read(control, &ask, 1) == 1) {
                const double cpu = own_cpu_us();

                if (write(control, &cpu, sizeof(cpu)) != sizeof(cpu))
                        break;
        }
        _exit(0);
}

struct server {
        pid_t pid;
        int control;
        struct sockaddr_in address;
};

static struct server server_start(const struct mode *mode)
{
        struct server server = {.address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
        socklen_t size = sizeof(server.address);
        const int fd = socket(AF_INET, SOCK_STREAM, 0);
        int pair[2];

        if (fd < 0 || bind(fd, (struct sockaddr *)&server.address, size) != 0 || listen(fd, 1024) != 0 ||
            getsockname(fd, (struct sockaddr *)&server.address, &size) != 0 ||
            socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
                die("no socket");
        server.pid = fork();
        if (server.pid == 0) {
                close(pair[0]);
                serve(fd, mode, pair[1]);
        }
        close(fd);
        close(pair[1]);
        server.control = pair[0];
        return server;
}

static double server_cpu_us(const struct server *server)
{
        double cpu = 0;

        if (write(server->control, "?", 1) != 1 || read(server->control, &cpu, sizeof(cpu)) != sizeof(cpu))
                die("the server died");
        return cpu;
}

static void server_stop(const struct server *server)
{
        close(server->control);
        waitpid(server->pid, NULL, 0);
}

/* -- the client ------------------------------------------------------------------------------- */

struct client {
        int fd;
        SSL *ssl;
};

static struct client client_open(const struct server *server, SSL_CTX *ctx)
{
        struct client client = {.fd = socket(AF_INET, SOCK_STREAM, 0)};
        const int on = 1;

        if (connect(client.fd, (const struct sockaddr *)&server->address, sizeof(server->address)) != 0)
                die("cannot connect");
        setsockopt(client.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        if (ctx) {
                client.ssl = SSL_new(ctx);
                SSL_set_fd(client.ssl, client.fd);
                if (SSL_connect(client.ssl) != 1)
                        die("no TLS");
        }
        return client;
}

static void client_close(struct client *client)
{
        SSL_free(client->ssl);
        close(client->fd);
}

static void client_ask(const struct client *client, const char *path)
{
        char request[512];
        const int n = snprintf(
                request, sizeof(request),
                "POST %s HTTP/1.1\r\nHost: localhost:8443\r\nContent-Type: application/json\r\n"
                "X-TC-Action: DescribeCertificate\r\nX-TC-Version: 2019-12-05\r\nX-TC-Timestamp: 1790000000\r\n"
                "Content-Length: 28\r\n\r\n{\"CertificateId\":\"abcdefgh\"}",
                path);

        if ((client->ssl ? SSL_write(client->ssl, request, n) : (int)write(client->fd, request, (size_t)n)) != n)
                die("cannot send");
}

static void client_take(const struct client *client)
{
        char reply[4096];
        int n = 0, end = 0;

        while (end == 0 || n < end + BENCH_REPLY) {
                const int room = (int)sizeof(reply) - 1 - n;
                const int got = client->ssl ? SSL_read(client->ssl, reply + n, room)
                                            : (int)read(client->fd, reply + n, (size_t)room);

                if (got <= 0)
                        die("no answer");
                n += got;
                reply[n] = '\0';
                if (end == 0 && strstr(reply, "\r\n\r\n"))
                        end = (int)(strstr(reply, "\r\n\r\n") - reply) + 4;
        }
}

static void exchange(const struct client *clients, int connections, const char *path, int requests)
{
        for (int done = 0; done < requests; done += connections) {
                for (int i = 0; i < connections; i++)
                        client_ask(&clients[i], path);
                for (int i = 0; i < connections; i++)
                        client_take(&clients[i]);
        }
}

/* -- the measurements ------------------------------------------------------------------------- */

static void measure(const struct mode *mode, SSL_CTX *ctx, int requests, int connections)
{
        const struct server server = server_start(mode);
        struct client clients[BENCH_CONNECTIONS_MAX] = {0};
        int64_t begun_ms;
        double cpu = 0;

        for (int i = 0; i < connections; i++)
                clients[i] = client_open(&server, mode->tls ? ctx : NULL);
        exchange(clients, connections, mode->path, BENCH_WARM_UP);
        cpu = server_cpu_us(&server);
        begun_ms = clock_mono_ms();
        exchange(clients, connections, mode->path, requests);
        cpu = server_cpu_us(&server) - cpu;
        printf("http %-18s %7.1f us CPU a request (quiet machine: %.1f), %6.0f/s\n", mode->name, cpu / requests,
               mode->quiet_us, requests * 1000.0 / (double)(clock_mono_ms() - begun_ms + 1));
        for (int i = 0; i < connections; i++)
                client_close(&clients[i]);
        server_stop(&server);
}

static void measure_handshakes(const struct mode *mode, SSL_CTX *ctx, int handshakes)
{
        const struct server server = server_start(mode);
        double cpu = server_cpu_us(&server);

        for (int i = 0; i < handshakes; i++) {
                struct client client = client_open(&server, ctx);

                client_ask(&client, mode->path);
                client_take(&client);
                client_close(&client);
        }
        cpu = server_cpu_us(&server) - cpu;
        printf("http %-18s %7.1f us CPU a connection (quiet machine: %.1f)\n", mode->name, cpu / handshakes,
               mode->quiet_us);
        server_stop(&server);
}

static const struct mode request_modes[] = {
        {.name = "plain, bare loop", .path = "/direct", .bare = true, .quiet_us = 4.4},
        {.name = "plain, direct", .path = "/direct", .quiet_us = 4.4},
        {.name = "plain, worker", .path = "/x", .quiet_us = 13},
        {.name = "TLS, bare loop", .path = "/direct", .tls = true, .bare = true, .quiet_us = 9.8},
        {.name = "TLS, direct", .path = "/direct", .tls = true, .quiet_us = 9.8},
        {.name = "TLS, worker", .path = "/x", .tls = true, .quiet_us = 19},
};

static const struct mode handshake_modes[] = {
        {.name = "handshake, bare", .path = "/direct", .tls = true, .bare = true, .quiet_us = 665},
        {.name = "handshake", .path = "/direct", .tls = true, .quiet_us = 665},
};

int main(int argc, char **argv)
{
        const int requests = argc > 1 ? atoi(argv[1]) : BENCH_REQUESTS;
        const int connections = argc > 2 ? atoi(argv[2]) : BENCH_CONNECTIONS;
        SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

        if (!ctx || requests < 1 || connections < 1 || connections > BENCH_CONNECTIONS_MAX)
                die("usage: bench_http [REQUESTS [CONNECTIONS]]");
        signal(SIGPIPE, SIG_IGN);
        for (size_t i = 0; i < sizeof(request_modes) / sizeof(request_modes[0]); i++)
                measure(&request_modes[i], ctx, requests, connections);
        for (size_t i = 0; i < sizeof(handshake_modes) / sizeof(handshake_modes[0]); i++)
                measure_handshakes(&handshake_modes[i], ctx, requests / 80 + 1);
        SSL_CTX_free(ctx);
        return 0;
}
