/*
 * One probe: a question of the server (MSG_PROBE), the look outside that answers it, and what was seen.
 * A probe lives from probe_start() until its method calls probe_finish() or its time is over; everything it
 * needs stands in its arena and goes with it.  Methods (dns.c, http.c, caa.c) only observe: what a verdict means
 * for an order is decided elsewhere.
 */
#pragma once

#include <event2/event.h>

#include "base/arena.h"
#include "base/conf.h"
#include "base/limits.h"
#include "ipc/msg.h"
#include "probe/caa_memory.h"
#include "probe/fetch.h"
#include "probe/guard.h"
#include "probe/resolver.h"
#include "probe/target.h"

/* What all probes share. */
struct prober {
        struct event_base *base;
        const struct conf *conf;
        struct guard guard;
        struct resolver *resolver, *fresh; /* fresh remembers nothing */
        struct fetcher *fetcher;
        struct caa_memory caa_memory;
        struct ssl_ctx_st *alpn; /* what tls-alpn-01 speaks with */
        struct probe *probes; /* running or waiting to be freed */
        size_t running;
};

/* On failure a sentence is in why.  ERR_CONFIG, ERR_MEMORY. */
MUST res prober_init(struct prober *prober, const struct conf *conf, struct buf *why);
/* One look-up that stays inside the machine, so that all that libunbound opens is open.  Runs the loop.  ERR_IO. */
MUST res prober_warm_up(struct prober *prober);
void prober_done(struct prober *prober); /* running probes are done with no result */

struct probe_question { /* copied by probe_start() */
        enum msg_probe_kind kind;
        struct str name, expected, account_uri, method;
        int64_t time_ms; /* cut to 1..LIMIT_PROBE_TOTAL_MS */
};

struct probe_result {
        enum err failed; /* not ERR_NONE: nobody could look (no memory), and the rest says nothing */
        enum msg_verdict verdict;
        enum msg_dnssec dnssec;
        uint32_t http_status;
        const char *detail;                    /* one sentence; printable */
        struct str values[LIMIT_PROBE_VALUES]; /* printable, cut to LIMIT_PROBE_VALUE_BYTES */
        size_t value_count;
        char address[GUARD_TEXT_SIZE];
};

/* result: NULL when the prober itself ended. */
typedef void probe_done_fn(void *arg, const struct probe_result *result);

#define PROBE_QUERIES 2 /* at once: A and AAAA */
#define PROBE_MAGIC 0x50524f42u

struct probe;
typedef void probe_answer_fn(struct probe *probe, const struct packet_answer *answer);

struct probe_query {
        struct probe *probe;
        struct resolver_query *query; /* NULL: this place is free */
        probe_answer_fn *fn;
};

struct probe { /* for the methods */
        uint32_t magic;
        struct prober *prober;
        struct probe *next, *previous;
        struct arena *arena;
        struct probe_question question;
        const char *name; /* question.name as C text, lower case, without "*." */
        bool wildcard;
        struct probe_result result;
        int64_t deadline_ms; /* monotonic */
        struct event *timer; /* the deadline; after the end it frees the probe */
        probe_done_fn *done;
        void *done_arg;
        bool finished;
        bool asked_again; /* past the resolver's memory */
        struct probe_query queries[PROBE_QUERIES];
        struct fetch *fetch;
        const char *late; /* what to say when the time is over: a method sets it as it goes on */
        struct targets *targets; /* of the method that connects, in its state */
        void (*drop)(struct probe *probe); /* the method's own connection, when the probe ends; may be NULL */
        void *state;      /* the method's own, in the arena */
};

/*
 * Start to look; done is called once, later.  ERR_PARAM_VALUE: the question cannot be
 * asked (*ret_why says why; a validation host that does not begin with "_" is one such); ERR_MEMORY.
 */
MUST res probe_start(struct prober *prober, const struct probe_question *question, probe_done_fn *done, void *arg,
                     const char **ret_why);

/* ---- for the methods ---- */

/* The end: everything still under way is dropped, done is called, and the probe goes once the loop is reached. */
void probe_finish(struct probe *probe, enum msg_verdict verdict, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
int64_t probe_time_left_ms(const struct probe *probe);
/* A found value: made printable, cut. */
void probe_add_value(struct probe *probe, struct str value);
/* Foreign bytes as one printable text of at most max bytes: others become \xNN. */
const char *probe_printable(struct arena *arena, struct str value, size_t max);
/* A domain name of two labels or more that is no number, or an address in its plain spelling. */
bool probe_is_host(const char *host);
/* The name as URLs have it: an IPv6 address in brackets (RFC 3986 §3.2.2). */
const char *probe_url_host(const struct probe *probe);
/* Ask the resolver, at most PROBE_QUERIES at once; finishes the probe if that is not possible. */
void probe_ask(struct probe *probe, const char *name, unsigned type, probe_answer_fn *fn);
/* The same, past everything that is remembered: for a record that may have been changed a moment ago. */
void probe_ask_fresh(struct probe *probe, const char *name, unsigned type, probe_answer_fn *fn);
/* Stop waiting for the resolver: what it still brings is ignored. */
void probe_drop_queries(struct probe *probe);
/* The answer's state of DNSSEC; result.dnssec is the weakest that was noted. */
void probe_note_dnssec(struct probe *probe, const struct packet_answer *answer);

void dns_start(struct probe *probe);  /* TXT and CNAME */
void http_start(struct probe *probe); /* the file */
void http01_start(struct probe *probe);
void alpn_start(struct probe *probe);
void caa_start(struct probe *probe);
