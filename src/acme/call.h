/*
 * One signed request on its way: what came in, who asks, what goes out.  The table in acme.c says for each resource which
 * kind of key signs it, so that no handler can forget to ask.  Private to acme/.
 */
#pragma once

#include <stdatomic.h>

#include "acme/acme.h"
#include "acme/nonce.h"
#include "core/acme_account.h"
#include "core/bell.h"
#include "core/problem.h"
#include "core/writer.h"
#include "pki/jws.h"
#include "store/store.h"

struct json_field;
struct acme_call;
struct acme_rounds;

struct acme {
        struct core *core;
        struct acme_nonces *nonces;
        struct acme_rounds *rounds;
};

/*
 * What a handler wants before it goes on.  It returns, and its `then` is called when that has come: so no thread sleeps for
 * one request alone, and the writes of many are one group of the store.
 */
enum acme_next {
        ACME_ANSWERED, /* nothing: the reply is filled */
        ACME_BLOCKS,   /* a thread of its own, because `then` may wait for other programs or take long */
        ACME_WRITES,   /* its transaction; where that fails, so does the request */
        ACME_WAITS,    /* a ring of the bell, or the end of its time */
};

struct acme_wait {
        uint64_t key;                        /* of the bell */
        int ms, short_ms;                    /* short: of a worker, where many wait already */
        res (*push)(struct acme_call *call); /* begins what will ring; touches nothing but what it is given */
        struct outside *waiting;             /* where a worker that waits is counted */
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

        enum acme_next next;
        /* `outcome`: what was rung with (core/bell.h), on the thread that rings, which does nothing long; NULL in any other case. */
        res (*then)(struct acme_call *call, const void *outcome);
        void *own;                   /* the handler's, in the arena */
        struct acme_wait wait;
        /* acme/rounds.c */
        struct writer_step step;     /* what is to be stored */
        struct bell_call ear;
        atomic_int holds;
        res pushed;
        bool is_worker, has_place;
};

/* Does it look like a POST-as-GET?  A guess, so that what a worker is going to parse anyway is not parsed before. */
bool acme_call_looks_like_get(const struct acme_call *call);
/*
 * Well-formed, by an account, with an algorithm that verifies quickly, and a POST-as-GET or not.  Nothing is judged that
 * acme_call_open will not judge.
 */
bool acme_call_is_quick(struct acme_call *call, bool as_get);
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

/* ---- what comes next (return what these return) ---- */

typedef res acme_then(struct acme_call *call, const void *outcome);
/* On a worker already: now. */
MUST res acme_call_block(struct acme_call *call, acme_then *then);
MUST res acme_call_write(struct acme_call *call, store_fn *fn, void *arg, acme_then *then);
MUST res acme_call_wait(struct acme_call *call, const struct acme_wait *wait, acme_then *then);

/* ---- answers ---- */

void acme_header(struct acme_call *call, const char *name, const char *value);
/* "https://host/acme/<path>". */
const char *acme_url(struct acme_call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
void acme_reply_json(struct acme_call *call, int status);
void acme_retry_after(struct acme_call *call, int64_t seconds);
/* The end of a step: a failure becomes the answer, and is logged where it is ours. */
void acme_call_settle(struct acme_call *call, res r);
/* Headers that every answer has: nonce, index, no-store. */
void acme_reply_common(struct acme_call *call);
