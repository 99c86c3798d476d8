/* See acme_client.h.  One request is in flight on a connection, so what comes is its answer. */
#include "bench/acme_client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/b64.h"
#include "bench/strand.h"
#include "pki/der.h"

#define ANSWER_BYTES (256 * 1024)
#define TEXT_BYTES 16384
#define NONCES_TRIED 5

_Noreturn void acme_die(const char *what, const char *detail)
{
        fprintf(stderr, "bench_acme: %s %s\n", what, detail ? detail : "");
        exit(1);
}

/* ---- bytes ------------------------------------------------------------------------------------------------ */

static int connect_to(int port)
{
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

        if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
                acme_die("cannot connect", NULL);
        setsockopt(fd, 6 /* IPPROTO_TCP */, 1 /* TCP_NODELAY */, &one, sizeof one);
        return fd;
}

static void client_read(struct acme_client *client)
{
        for (size_t n = 0;;) {
                int got = SSL_read(client->ssl, client->text + n, (int)(ANSWER_BYTES - n));

                if (got <= 0 && client->in_strand && SSL_get_error(client->ssl, got) == SSL_ERROR_WANT_READ) {
                        strand_wait();
                        continue;
                }
                if (got <= 0)
                        acme_die("the connection ended", NULL);
                n += (size_t)got;
                client->text[n] = '\0';
                if (http_answer_read(client->text, n, /* ended= */ false, &client->answer))
                        break;
        }
        http_answer_field(&client->answer, "Replay-Nonce", client->nonce, sizeof client->nonce);
        http_answer_field(&client->answer, "Location", client->location, sizeof client->location);
}

static void client_send(struct acme_client *client, const char *text, size_t n)
{
        if (SSL_write(client->ssl, text, (int)n) != (int)n)
                acme_die("cannot write", NULL);
        client_read(client);
}

/* The part behind the host. */
static const char *path_of(const char *url)
{
        const char *path = strncmp(url, "https://", 8) == 0 ? strchr(url + 8, '/') : NULL;

        return path ? path : (acme_die("no address:", url), NULL);
}

static void client_get(struct acme_client *client, const char *url)
{
        char text[1024];
        int n = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench_acme\r\n\r\n", path_of(url), client->directory->host);

        client_send(client, text, (size_t)n);
        if (client->answer.status >= 300)
                acme_die(url, client->answer.body);
}

static void client_connect(struct acme_client *client, const struct acme_directory *directory)
{
        *client = (struct acme_client){.directory = directory, .context = SSL_CTX_new(TLS_client_method())};
        client->ssl = SSL_new(client->context);
        client->fd = connect_to(directory->port);
        SSL_set_fd(client->ssl, client->fd);
        if (SSL_connect(client->ssl) != 1)
                acme_die("no TLS", NULL);
        client->text = malloc(ANSWER_BYTES + 1);
}

void acme_client_open(struct acme_client *client, const struct acme_directory *directory)
{
        client_connect(client, directory);
        client_get(client, directory->new_nonce);
}

void acme_client_close(struct acme_client *client)
{
        SSL_free(client->ssl);
        SSL_CTX_free(client->context);
        close(client->fd);
        free(client->text);
}

void acme_client_enter_strand(struct acme_client *client)
{
        if (fcntl(client->fd, F_SETFL, fcntl(client->fd, F_GETFL) | O_NONBLOCK) != 0)
                acme_die("cannot stop blocking", NULL);
        strand_own(client->fd);
        client->in_strand = true;
}

void acme_decode(const struct acme_client *client, struct arena *arena, const struct json_field *fields, void *ret_out)
{
        const char *why = NULL;

        if (!res_is_ok(json_decode(arena, (struct str){client->answer.body, client->answer.body_n}, fields, JSON_UNKNOWN_IGNORE, ret_out, &why)))
                acme_die(why, client->answer.body);
}

/* ---- the directory (RFC 8555 §7.1.1) ---------------------------------------------------------------------- */

struct links {
        struct str nonce, account, order;
};
static const struct json_field link_fields[] = {
        JSON_FIELD(struct links, nonce, "newNonce", JSON_STR, .required = true),
        JSON_FIELD(struct links, account, "newAccount", JSON_STR, .required = true),
        JSON_FIELD(struct links, order, "newOrder", JSON_STR, .required = true),
        JSON_FIELDS_END,
};

static void keep(char *out, size_t size, struct str text)
{
        if (text.n >= size)
                acme_die("an address is too long", NULL);
        snprintf(out, size, "%.*s", (int)text.n, text.p);
}

void acme_directory_read(struct acme_directory *directory, const char *where)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(1024 * 1024);
        struct acme_client client;
        struct links links = {0};

        if (strchr(where, '/'))
                snprintf(directory->directory, sizeof directory->directory, "%s", where);
        else
                snprintf(directory->directory, sizeof directory->directory, "https://127.0.0.1:%s/acme/directory", where);
        const char *host = directory->directory + 8, *path = path_of(directory->directory), *port = memchr(host, ':', (size_t)(path - host));

        keep(directory->host, sizeof directory->host, (struct str){host, (size_t)(path - host)});
        directory->port = port ? (int)strtol(port + 1, NULL, 10) : 443;
        client_connect(&client, directory);
        client_get(&client, directory->directory);
        acme_decode(&client, arena, link_fields, &links);
        keep(directory->new_nonce, sizeof directory->new_nonce, links.nonce);
        keep(directory->new_account, sizeof directory->new_account, links.account);
        keep(directory->new_order, sizeof directory->new_order, links.order);
        acme_client_close(&client);
}

/* ---- signed requests (RFC 8555 §6.2) ---------------------------------------------------------------------- */

/* r and s, 32 octets each, out of the DER that the key gives. */
static void raw_signature(struct bytes der, uint8_t out[64])
{
        struct der in;
        struct bytes part;

        memset(out, 0, 64);
        if (!res_is_ok(der_enter_all(der, DER_SEQUENCE, &in)))
                acme_die("signature", NULL);
        for (size_t i = 0; i < 2; i++) {
                if (!res_is_ok(der_read_unsigned(&in, &part)) || part.n > 32)
                        acme_die("signature", NULL);
                memcpy(out + 32 * i + 32 - part.n, part.p, part.n);
        }
}

static void sign_jws(struct acme_account *account, const char *protected_text, const char *payload, struct buf *out)
{
        struct buf head, body, message, signature;
        uint8_t raw[64];

        buf_init(&head, TEXT_BYTES), buf_init(&body, TEXT_BYTES), buf_init(&message, 2 * TEXT_BYTES), buf_init(&signature, 512);
        b64url_encode(bytes_of(protected_text, strlen(protected_text)), &head);
        b64url_encode(bytes_of(payload, strlen(payload)), &body);
        buf_printf(&message, "%s.%s", buf_c(&head), buf_c(&body));
        if (!res_is_ok(pki_key_sign(account->key, pki_key_alg(account->key), buf_bytes(&message), &signature)))
                acme_die("cannot sign", NULL);
        raw_signature(buf_bytes(&signature), raw);
        buf_clear(&message);
        b64url_encode(bytes_of(raw, sizeof raw), &message);
        buf_printf(out, "{\"protected\":\"%s\",\"payload\":\"%s\",\"signature\":\"%s\"}", buf_c(&head), buf_c(&body), buf_c(&message));
        buf_done(&head), buf_done(&body), buf_done(&message), buf_done(&signature);
}

static void post_once(struct acme_client *client, struct acme_account *account, const char *url, const char *payload)
{
        char protected_text[2048];
        struct buf body, text;
        const bool known = account->kid[0];
        const char *quote = known ? "\"" : "";

        buf_init(&body, 2 * TEXT_BYTES), buf_init(&text, 4 * TEXT_BYTES);
        snprintf(protected_text, sizeof protected_text, "{\"alg\":\"ES256\",\"%s\":%s%s%s,\"nonce\":\"%s\",\"url\":\"%s\"}", known ? "kid" : "jwk", quote,
                 known ? account->kid : account->jwk, quote, client->nonce, url);
        sign_jws(account, protected_text, payload, &body);
        buf_printf(&text,
                   "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench_acme\r\nContent-Type: application/jose+json\r\nContent-Length: %zu\r\n\r\n%s",
                   path_of(url), client->directory->host, body.n, buf_c(&body));
        client->requests++;
        client_send(client, (const char *)text.p, text.n);
        buf_done(&body), buf_done(&text);
}

void acme_post(struct acme_client *client, struct acme_account *account, const char *url, const char *payload)
{
        for (int tries = 1;; tries++) {
                post_once(client, account, url, payload);
                if (client->answer.status < 300)
                        return;
                if (client->answer.status != 400 || tries == NONCES_TRIED || !strstr(client->answer.body, ":badNonce"))
                        acme_die(url, client->answer.body);
        }
}

/* ---- accounts --------------------------------------------------------------------------------------------- */

void acme_account_make(struct acme_account *account)
{
        struct jws_key key;
        struct buf x, y;

        if (!res_is_ok(pki_key_generate(PKI_KEY_EC_P256, &account->key)) ||
            !res_is_ok(pki_key_generate(PKI_KEY_EC_P256, &account->certificate_key)))
                acme_die("cannot make keys", NULL);
        struct bytes spki = pki_key_spki(account->key);

        buf_init(&x, 64), buf_init(&y, 64);
        b64url_encode(bytes_of(spki.p + spki.n - 64, 32), &x);
        b64url_encode(bytes_of(spki.p + spki.n - 32, 32), &y);
        snprintf(account->jwk, sizeof account->jwk, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", buf_c(&x), buf_c(&y));
        buf_done(&x), buf_done(&y);
        if (!res_is_ok(jws_key_from_spki(spki, &key)) || !res_is_ok(jws_key_thumbprint(&key, account->thumbprint)))
                acme_die("no thumbprint", NULL);
}

void acme_account_register(struct acme_client *client, struct acme_account *account)
{
        acme_post(client, account, client->directory->new_account, "{\"termsOfServiceAgreed\":true}");
        snprintf(account->kid, sizeof account->kid, "%s", client->location);
}
