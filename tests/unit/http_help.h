/* A listener on a free loopback port and a bare client, for the tests of http/. */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/http.h"

enum { HELP_REPLY = 20 << 20 };

struct help {
        struct http_server *server;
        uint16_t port;
        atomic_int handled, directs;
        atomic_int delay_ms;
        atomic_bool hold; /* handlers wait until it is taken away */
};

static bool help_direct(void *context, struct http_request *request, struct http_reply *reply)
{
        struct help *help = context;

        if (!str_equals(request->path, "/direct"))
                return false;
        help->directs++;
        buf_add_text(&reply->body, "direct");
        return true;
}

/* Tells what it saw; /big gives a large body, /broken overflows it, /header adds headers. */
static void help_handle(void *context, struct http_request *request, struct http_reply *reply)
{
        struct help *help = context;

        while (help->hold)
                usleep(1000);
        if (help->delay_ms)
                usleep((unsigned)help->delay_ms * 1000);
        help->handled++;
        if (str_equals(request->path, "/big"))
                (void)buf_grow(&reply->body, 3 << 20);
        else if (str_equals(request->path, "/broken"))
                (void)(buf_grow(&reply->body, 16 << 20), buf_grow(&reply->body, 1));
        else
                buf_printf(&reply->body, "%.*s|%.*s|%.*s|%.*s|%s|%d", (int)request->method.n, request->method.p,
                           (int)request->path.n, request->path.p, (int)request->query.n, request->query.p,
                           (int)request->body.n, (const char *)request->body.p, request->peer, request->is_local);
        if (str_equals(request->path, "/header")) {
                reply->headers = arena_copy(request->arena, &(struct tc3_header){STR("X-Own"), STR("yes")},
                                            sizeof(struct tc3_header));
                reply->header_count = 1;
                reply->status = 201;
                reply->content_type = "application/json";
        }
}

static int help_listen(uint16_t *ret_port)
{
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof(address);

        assert_true(fd >= 0);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
        assert_int_equal(listen(fd, 1024), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
        *ret_port = ntohs(address.sin_port);
        return fd;
}

static int help_connect(uint16_t port)
{
        const struct timeval limit = {.tv_sec = 120};
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_in address = {
                .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

        assert_true(fd >= 0);
        assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
        return fd;
}

static void help_write(int fd, const char *text)
{
        for (size_t n = strlen(text), at = 0; at < n;) {
                const ssize_t sent = send(fd, text + at, n - at, MSG_NOSIGNAL);

                if (sent <= 0)
                        return; /* the other end had enough */
                at += (size_t)sent;
        }
}

/* Bytes until `n` are there; false if the other end stops before. */
static inline bool help_read_until(int fd, char *text, size_t *have, size_t n)
{
        while (*have < n) {
                const ssize_t got = recv(fd, text + *have, n - *have, 0);

                if (got <= 0)
                        return false;
                *have += (size_t)got;
        }
        return true;
}

/* One reply with a Content-Length and not a byte more, as text; what came if it ended early.  The caller frees. */
static inline char *help_read(int fd)
{
        char *text = calloc(1, HELP_REPLY);
        const char *length;
        size_t have = 0;

        while (!strstr(text + (have > 4 ? have - 4 : 0), "\r\n\r\n") && have < 10000)
                if (!help_read_until(fd, text, &have, have + 1))
                        return text;
        length = strcasestr(text, "\r\nContent-Length: ");
        if (length)
                (void)!help_read_until(fd, text, &have, have + strtoul(length + 18, NULL, 10));
        return text;
}

/* A whole exchange on a connection of its own. */
static inline char *help_exchange(uint16_t port, const char *request)
{
        const int fd = help_connect(port);
        char *reply;

        help_write(fd, request);
        reply = help_read(fd);
        close(fd);
        return reply;
}

/* Does the other end close within the time? */
static inline bool help_is_closed(int fd, int within_ms)
{
        struct pollfd waiting = {.fd = fd, .events = POLLIN};
        char byte;

        while (poll(&waiting, 1, within_ms) == 1)
                if (recv(fd, &byte, 1, 0) <= 0)
                        return true;
        return false;
}

static inline void help_expect(char *reply, const char *part)
{
        if (!strstr(reply, part))
                fail_msg("no '%s' in '%.500s'", part, reply);
        free(reply);
}

/* -- TLS ---------------------------------------------------------------------------------------- */

static inline char *help_pem(BIO *bio)
{
        char *data = NULL;
        const long n = BIO_get_mem_data(bio, &data);
        char *text = strndup(data, (size_t)n);

        BIO_free(bio);
        return text;
}

/* A certificate of its own hand, for an hour; `name` goes into it, NULL: none.  The key is freed. */
static inline struct http_tls help_tls(EVP_PKEY *key, const char *name)
{
        X509 *cert = X509_new();
        BIO *cert_pem = BIO_new(BIO_s_mem()), *key_pem = BIO_new(BIO_s_mem());

        X509_set_version(cert, 2);
        X509_gmtime_adj(X509_getm_notBefore(cert), -60);
        X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
        if (name)
                X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
        X509_set_issuer_name(cert, X509_get_subject_name(cert));
        X509_set_pubkey(cert, key);
        assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
        PEM_write_bio_X509(cert_pem, cert);
        PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL);
        X509_free(cert);
        EVP_PKEY_free(key);
        return (struct http_tls){.cert_chain = help_pem(cert_pem), .key = help_pem(key_pem)};
}

static inline void help_tls_free(struct http_tls *tls)
{
        free((void *)(uintptr_t)tls->cert_chain);
        free((void *)(uintptr_t)tls->key);
}
