#include "probe/probe.h"
#include "probe/alpn.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"

/*
 * The life of a probe and what the methods have in common.  A probe ends inside a callback of the resolver, of
 * curl or of its own timer, so nothing is told or freed there: its timer is fired once more, tells the asker from the loop and frees it.
 */

#define PROBE_ARENA \
        (2 * 1024 * 1024) /* two look-ups at once, each asked twice, with 64 KB of records each, and the texts */

/* ---- the question -------------------------------------------------------------------------------- */

static bool is_label_char(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* An A-label name in lower case, at least two labels, "_" allowed in front of a host for records. */
static bool is_name(const char *name)
{
        size_t length = strlen(name), labels = 1, label = 0;
        if (length == 0 || length > LIMIT_NAME_BYTES)
                return false;
        for (size_t i = 0; i < length; i++) {
                if (name[i] == '.') {
                        if (label == 0)
                                return false;
                        labels++;
                        label = 0;
                } else if (!is_label_char(name[i]) || ++label > 63) {
                        return false;
                }
        }
        return label > 0 && labels > 1;
}

static bool is_record_probe(enum msg_probe_kind kind)
{
        return kind == MSG_PROBE_TXT || kind == MSG_PROBE_CNAME;
}

static bool takes_address(enum msg_probe_kind kind)
{
        return kind == MSG_PROBE_FILE || kind == MSG_PROBE_HTTP_01 || kind == MSG_PROBE_TLS_ALPN_01;
}

static bool is_address(const char *name)
{
        struct guard_address address;
        return res_is_ok(guard_address_parse(str_of(name), &address));
}

/* The last label of a name has a letter: what ends in a number is an address to some reader (WHATWG URL §3.5). */
bool probe_is_host(const char *host)
{
        const char *last = strrchr(host, '.');
        if (is_address(host))
                return true;
        return is_name(host) && last && strspn(last + 1, "0123456789") != strlen(last + 1) && strncmp(last + 1, "0x", 2) != 0;
}

const char *probe_url_host(const struct probe *probe)
{
        return strchr(probe->name, ':') ? arena_printf(probe->arena, "[%s]", probe->name) : probe->name;
}

static const char *name_fault(const struct probe *probe)
{
        if (probe->wildcard && probe->question.kind != MSG_PROBE_CAA)
                return "A wildcard name has no record or file of its own.";
        if (!is_name(probe->name) && !(takes_address(probe->question.kind) && is_address(probe->name)))
                return "The name is not a domain name in A-label form.";
        if (is_record_probe(probe->question.kind) && probe->name[0] != '_')
                return "The first label of a validation record's name must begin with an underscore.";
        if (!is_record_probe(probe->question.kind) && strchr(probe->name, '_'))
                return "A host name holds no underscore.";
        if (probe->question.kind != MSG_PROBE_CAA && str_is_empty(probe->question.expected))
                return "There is nothing to compare with.";
        return NULL;
}

static struct probe_question copy_question(struct arena *arena, const struct probe_question *in)
{
        int64_t most = in->time_ms < LIMIT_PROBE_TOTAL_MS ? in->time_ms : LIMIT_PROBE_TOTAL_MS;
        return (struct probe_question){
                .kind = in->kind,
                .name = str_dup(arena, in->name),
                .expected = str_dup(arena, in->expected),
                .account_uri = str_dup(arena, in->account_uri),
                .method = str_dup(arena, in->method),
                .time_ms = most > 1 ? most : 1,
        };
}

static void read_name(struct probe *probe)
{
        struct str name = probe->question.name;
        probe->wildcard = str_starts_with(name, STR("*."));
        if (probe->wildcard)
                name = (struct str){name.p + 2, name.n - 2};
        if (name.n > 0 && name.p[name.n - 1] == '.')
                name.n--;
        char *text = arena_strndup(probe->arena, name.p ? name.p : "", name.n);
        if (strlen(text) == name.n)
                str_lower_ascii(text, name.n);
        else
                text[0] = '\0'; /* a NUL inside: no name at all */
        probe->name = text;
}

/* ---- life ---------------------------------------------------------------------------------------- */

static void probe_free(struct probe *probe)
{
        struct prober *prober = probe->prober;
        if (probe->next)
                probe->next->previous = probe->previous;
        if (probe->previous)
                probe->previous->next = probe->next;
        else if (prober->probes == probe)
                prober->probes = probe->next;
        if (probe->timer)
                event_free(probe->timer);
        arena_free(probe->arena);
        free(probe);
}

void probe_drop_queries(struct probe *probe)
{
        for (size_t i = 0; i < PROBE_QUERIES; i++) {
                if (probe->queries[i].query)
                        resolver_drop(probe->queries[i].query);
                probe->queries[i].query = NULL;
        }
}

static void drop_all(struct probe *probe)
{
        probe_drop_queries(probe);
        if (probe->fetch)
                fetch_drop(probe->fetch);
        probe->fetch = NULL;
        if (probe->drop)
                probe->drop(probe);
        probe->drop = NULL;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
        struct probe *probe = arg;
        (void)fd;
        (void)what;
        if (probe->magic != PROBE_MAGIC)
                abort();
        if (probe->finished) {
                probe->done(probe->done_arg, &probe->result);
                probe_free(probe);
                return;
        }
        probe_finish(probe, probe->question.kind == MSG_PROBE_CAA ? MSG_VERDICT_UNKNOWN : MSG_VERDICT_UNREACHABLE, "%s",
                     probe->late);
}

static struct probe *probe_new(struct prober *prober, const struct probe_question *question)
{
        struct probe *probe = calloc(1, sizeof(*probe));
        if (!probe)
                return NULL;
        probe->magic = PROBE_MAGIC;
        probe->prober = prober;
        probe->arena = arena_new(PROBE_ARENA);
        probe->timer = evtimer_new(prober->base, on_timer, probe);
        if (!probe->arena || !probe->timer) {
                probe_free(probe);
                return NULL;
        }
        probe->question = copy_question(probe->arena, question);
        probe->deadline_ms = clock_mono_ms() + probe->question.time_ms;
        probe->result.dnssec = resolver_validates(prober->resolver) ? MSG_DNSSEC_SECURE : MSG_DNSSEC_OFF;
        read_name(probe);
        probe->next = prober->probes;
        if (probe->next)
                probe->next->previous = probe;
        prober->probes = probe;
        return probe;
}

static void (*const start_method[MSG_PROBE_KIND_COUNT])(struct probe *) = {
        [MSG_PROBE_TXT] = dns_start,
        [MSG_PROBE_CNAME] = dns_start,
        [MSG_PROBE_FILE] = http_start,
        [MSG_PROBE_CAA] = caa_start,
        [MSG_PROBE_HTTP_01] = http01_start,
        [MSG_PROBE_TLS_ALPN_01] = alpn_start,
};

res probe_start(struct prober *prober, const struct probe_question *question, probe_done_fn *done, void *arg,
                const char **ret_why)
{
        if ((unsigned)question->kind >= MSG_PROBE_KIND_COUNT || !start_method[question->kind]) {
                *ret_why = "There is no such probe.";
                return FAIL(ERR_PARAM_VALUE);
        }
        struct probe *probe = probe_new(prober, question);
        ENSURE(probe, ERR_MEMORY);
        const char *fault = name_fault(probe);
        if (fault) {
                *ret_why = fault;
                probe_free(probe);
                return FAIL(ERR_PARAM_VALUE);
        }
        probe->done = done;
        probe->done_arg = arg;
        probe->late = arena_printf(probe->arena, "DNS time-out: no name server answered for %s.", probe->name);
        struct timeval until = {.tv_sec = probe->question.time_ms / 1000,
                                .tv_usec = (probe->question.time_ms % 1000) * 1000};
        evtimer_add(probe->timer, &until);
        prober->running++;
        start_method[question->kind](probe);
        return RES_OK;
}

/* ---- for the methods ------------------------------------------------------------------------------ */

void probe_finish(struct probe *probe, enum msg_verdict verdict, const char *format, ...)
{
        va_list args;
        if (probe->finished)
                return;
        probe->finished = true;
        probe->prober->running--;
        drop_all(probe);
        probe->result.verdict = verdict;
        va_start(args, format);
        struct str detail = str_of(arena_vprintf(probe->arena, format, args));
        va_end(args);
        probe->result.detail = probe_printable(probe->arena, detail, LIMIT_ERR_DETAIL);
        evtimer_del(probe->timer);
        event_active(probe->timer, EV_TIMEOUT, 0);
}

int64_t probe_time_left_ms(const struct probe *probe)
{
        int64_t left = probe->deadline_ms - clock_mono_ms();
        return left > 0 ? left : 0;
}

const char *probe_printable(struct arena *arena, struct str value, size_t max)
{
        size_t at = 0;
        char *text = arena_alloc(arena, max + 1);
        for (size_t i = 0; i < value.n; i++) {
                unsigned char c = (unsigned char)value.p[i];
                bool plain = c >= 0x20 && c < 0x7f;
                if (max - at < (plain ? 1u : 4u))
                        break;
                if (plain)
                        text[at++] = (char)c;
                else
                        at += (size_t)snprintf(text + at, 5, "\\x%02x", c);
        }
        text[at] = '\0';
        return text;
}

void probe_add_value(struct probe *probe, struct str value)
{
        struct probe_result *result = &probe->result;
        if (result->value_count < LIMIT_PROBE_VALUES)
                result->values[result->value_count++] =
                        str_of(probe_printable(probe->arena, value, LIMIT_PROBE_VALUE_BYTES));
}

static void on_answer(void *arg, const struct packet_answer *answer)
{
        struct probe_query *query = arg;
        struct probe *probe = query->probe;
        if (probe->magic != PROBE_MAGIC)
                abort();
        query->query = NULL;
        query->fn(probe, answer);
}

static void ask(struct probe *probe, struct resolver *resolver, const char *name, unsigned type, probe_answer_fn *fn)
{
        size_t slot = 0;
        while (slot < PROBE_QUERIES && probe->queries[slot].query)
                slot++;
        if (slot == PROBE_QUERIES)
                abort();
        struct probe_query *query = &probe->queries[slot];
        query->probe = probe;
        query->fn = fn;
        res r = resolver_ask(resolver, probe->arena, name, type, on_answer, query, &query->query);
        if (res_is_ok(r))
                return;
        if (r.err == ERR_MEMORY)
                probe->result.failed = r.err;
        probe_finish(probe, probe->question.kind == MSG_PROBE_CAA ? MSG_VERDICT_UNKNOWN : MSG_VERDICT_UNREACHABLE,
                     "%s cannot be looked up.", name);
}

void probe_ask(struct probe *probe, const char *name, unsigned type, probe_answer_fn *fn)
{
        ask(probe, probe->prober->resolver, name, type, fn);
}

void probe_ask_fresh(struct probe *probe, const char *name, unsigned type, probe_answer_fn *fn)
{
        ask(probe, probe->prober->fresh, name, type, fn);
}

void probe_note_dnssec(struct probe *probe, const struct packet_answer *answer)
{
        enum msg_dnssec *state = &probe->result.dnssec;
        if (*state == MSG_DNSSEC_OFF || *state == MSG_DNSSEC_BOGUS)
                return;
        if (answer->state == PACKET_BOGUS)
                *state = MSG_DNSSEC_BOGUS;
        else if (!answer->secure)
                *state = MSG_DNSSEC_INSECURE;
}

/* ---- all probes ----------------------------------------------------------------------------------- */

static res prober_set_up(struct prober *prober, struct buf *why)
{
        prober->base = event_base_new();
        ENSURE(prober->base, ERR_MEMORY);
        const struct conf_list *allow = &prober->conf->validation_allow;
        res r = guard_init(&prober->guard, allow->v, allow->n);
        if (!res_is_ok(r)) {
                buf_add_text(why, "validation.allow holds something that is no CIDR.");
                return FAIL(ERR_CONFIG);
        }
        TRY(resolver_new(prober->base, prober->conf, &prober->guard, RESOLVER_KEEPS, &prober->resolver, why));
        TRY(resolver_new(prober->base, prober->conf, &prober->guard, RESOLVER_FORGETS, &prober->fresh, why));
        TRY(fetcher_new(prober->base, &prober->guard, &prober->fetcher));
        return alpn_new(&prober->alpn);
}

res prober_init(struct prober *prober, const struct conf *conf, struct buf *why)
{
        *prober = (struct prober){.conf = conf};
        res r = prober_set_up(prober, why);
        if (!res_is_ok(r))
                prober_done(prober);
        return r;
}

static void on_warm(void *arg, const struct packet_answer *answer)
{
        (void)answer;
        *(bool *)arg = true;
}

static res warm_up(struct prober *prober, struct resolver *resolver)
{
        struct resolver_query *query = NULL;
        bool warm = false;
        struct arena *arena = arena_new(PROBE_ARENA);
        res r = resolver_ask(resolver, arena, "localhost", PACKET_TYPE_A, on_warm, &warm, &query);
        while (res_is_ok(r) && !warm)
                r = event_base_loop(prober->base, EVLOOP_ONCE) == 0 ? RES_OK : FAIL(ERR_IO);
        arena_free(arena);
        return r;
}

res prober_warm_up(struct prober *prober)
{
        TRY(warm_up(prober, prober->resolver));
        return warm_up(prober, prober->fresh);
}

void prober_done(struct prober *prober)
{
        for (struct probe *probe = prober->probes, *next; probe; probe = next) {
                next = probe->next;
                drop_all(probe);
                probe->done(probe->done_arg, probe->finished ? &probe->result : NULL);
                probe_free(probe);
        }
        resolver_free(prober->resolver);
        resolver_free(prober->fresh);
        fetcher_free(prober->fetcher);
        alpn_free(prober->alpn);
        guard_done(&prober->guard);
        if (prober->base)
                event_base_free(prober->base);
        *prober = (struct prober){0};
}
