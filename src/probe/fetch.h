/*
 * One HTTP request to one checked address on the program's event loop: plain http by a few system calls of our own
 * (plain.c), https by libcurl's multi interface.  curl never
 * resolves a name here, never follows a redirect, never uses a proxy, cookies, credentials or decompression; it
 * connects to the literal address that the caller got past the guard, and the guard looks once more at the
 * socket's address.  https without verifying the certificate (design.md, Contract), with the name as SNI.
 */
#pragma once

#include <event2/event.h>

#include "base/res.h"
#include "base/str.h"
#include "probe/guard.h"

#define FETCH_USER_AGENT "Chancery/" CHANCERY_VERSION " (domain validation)"

struct fetcher;
struct fetch;

struct fetch_request {
        const char *url;              /* host = the name, with its port */
        struct guard_address address; /* to connect to, whatever the host is */
        uint16_t port;
        int64_t time_ms, connect_ms;
};

enum fetch_state {
        FETCH_ANSWERED,
        FETCH_NO_CONNECTION, /* refused, unroutable, no TLS, or silent: nothing of HTTP was seen */
        FETCH_LATE,          /* connected, but the answer was not there in time */
        FETCH_BROKEN,        /* no HTTP, cut short, or headers over LIMIT_PROBE_HEADERS */
        FETCH_TOO_LARGE,     /* body over LIMIT_PROBE_BODY */
};

struct fetch_result { /* borrowed until the callback returns */
        enum fetch_state state;
        uint32_t status;
        struct str body;     /* as sent, not decompressed */
        struct str location; /* of a redirect; "" = none, or absurdly long */
        bool encoded;        /* Content-Encoding was given */
};

typedef void fetch_fn(void *arg, const struct fetch_result *result);

MUST res fetcher_new(struct event_base *base, const struct guard *guard, struct fetcher **ret_fetcher);
void fetcher_free(struct fetcher *fetcher); /* after every fetch was dropped or done */
/* fn is called once, later, never from inside this call, unless the fetch is dropped first.  ERR_MEMORY. */
MUST res fetch_start(struct fetcher *fetcher, const struct fetch_request *request, fetch_fn *fn, void *arg,
                     struct fetch **ret_fetch);
/* Not after fn was called, not from inside it. */
void fetch_drop(struct fetch *fetch);
