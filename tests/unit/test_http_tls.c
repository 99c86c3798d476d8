/*
 * TLS: what certificates are refused, that one exchanged at run time is what the next client sees, and that a small answer leaves
 * whole and at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <time.h>

#include "http_help.h"

struct pair {
        char cert[4096], key[4096];
};

static void export(gnutls_x509_crt_t cert, gnutls_x509_privkey_t key, struct pair *pair)
{
        size_t cert_size = sizeof(pair->cert), key_size = sizeof(pair->key);

        assert_int_equal(gnutls_x509_crt_export(cert, GNUTLS_X509_FMT_PEM, pair->cert, &cert_size), 0);
        assert_int_equal(gnutls_x509_privkey_export_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, pair->key,
                                                          &key_size),
                         0);
}

/* A self-signed P-256 certificate with this common name. */
static void make_pair(const char *name, struct pair *pair)
{
        gnutls_x509_privkey_t key;
        gnutls_x509_crt_t cert;

        assert_int_equal(gnutls_x509_privkey_init(&key), 0);
        assert_int_equal(
                gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
                0);
        assert_int_equal(gnutls_x509_crt_init(&cert), 0);
        gnutls_x509_crt_set_version(cert, 3);
        gnutls_x509_crt_set_serial(cert, "\x01", 1);
        gnutls_x509_crt_set_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name));
        gnutls_x509_crt_set_activation_time(cert, time(NULL) - 60);
        gnutls_x509_crt_set_expiration_time(cert, time(NULL) + 3600);
        assert_int_equal(gnutls_x509_crt_set_key(cert, key), 0);
        assert_int_equal(gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA256, 0), 0);
        export(cert, key, pair);
        gnutls_x509_crt_deinit(cert);
        gnutls_x509_privkey_deinit(key);
}

struct client {
        gnutls_session_t session;
        gnutls_certificate_credentials_t credentials;
        int fd;
};

static int client_open(struct client *client, uint16_t port, const char *priority)
{
        client->fd = help_connect(port);
        gnutls_certificate_allocate_credentials(&client->credentials);
        gnutls_init(&client->session, GNUTLS_CLIENT);
        gnutls_priority_set_direct(client->session, priority, NULL);
        gnutls_credentials_set(client->session, GNUTLS_CRD_CERTIFICATE, client->credentials);
        gnutls_transport_set_int(client->session, client->fd);
        return gnutls_handshake(client->session);
}

static void client_close(struct client *client)
{
        gnutls_deinit(client->session);
        gnutls_certificate_free_credentials(client->credentials);
        close(client->fd);
}

/* The common name in the certificate that the server showed. */
static void client_peer(const struct client *client, char *name, size_t size)
{
        unsigned count = 0;
        const gnutls_datum_t *chain = gnutls_certificate_get_peers(client->session, &count);
        gnutls_x509_crt_t cert;

        assert_true(count > 0);
        gnutls_x509_crt_init(&cert);
        gnutls_x509_crt_import(cert, chain, GNUTLS_X509_FMT_DER);
        gnutls_x509_crt_get_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &size);
        gnutls_x509_crt_deinit(cert);
}

static void client_exchange(const struct client *client, const char *request, const char *expected)
{
        char reply[4096] = "";
        size_t n = 0;

        assert_true(gnutls_record_send(client->session, request, strlen(request)) > 0);
        while (!strstr(reply, expected)) {
                const ssize_t got = gnutls_record_recv(client->session, reply + n, sizeof(reply) - 1 - n);

                if (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED)
                        continue;
                if (got <= 0)
                        fail_msg("no '%s' in '%s'", expected, reply);
                n += (size_t)got;
        }
}

static void expect_name(uint16_t port, const char *expected)
{
        struct client client;
        char name[100] = "";

        assert_int_equal(client_open(&client, port, "NORMAL"), 0);
        client_peer(&client, name, sizeof(name));
        assert_string_equal(name, expected);
        client_exchange(&client, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", "GET|/x|");
        client_close(&client);
}

static struct help help;
static struct pair one, two;

static struct http_tls tls_of(const struct pair *pair)
{
        return (struct http_tls){.cert_chain = pair->cert, .key = pair->key};
}

static int start(void **state)
{
        struct http_config config = {.tls = true, .workers = 2, .routes = {&help, help_direct, help_handle}};
        struct http_tls tls;

        (void)state;
        make_pair("one.example", &one);
        make_pair("two.example", &two);
        tls = tls_of(&one);
        config.listen_fd = help_listen(&help.port);
        return !res_is_ok(http_server_start(&config, &tls, &help.server));
}

static int stop(void **state)
{
        (void)state;
        http_server_stop(help.server, 1000);
        return 0;
}

static void bad_certificates_are_refused_and_the_old_one_stays(void **state)
{
        const struct http_tls bad[] = {
                {.cert_chain = NULL, .key = one.key},      {.cert_chain = "", .key = one.key},
                {.cert_chain = "rubbish", .key = one.key}, {.cert_chain = one.cert, .key = ""},
                {.cert_chain = one.cert, .key = two.key}, /* a key of another certificate */
                {.cert_chain = one.key, .key = one.cert},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_int_equal(http_server_set_tls(help.server, &bad[i]).err, ERR_CRYPTO);
        expect_name(help.port, "one.example");
}

static void a_listener_does_not_start_on_a_bad_certificate(void **state)
{
        const struct http_tls bad = {.cert_chain = one.cert, .key = two.key};
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
        const struct http_tls first = tls_of(&one), second = tls_of(&two);
        struct client kept;

        (void)state;
        assert_int_equal(client_open(&kept, help.port, "NORMAL"), 0);
        assert_int_equal(http_server_set_tls(help.server, &second).err, ERR_NONE);
        expect_name(help.port, "two.example");
        client_exchange(&kept, "GET /kept HTTP/1.1\r\nHost: a\r\n\r\n",
                        "GET|/kept|"); /* the open connection lives on */
        client_close(&kept);
        assert_int_equal(http_server_set_tls(help.server, &first).err, ERR_NONE);
        expect_name(help.port, "one.example");
}

static void old_versions_are_refused(void **state)
{
        struct client client;

        (void)state;
        assert_int_not_equal(client_open(&client, help.port, "NORMAL:-VERS-ALL:+VERS-TLS1.1:%COMPAT"), 0);
        client_close(&client);
        assert_int_equal(client_open(&client, help.port, "NORMAL:-VERS-ALL:+VERS-TLS1.2"), 0);
        client_close(&client);
        assert_int_equal(client_open(&client, help.port, "NORMAL:-VERS-ALL:+VERS-TLS1.3"), 0);
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
        assert_int_equal(client_open(&client, help.port, "NORMAL"), 0);
        for (int i = 0; i < 10; i++) {
                char reply[4096] = "";
                ssize_t got;

                assert_true(gnutls_record_send(client.session, requests[i % 2], strlen(requests[i % 2])) > 0);
                do
                        got = gnutls_record_recv(client.session, reply, sizeof(reply) - 1);
                while (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED);
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
        assert_int_equal(client_open(&client, help.port, "NORMAL"), 0);
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
