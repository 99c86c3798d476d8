#include "probe/resolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <unbound-event.h>
#include <unbound.h>

#include "base/address.h"
#include "base/limits.h"
#include "base/random.h"

/*
 * A query is a heap object with its own life: libunbound cannot be told to forget one, so a dropped query only
 * loses its receiver and is freed when libunbound comes back with it.  libunbound may call back before
 * ub_resolve_event() returns; the answer is therefore always handed on by an event of the query, and a
 * receiver never runs inside its own call.
 */

#define DEFAULT_ANCHOR "/usr/share/dns/root.key" /* package dns-root-data */
#define ASK_TWICE 2
#define CLASS_IN 1
#define SECURE 2 /* ub_event_callback_type's `sec` */
#define BOGUS 1
#define RCODE_SERVFAIL 2
#define WHY_BYTES 200

#define RESOLVER_QUERY_MAGIC 0x52515259u

struct resolver {
        struct event_base *base;
        struct ub_ctx *context;
        struct resolver_query *queries; /* all that libunbound or the loop still knows */
        char **anchors;                 /* owner names, without the final dot: "" is the root */
        size_t anchor_count;
};

struct resolver_query {
        uint32_t magic;
        struct resolver *resolver;
        struct resolver_query *next, *previous;
        struct arena *arena;
        struct event *deliver;
        resolver_fn *fn; /* NULL: dropped */
        void *arg;
        unsigned type;
        unsigned asked;
        struct packet_answer answer;
        char name[LIMIT_NAME_BYTES + 1];
};

/* ---- settings ----------------------------------------------------------------------------------- */

struct option {
        const char *name, *value;
};

static const struct option options_always[] = {
        {"cache-max-negative-ttl:", "0"}, /* a look made too early must not hide the record (DCV-11) */
        {"val-bogus-ttl:", "2"},
        {"aggressive-nsec:", "no"}, /* would synthesize "no such name" for a record that was just added */
        {"infra-keep-probing:", "yes"},
        {"qname-minimisation:", "no"}, /* name servers that mishandle it are common where CAA climbs */
        {"outgoing-range:", "2048"}, /* libunbound goes on asking for names whose probe is over; others must not wait */
        {"outgoing-num-tcp:", "16"},
        {"num-queries-per-thread:", "1024"},
        {"msg-cache-size:", "2m"},
        {"rrset-cache-size:", "4m"},
        {"key-cache-size:", "2m"},
        {"neg-cache-size:", "512k"},
        {"edns-buffer-size:", "1232"},
        {"unblock-lan-zones:", "yes"}, /* reverse zones of private ranges are ordinary names */
        {NULL, NULL},
};
/* The far resolver caches; we keep answers just long enough for one probe's look-ups. */
static const struct option options_forward[] = {
        {"cache-max-ttl:", "2"},
        {"do-not-query-localhost:", "no"},
        /* Names of strangers that never get an answer must not make the one resolver look dead for everybody: forget
           its time-outs before they add up. */
        {"infra-host-ttl:", "1"},
        {"use-caps-for-id:", "no"}, /* breaks resolvers that compare case */
        {NULL, NULL},
};
/* We are the cache: the name servers of the root and the top-level domains must be kept for a while. */
static const struct option options_iterate[] = {
        {"cache-max-ttl:", "60"},
        {"infra-host-ttl:", "30"}, /* a name server that was away is asked again soon */
        {"use-caps-for-id:", "yes"},
        {NULL, NULL},
};

/* For the second look at a record: what was true a moment ago may be what the owner has just changed. */
static const struct option options_forget[] = {
        {"cache-max-ttl:", "0"},
        {"outgoing-range:", "256"},
        {"num-queries-per-thread:", "128"},
        {"msg-cache-size:", "256k"},
        {"rrset-cache-size:", "512k"},
        {NULL, NULL},
};

/*
 * A resolver on this very machine: nobody outside can speak as 127.0.0.1 or ::1, to a socket that is bound there (the kernel drops such
 * packets), so that a port for each question protects from nothing, and costs nine system calls.  All questions of a moment share a few.
 */
#define LOOPBACK_PORTS 4
#define DYNAMIC_PORTS 49152u /* from here on nothing is assigned (RFC 6335 §6) */
static const struct option options_loopback[] = {
        {"udp-connect:", "no"}, /* a connected socket is not shared */
        {"outgoing-port-avoid:", "0-65535"},
        {NULL, NULL},
};

/* Zones that libunbound answers itself although they may exist in a closed network. "localhost", "invalid", "onion" stay. */
static const char *const unblocked_zones[] = {"test.", "home.arpa.", "resolver.arpa."};

static res set_options(struct ub_ctx *context, const struct option *options, struct buf *why)
{
        for (; options->name; options++) {
                if (ub_ctx_set_option(context, options->name, options->value) == 0)
                        continue;
                buf_printf(why, "libunbound does not know the option %s %s.", options->name, options->value);
                return FAIL(ERR_CONFIG);
        }
        return RES_OK;
}

static res set_forwarder(struct ub_ctx *context, const struct conf_addr *address, struct buf *why)
{
        char text[sizeof(address->host) + 8];
        snprintf(text, sizeof(text), "%s@%u", address->host, (unsigned)address->port);
        if (ub_ctx_set_fwd(context, text) == 0)
                return RES_OK;
        buf_printf(why, "validation.resolver must be an address and a port, not %s.", text);
        return FAIL(ERR_CONFIG);
}

static bool is_loopback(const char *host)
{
        uint8_t octets[16];

        return address_is_loopback(octets, address_parse(str_of(host), octets));
}

/* Sockets are bound to the same side, and ports drawn at each start: some other program may hold one of them. */
static res share_ports(struct ub_ctx *context, const char *host, struct buf *why)
{
        const char *here = strchr(host, ':') ? "::1" : "127.0.0.1";

        TRY(set_options(context, options_loopback, why));
        TRY(set_options(context, (const struct option[]){{"outgoing-interface:", here}, {NULL, NULL}}, why));
        for (size_t i = 0; i < LOOPBACK_PORTS; i++) {
                char port[16];

                snprintf(port, sizeof(port), "%u", DYNAMIC_PORTS + (unsigned)(random_u64() % (65536u - DYNAMIC_PORTS)));
                TRY(set_options(context, (const struct option[]){{"outgoing-port-permit:", port}, {NULL, NULL}}, why));
        }
        return RES_OK;
}

static bool is_allowed(const struct guard *guard, const struct guard_range *range)
{
        for (size_t i = 0; i < guard->allowed_count; i++)
                if (guard_ranges_overlap(&guard->allowed[i], range))
                        return true;
        return false;
}

/* A zone of a stranger may name 10.0.0.1 as its name server: iterating must not be a way behind the firewall. */
static res bar_addresses(struct ub_ctx *context, const struct guard *guard, struct buf *why)
{
        struct guard_range range;
        char address[GUARD_TEXT_SIZE], text[GUARD_TEXT_SIZE + 4];
        for (size_t i = 0; guard_refused_at(i, &range); i++) {
                if (is_allowed(guard, &range))
                        continue;
                guard_address_text(&range.network, address);
                snprintf(text, sizeof(text), "%s/%u", address, (unsigned)range.bits);
                TRY(set_options(context, (const struct option[]){{"do-not-query-address:", text}, {NULL, NULL}}, why));
        }
        return RES_OK;
}

/* ---- trust anchors ------------------------------------------------------------------------------- */

static bool names_key(const char *line)
{
        return strstr(line, "DNSKEY") || strstr(line, "DS");
}

/* Remembers at which names there are anchors; libunbound reads the file itself. */
static res note_anchor(struct resolver *resolver, const char *line)
{
        size_t length = strcspn(line, " \t\r\n");
        if (length == 0 || line[0] == ';' || !names_key(line))
                return RES_OK;
        char **grown = realloc(resolver->anchors, (resolver->anchor_count + 1) * sizeof(*grown));
        ENSURE(grown, ERR_MEMORY);
        resolver->anchors = grown;
        if (line[length - 1] == '.')
                length--;
        grown[resolver->anchor_count] = strndup(line, length);
        ENSURE(grown[resolver->anchor_count], ERR_MEMORY);
        resolver->anchor_count++;
        return RES_OK;
}

static void file_close(FILE **file)
{
        if (*file)
                fclose(*file);
}

static res note_anchors(struct resolver *resolver, const char *path)
{
        char line[4096];
        CLEAN(file_close) FILE *file = fopen(path, "re");
        ENSURE(file, ERR_CONFIG);
        while (fgets(line, sizeof(line), file))
                TRY(note_anchor(resolver, line));
        ENSURE(resolver->anchor_count > 0, ERR_CONFIG);
        return RES_OK;
}

static res set_anchor(struct resolver *resolver, const char *path, struct buf *why)
{
        if (path && strcmp(path, "none") == 0)
                return set_options(resolver->context,
                                   (const struct option[]){{"module-config:", "iterator"}, {NULL, NULL}}, why);
        if (!path || path[0] == '\0')
                path = DEFAULT_ANCHOR;
        res r = note_anchors(resolver, path);
        if (res_is_ok(r) && ub_ctx_add_ta_file(resolver->context, path) != 0)
                r = FAIL(ERR_CONFIG);
        if (!res_is_ok(r))
                buf_printf(why, "validation.trust-anchor: %s cannot be read or holds no DS or DNSKEY record.", path);
        return r;
}

static bool is_below(const char *name, const char *zone)
{
        struct str n = str_of(name), z = str_of(zone);
        if (n.n > 0 && n.p[n.n - 1] == '.')
                n.n--;
        if (z.n == 0)
                return true;
        if (n.n < z.n || !str_equal_nocase((struct str){n.p + n.n - z.n, z.n}, z))
                return false;
        return n.n == z.n || n.p[n.n - z.n - 1] == '.';
}

bool resolver_covers(const struct resolver *resolver, const char *name)
{
        for (size_t i = 0; i < resolver->anchor_count; i++)
                if (is_below(name, resolver->anchors[i]))
                        return true;
        return false;
}

bool resolver_validates(const struct resolver *resolver)
{
        return resolver->anchor_count > 0;
}

/* ---- one query ----------------------------------------------------------------------------------- */

static void on_deliver(evutil_socket_t fd, short what, void *arg);

static struct resolver_query *query_new(struct resolver *resolver)
{
        struct resolver_query *query = calloc(1, sizeof(*query));
        if (!query)
                return NULL;
        query->magic = RESOLVER_QUERY_MAGIC;
        query->resolver = resolver;
        query->deliver = event_new(resolver->base, -1, 0, on_deliver, query);
        if (!query->deliver) {
                free(query);
                return NULL;
        }
        query->next = resolver->queries;
        if (query->next)
                query->next->previous = query;
        resolver->queries = query;
        return query;
}

static void query_free(struct resolver_query *query)
{
        if (query->next)
                query->next->previous = query->previous;
        if (query->previous)
                query->previous->next = query->next;
        else
                query->resolver->queries = query->next;
        event_free(query->deliver);
        free(query);
}

static const char *first_line(struct arena *arena, const char *text)
{
        char line[WHY_BYTES] = {0};
        for (size_t i = 0; text && text[i] != '\0' && i + 1 < sizeof(line); i++)
                line[i] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : ' ';
        return arena_strdup(arena, line);
}

static void read_answer(struct resolver_query *query, int rcode, struct bytes packet, int security, const char *why)
{
        struct packet_answer *answer = &query->answer;
        *answer = (struct packet_answer){.state = PACKET_FAILED, .why = ""};
        if (security == BOGUS) {
                *answer = (struct packet_answer){.state = PACKET_BOGUS, .why = first_line(query->arena, why)};
                return;
        }
        if (rcode != 0 || !res_is_ok(packet_read(query->arena, packet, query->name, query->type, answer)))
                return;
        answer->why = "";
        answer->secure = security == SECURE;
        answer->insecure = security == 0 && resolver_validates(query->resolver);
}

static void on_answer(void *arg, int rcode, void *packet, int packet_size, int security, char *why, int limited)
{
        struct resolver_query *query = arg;
        (void)limited;
        if (query->magic != RESOLVER_QUERY_MAGIC)
                abort();
        if (query->fn)
                read_answer(query, rcode, bytes_of(packet, packet && packet_size > 0 ? (size_t)packet_size : 0),
                            security, why);
        event_active(query->deliver, EV_TIMEOUT, 0);
}

static res query_send(struct resolver_query *query)
{
        query->asked++;
        int failed = ub_resolve_event(query->resolver->context, query->name, (int)query->type, CLASS_IN, query,
                                      on_answer, NULL);
        if (failed == 0)
                return RES_OK;
        return FAIL(failed == UB_NOMEM ? ERR_MEMORY : ERR_FORMAT);
}

static bool wants_again(const struct resolver_query *query)
{
        return query->asked < ASK_TWICE && query->answer.insecure && resolver_covers(query->resolver, query->name);
}

static void on_deliver(evutil_socket_t fd, short what, void *arg)
{
        struct resolver_query *query = arg;
        (void)fd;
        (void)what;
        if (query->fn && wants_again(query) && res_is_ok(query_send(query)))
                return;
        if (query->fn)
                query->fn(query->arg, &query->answer);
        query_free(query);
}

res resolver_ask(struct resolver *resolver, struct arena *arena, const char *name, unsigned type, resolver_fn *fn,
                 void *arg, struct resolver_query **ret_query)
{
        size_t length = strlen(name);
        ENSURE(length > 0 && length <= LIMIT_NAME_BYTES, ERR_FORMAT);
        struct resolver_query *query = query_new(resolver);
        ENSURE(query, ERR_MEMORY);
        query->arena = arena;
        query->fn = fn;
        query->arg = arg;
        query->type = type;
        memcpy(query->name, name, length);
        res r = query_send(query);
        if (!res_is_ok(r)) {
                query_free(query);
                return r;
        }
        *ret_query = query;
        return RES_OK;
}

void resolver_drop(struct resolver_query *query)
{
        query->fn = NULL;
}

/* ---- life ---------------------------------------------------------------------------------------- */

static res resolver_set_up(struct resolver *resolver, const struct conf *conf, const struct guard *guard,
                           enum resolver_memory memory, struct buf *why)
{
        struct ub_ctx *context = ub_ctx_create_event(resolver->base);
        ENSURE(context, ERR_MEMORY);
        resolver->context = context;
        ub_ctx_debugout(context, NULL);
        bool forward = conf->validation_resolver.host[0] != '\0';
        TRY(set_options(context, options_always, why));
        TRY(set_options(context, forward ? options_forward : options_iterate, why));
        if (memory == RESOLVER_FORGETS)
                TRY(set_options(context, options_forget, why));
        if (forward && is_loopback(conf->validation_resolver.host))
                TRY(share_ports(context, conf->validation_resolver.host, why));
        TRY(forward ? set_forwarder(context, &conf->validation_resolver, why) : bar_addresses(context, guard, why));
        TRY(set_anchor(resolver, conf->validation_trust_anchor, why));
        for (size_t i = 0; i < sizeof(unblocked_zones) / sizeof(unblocked_zones[0]); i++)
                ENSURE(ub_ctx_zone_remove(context, unblocked_zones[i]) == 0, ERR_CONFIG);
        return RES_OK;
}

res resolver_new(struct event_base *base, const struct conf *conf, const struct guard *guard, enum resolver_memory memory,
                 struct resolver **ret_resolver, struct buf *why)
{
        struct resolver *resolver = calloc(1, sizeof(*resolver));
        ENSURE(resolver, ERR_MEMORY);
        resolver->base = base;
        res r = resolver_set_up(resolver, conf, guard, memory, why);
        if (res_is_ok(r))
                *ret_resolver = resolver;
        else
                resolver_free(resolver);
        return r;
}

void resolver_free(struct resolver *resolver)
{
        if (!resolver)
                return;
        if (resolver->context)
                ub_ctx_delete(resolver->context); /* calls nobody back */
        while (resolver->queries)
                query_free(resolver->queries);
        for (size_t i = 0; i < resolver->anchor_count; i++)
                free(resolver->anchors[i]);
        free(resolver->anchors);
        free(resolver);
}
