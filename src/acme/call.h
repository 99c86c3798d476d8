/*
 * One signed request on its way: what came in, who asks, what goes out.  The table in acme.c says for each resource which
 * kind of key signs it, so that no handler can forget to ask.  Private to acme/.
 */
#pragma once

#include "acme/acme.h"
#include "acme/nonce.h"
#include "core/acme_account.h"
#include "core/problem.h"
#include "pki/jws.h"

struct json_field;

struct acme {
        struct core *core;
        struct acme_nonces *nonces;
};

enum acme_signer { ACME_SIGNED_BY_KEY, ACME_SIGNED_BY_ACCOUNT, ACME_SIGNED_BY_EITHER, ACME_UNSIGNED };

struct acme_call {
        struct acme *acme;
        struct http_request *request;
        struct http_reply *reply;
        struct act act;
        const char *base;  /* "https://host" */
        const char *url;   /* of this request */
        struct jws jws;
        bool is_parsed;    /* jws is there */
        struct acme_account account; /* acme_id 0: signed by a key */
        struct str parts[2];         /* what the path holds besides the resource's name */
        struct problem problem;      /* subproblems, when it fails */
};

/* A well-formed POST-as-GET by an account, with an algorithm that verifies quickly.  Nothing is judged that acme_call_open will not judge. */
bool acme_call_is_quick(struct acme_call *call);
/* Envelope, nonce, url, key: afterwards call->jws and call->account are good.  The failure has its sentence. */
MUST res acme_call_open(struct acme_call *call, enum acme_signer signer);
/* The payload by a table; unknown members are ignored (RFC 8555 §6.1 leaves room).  ERR_ACME_MALFORMED. */
MUST res acme_call_bind(struct acme_call *call, const struct json_field *fields, void *ret_in);
/* POST-as-GET (RFC 8555 §6.3): the payload is the empty text, not {}.  ERR_ACME_MALFORMED. */
MUST res acme_call_no_payload(struct acme_call *call);
static inline bool acme_call_is_get(const struct acme_call *call)
{
        return call->jws.payload.n == 0;
}

/* ---- answers ---- */

void acme_header(struct acme_call *call, const char *name, const char *value);
/* "https://host/acme/<path>". */
const char *acme_url(struct acme_call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
void acme_reply_json(struct acme_call *call, int status);
void acme_retry_after(struct acme_call *call, int64_t seconds);
void acme_reply_problem(struct acme_call *call, enum err err);
/* Headers that every answer has: nonce, index, no-store. */
void acme_reply_common(struct acme_call *call);
