/*
 * An ACME client for benches (RFC 8555): any directory, ES256 accounts, one warm TLS connection each, in strands or blocking.  Whatever goes
 * wrong ends the program, because a figure of something else would be worse than none.
 */
#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>

#include "base/json.h"
#include "bench/answer.h"
#include "pki/jws.h"
#include "pki/key.h"

struct acme_directory { /* where requests go: all of them to one host */
        char host[128];
        int port;
        char directory[256], new_nonce[256], new_account[256], new_order[256];
};

struct acme_account { /* used by one strand alone */
        struct pki_key *key, *certificate_key;
        char thumbprint[JWS_THUMBPRINT_SIZE], kid[512], jwk[512];
};

struct acme_client {
        const struct acme_directory *directory;
        SSL_CTX *context;
        SSL *ssl;
        int fd;
        bool in_strand; /* gives way instead of blocking */
        char nonce[256], location[512], *text;
        struct http_answer answer; /* the last one */
        long requests;             /* POSTs since it was opened */
};

_Noreturn void acme_die(const char *what, const char *detail);

/* `where`: the directory's address, or the port of a Chancery on 127.0.0.1. */
void acme_directory_read(struct acme_directory *directory, const char *where);

void acme_client_open(struct acme_client *client, const struct acme_directory *directory);
void acme_client_enter_strand(struct acme_client *client);
void acme_client_close(struct acme_client *client);

/* payload "" = POST-as-GET (§6.3).  A nonce that was refused is exchanged for the one that came with the refusal (§6.5). */
void acme_post(struct acme_client *client, struct acme_account *account, const char *url, const char *payload);
/* The JSON of the last answer; what the table does not know is left out.  Texts live in the arena. */
void acme_decode(const struct acme_client *client, struct arena *arena, const struct json_field *fields, void *ret_out);

void acme_account_make(struct acme_account *account);
void acme_account_register(struct acme_client *client, struct acme_account *account);
