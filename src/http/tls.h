/* The listener's certificate and key, exchangeable while connections come in; private to http/. */
#pragma once

#include "base/res.h"

struct http_tls;
struct http_identity; /* the cell that holds the certificate of now */

MUST res http_identity_new(const struct http_tls *tls, struct http_identity **ret_identity);
void http_identity_free(struct http_identity *identity);
/* ERR_CRYPTO: not PEM, or the key is not the certificate's; the old one stays. */
MUST res http_identity_set(struct http_identity *identity, const struct http_tls *tls);

/* What the TLS library asks for, opaque here: pcert list, its length, private key. */
struct http_identity_view {
        void *chain;
        unsigned chain_length;
        void *key;
};
/* Stays valid for ten minutes after the next set, longer than any handshake may take. */
void http_identity_view(struct http_identity *identity, struct http_identity_view *ret_view);
