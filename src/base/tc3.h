/*
 * The API's request signatures (api.md §1): TC3-HMAC-SHA256, and the older v1.  Pure functions over the
 * bytes as received; the server asks the vault for the day's signing key, the command line has its own secret.
 */
#pragma once

#include "base/buf.h"
#include "base/res.h"
#include "base/str.h"

#define TC3_KEY_SIZE 32
#define TC3_DATE_SIZE 11

struct tc3_auth { /* parsed Authorization header; borrows from it */
        struct str secret_id, date, service, signed_headers;
        uint8_t signature[32];
};

struct tc3_header {
        struct str name, value; /* as received */
};

struct tc3_request {
        struct str method; /* upper case */
        struct str path;   /* as received, before '?' */
        struct str query;  /* raw text after '?', never decoded */
        const struct tc3_header *headers;
        size_t header_count;
        struct bytes body;
        struct str timestamp; /* of X-TC-Timestamp */
};

/* ERR_AUTH_HEADER: not of the form in api.md §1.1, or SignedHeaders lacks content-type or host. */
MUST res tc3_parse(struct str authorization, struct tc3_auth *ret_auth);
/* kSigning of api.md §1.1. */
void tc3_signing_key(struct bytes secret_key, struct str date, struct str service, uint8_t ret_key[TC3_KEY_SIZE]);
/*
 * Does the signature fit?  Tries Host with and without port, header values lower-cased and as sent, the
 * real path and "/" (api.md §1.1, §10.2, §10.4); constant-time comparison.  ERR_AUTH_SIGNATURE, ERR_AUTH_HEADER
 * (a signed header is missing, the date is not that of the time stamp).  Does not look at the clock.
 */
MUST res tc3_verify(const struct tc3_request *request, const struct tc3_auth *auth, const uint8_t key[TC3_KEY_SIZE]);
/* For the client: the Authorization header's value for a POST of `body` to host at `now_sec`, content-type application/json. */
void tc3_sign_post(struct str secret_id, struct bytes secret_key, struct str host, int64_t now_sec,
                   struct bytes body, struct buf *ret_authorization);
