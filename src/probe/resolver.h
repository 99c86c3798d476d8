/*
 * The validating resolver: libunbound on the program's own event loop, so that hundreds of look-ups cost one
 * thread.  DNSSEC is validated here and nowhere else; the AD bit of a far resolver means nothing.
 *
 * An answer "without signatures" under a trust anchor is asked for again before it is believed, because libunbound,
 * when it is very busy, now and then hands out an answer that it has not validated, and both look the same.  Lost and
 * failed queries libunbound itself asks again, several times; asking it once more would only bring its cached failure.
 */
#pragma once

#include <event2/event.h>

#include "base/arena.h"
#include "base/conf.h"
#include "base/res.h"
#include "probe/guard.h"
#include "probe/packet.h"

struct resolver;
struct resolver_query;

/*
 * Settings: validation.resolver (forward there; it may be authoritative only), validation.trust-anchor.  Without
 * a resolver the name servers of strangers are asked, and of their addresses only those that the guard lets
 * pass.  On failure a sentence is in why.  ERR_CONFIG: the trust anchor cannot be read or holds no key; ERR_MEMORY.
 */
enum resolver_memory { RESOLVER_KEEPS, RESOLVER_FORGETS }; /* answers for their TTL, or not at all */
MUST res resolver_new(struct event_base *base, const struct conf *conf, const struct guard *guard, enum resolver_memory memory,
                      struct resolver **ret_resolver, struct buf *why);
void resolver_free(struct resolver *resolver);

typedef void resolver_fn(void *arg, const struct packet_answer *answer);

/*
 * Look up.  fn is called once, later, never from inside this call, unless the query is dropped first.  The answer
 * lives in the arena, which must live until then.  The name is text without escapes, at most 253 bytes.
 * Waits as long as libunbound does: the caller has the clock.  ERR_FORMAT: libunbound refuses the name; ERR_MEMORY.
 */
MUST res resolver_ask(struct resolver *resolver, struct arena *arena, const char *name, unsigned type, resolver_fn *fn,
                      void *arg, struct resolver_query **ret_query);
/* fn will not be called; the arena may go.  Not after fn was called. */
void resolver_drop(struct resolver_query *query);

/* DNSSEC is on, and some trust anchor stands at or above the name. */
bool resolver_covers(const struct resolver *resolver, const char *name);
bool resolver_validates(const struct resolver *resolver);
