/*
 * TLS: what certificates are refused, that one exchanged at run time is what the next client sees, and that a small answer leaves
 * whole and at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/ssl.h>
#include <time.h>

#include "http_help.h"

struct client {
        SSL_CTX *ctx;
        SSL *ssl;
        int fd;
};

/* 0: no version is asked for. */
static bool client_open(struct client *client, uint16_t port, int version)
{
        client->fd = help_connect(port);
        client->ctx = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_min_proto_version(client->ctx, version);
        SSL_CTX_set_max_proto_version(client->ctx, version);
        SSL_CTX_set_cipher_list(client->ctx, "ALL:@SECLEVEL=0");
        client->ssl = SSL_new(client->ctx);
        SSL_set_fd(client->ssl, client->fd);
        return SSL_connect(client->ssl) == 1;
}

static void client_close(struct client *client)
{
        SSL_free(client->ssl);
        SSL_CTX_free(client->ctx);
        close(client->fd);
}

/* The common name in the certificate that the server showed. */
static void client_peer(const struct client *client, char *name, size_t size)
{
        X509 *cert = SSL_get1_peer_certificate(client->ssl);

        assert_non_null(cert);
        X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, name, (int)size);
        X509_free(cert);
}

static void client_send(const struct client *client, const char *text)
{
        assert_int_equal(SSL_write(client->ssl, text, (int)strlen(text)), strlen(text));
}

static void client_exchange(const struct client *client, const char *request, const char *expected)
{
        char reply[4096] = "";
        size_t n = 0;

        client_send(client, request);
        while (!strstr(reply, expected)) {
                const int got = SSL_read(client->ssl, reply + n, (int)(sizeof(reply) - 1 - n));

                if (got <= 0)
                        fail_msg("no '%s' in '%s'", expected, reply);
                n += (size_t)got;
        }
}

static void expect_name(uint16_t port, const char *expected)
{
        struct client client;
        char name[100] = "";

        assert_true(client_open(&client, port, 0));
        client_peer(&client, name, sizeof(name));
        assert_string_equal(name, expected);
        client_exchange(&client, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", "GET|/x|");
        client_close(&client);
}

static struct help help;
static struct http_tls one, two;

static int start(void **state)
{
        struct http_config config = {.tls = true, .workers = 2, .routes = {&help, help_direct, help_handle}};

        (void)state;
        one = help_tls(EVP_EC_gen("P-256"), "one.example");
        two = help_tls(EVP_EC_gen("P-256"), "two.example");
        config.listen_fd = help_listen(&help.port);
        return !res_is_ok(http_server_start(&config, &one, &help.server));
}

static int stop(void **state)
{
        (void)state;
        http_server_stop(help.server, 1000);
        help_tls_free(&one);
        help_tls_free(&two);
        return 0;
}

static void bad_certificates_are_refused_and_the_old_one_stays(void **state)
{
        const struct http_tls bad[] = {
                {.cert_chain = NULL, .key = one.key},      {.cert_chain = "", .key = one.key},
                {.cert_chain = "rubbish", .key = one.key}, {.cert_chain = one.cert_chain, .key = ""},
                {.cert_chain = one.cert_chain, .key = two.key}, /* a key of another certificate */
                {.cert_chain = one.key, .key = one.cert_chain},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_int_equal(http_server_set_tls(help.server, &bad[i]).err, ERR_CRYPTO);
        expect_name(help.port, "one.example");
}

static void a_listener_does_not_start_on_a_bad_certificate(void **state)
{
        const struct http_tls bad = {.cert_chain = one.cert_chain, .key = two.key};
        struct http_config config = {.tls = true, .workers = 1, .routes = {&help, help_direct, help_handle}};
        struct http_server *server = NULL;
        uint16_t port;

        (void)state;
        config.listen_fd = help_listen(&port);
        assert_int_equal(http_server_start(&config, &bad, &server).err, ERR_CRYPTO);
        assert_null(server);
        close(config.listen_fd);
}

static void an_exchanged_certificate_is_what_the_next_client_sees(void **state)
{
        struct client kept;

        (void)state;
        assert_true(client_open(&kept, help.port, 0));
        assert_int_equal(http_server_set_tls(help.server, &two).err, ERR_NONE);
        expect_name(help.port, "two.example");
        client_exchange(&kept, "GET /kept HTTP/1.1\r\nHost: a\r\n\r\n",
                        "GET|/kept|"); /* the open connection lives on */
        client_close(&kept);
        assert_int_equal(http_server_set_tls(help.server, &one).err, ERR_NONE);
        expect_name(help.port, "one.example");
}

static void old_versions_are_refused(void **state)
{
        struct client client;

        (void)state;
        assert_false(client_open(&client, help.port, TLS1_1_VERSION));
        client_close(&client);
        assert_true(client_open(&client, help.port, TLS1_2_VERSION));
        client_close(&client);
        assert_true(client_open(&client, help.port, TLS1_3_VERSION));
        client_close(&client);
}

static void plain_text_at_the_tls_port_harms_nobody(void **state)
{
        static const char *const junk[] = {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\x16\x03\x01\x00",
                                           "\x16\x03\x01\xff\xff\x01"};

        (void)state;
        for (int i = 0; i < 30; i++) {
                const int fd = help_connect(help.port);

                help_write(fd, junk[i % 3]);
                close(fd);
        }
        expect_name(help.port, "one.example");
}

/* One call brings no more than one record: what is in it was sent in one piece. */
static void a_small_answer_is_one_record(void **state)
{
        static const char *const requests[] = {"GET /direct HTTP/1.1\r\nHost: a\r\n\r\n", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"};
        static const char *const bodies[] = {"direct", "GET|/x|"};
        struct client client;

        (void)state;
        assert_true(client_open(&client, help.port, 0));
        for (int i = 0; i < 10; i++) {
                char reply[4096] = "";

                client_send(&client, requests[i % 2]);
                assert_true(SSL_read(client.ssl, reply, sizeof(reply) - 1) > 0);
                if (!strstr(reply, "HTTP/1.1 200") || !strstr(reply, bodies[i % 2]))
                        fail_msg("'%s' alone came in the first record", reply);
        }
        client_close(&client);
}

static int compare_ms(const void *a, const void *b)
{
        const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return (x > y) - (x < y);
}

/* The kernel keeps what is corked for 200 ms, each time; so a quarter of the answers within 100 ms says that nothing was. */
static void small_answers_on_one_connection_do_not_wait(void **state)
{
        enum { COUNT = 20, MOST_MS = 100 };
        int64_t took_ms[COUNT];
        struct client client;

        (void)state;
        assert_true(client_open(&client, help.port, 0));
        for (int i = 0; i < COUNT; i++) {
                const int64_t began = clock_mono_ms();

                client_exchange(&client, "GET /direct HTTP/1.1\r\nHost: a\r\n\r\n", "direct");
                took_ms[i] = clock_mono_ms() - began;
        }
        qsort(took_ms, COUNT, sizeof(took_ms[0]), compare_ms);
        print_message("a quarter of the answers within %lld ms, all within %lld ms\n", (long long)took_ms[COUNT / 4],
                      (long long)took_ms[COUNT - 1]);
        assert_in_range(took_ms[COUNT / 4], 0, MOST_MS);
        client_close(&client);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(bad_certificates_are_refused_and_the_old_one_stays),
                cmocka_unit_test(a_listener_does_not_start_on_a_bad_certificate),
                cmocka_unit_test(an_exchanged_certificate_is_what_the_next_client_sees),
                cmocka_unit_test(old_versions_are_refused),
                cmocka_unit_test(plain_text_at_the_tls_port_harms_nobody),
                cmocka_unit_test(a_small_answer_is_one_record),
                cmocka_unit_test(small_answers_on_one_connection_do_not_wait),
        };

        return cmocka_run_group_tests(tests, start, stop);
}
