/*
 * TLS by OpenSSL: 1.3, and 1.2 with ephemeral keys and AEAD only.  The listener's certificate and key are exchangeable while
 * connections come in; each connection keeps what it began with.  A session neither reads nor writes a socket: it turns
 * bytes into bytes, so that a handshake's messages, or an answer's records, leave in one piece.  Private to http/.
 */
#pragma once

#include "base/buf.h"
#include "base/res.h"

struct http_tls;
struct http_identity; /* the cell that holds the certificate of now */

MUST res http_identity_new(const struct http_tls *tls, struct http_identity **ret_identity);
void http_identity_free(struct http_identity *identity);
/* ERR_CRYPTO: not PEM, or the key is not the certificate's; ERR_MEMORY.  The old one stays then. */
MUST res http_identity_set(struct http_identity *identity, const struct http_tls *tls);

/* One connection's; {0} is fine for http_session_close(). */
struct http_session {
        struct ssl_st *ssl;
        struct bytes in; /* what came and was not read yet: set before each call, empty after it */
        struct buf *out; /* where records for the client are added: set before each call */
};

/* In place: the session must not move.  ERR_MEMORY. */
MUST res http_session_open(struct http_session *session, struct http_identity *identity);
void http_session_close(struct http_session *session);

bool http_session_has_shaken(const struct http_session *session); /* hands */

enum http_session_state { HTTP_SESSION_GOES_ON, HTTP_SESSION_ENDED, HTTP_SESSION_FAILED };
/*
 * Reads all of `in`: handshake first, then what the client wrote, which is put to `text` (room bytes at least as large as
 * `in` and a record of 16 KB more).  ENDED: the client said that it writes no more.  FAILED: hang up, after what is in `out` was sent.
 */
enum http_session_state http_session_read(struct http_session *session, uint8_t *text, size_t room, size_t *ret_n);
/* Makes records of n > 0 bytes; false: hang up. */
bool http_session_write(struct http_session *session, const void *bytes, size_t n);
/* Tells the client that this was all (close_notify). */
void http_session_end(struct http_session *session);
