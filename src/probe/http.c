#include "probe/probe.h"

#include <stdlib.h>

/*
 * Validation by a file (BR 3.2.2.4.18): /.well-known/pki-validation/fileauth.txt on the very name, first by http,
 * then by https; one that answers 200 with exactly the content is enough (DCV-20), and no redirect is followed
 * (DCV-21).  The addresses are looked up here, once, each passes the guard or is left out, and curl connects to
 * those literals, so that nothing a stranger's name server says later can lead anywhere else.
 *
 * What is told about an address that only validation.allow opens is the same for every way in which it did not
 * answer: whether a private port is open is nobody's business.
 */

#define FILE_PATH "/.well-known/pki-validation/fileauth.txt"
#define CONNECT_MS 3000
#define SCHEME_COUNT 2

struct outcome { /* of one scheme */
        enum msg_verdict verdict;
        uint32_t status;
        const char *said; /* "answered 404", a fragment */
        struct str shown; /* excerpt or location */
        struct target target;
};

struct visit {
        struct targets targets;
        size_t scheme, target;
        struct outcome outcomes[SCHEME_COUNT];
};

static const char *const schemes[SCHEME_COUNT] = {"http", "https"};

static void fetch_next(struct probe *probe);

/* ---- what was seen ------------------------------------------------------------------------------- */

static struct str trimmed_end(struct str text)
{
        while (text.n > 0 && strchr(" \t\r\n", text.p[text.n - 1]) && text.p[text.n - 1] != '\0')
                text.n--;
        return text;
}

static void judge_content(const struct probe *probe, const struct fetch_result *result, struct outcome *outcome)
{
        outcome->shown = (struct str){
                result->body.p, result->body.n < LIMIT_PROBE_VALUE_BYTES ? result->body.n : LIMIT_PROBE_VALUE_BYTES};
        if (result->state == FETCH_ANSWERED && str_equal(trimmed_end(result->body), probe->question.expected)) {
                outcome->verdict = MSG_VERDICT_PASS;
                outcome->said = "served the right content";
                return;
        }
        outcome->verdict = MSG_VERDICT_DIFFERENT;
        if (result->state == FETCH_TOO_LARGE)
                outcome->said = "served more than 64 KB";
        else if (result->state != FETCH_ANSWERED)
                outcome->said = "did not finish its answer in time";
        else if (result->encoded)
                outcome->said = "served compressed content, which is not taken apart";
        else if (str_starts_with(result->body, STR("\xef\xbb\xbf")))
                outcome->said = "served content that begins with a byte order mark";
        else
                outcome->said = "served other content";
}

static const char *silence_said(const struct target *target, enum fetch_state state)
{
        if (target->class == GUARD_ALLOWED || state == FETCH_NO_CONNECTION)
                return "could not be reached";
        return state == FETCH_LATE ? "did not answer in time" : "gave an answer that is no HTTP";
}

/* The status of a response that has begun counts even if its body never ends. */
static void judge(struct probe *probe, const struct fetch_result *result, struct outcome *outcome)
{
        outcome->status = result->status;
        if (result->status < 200 || result->state == FETCH_BROKEN || result->state == FETCH_NO_CONNECTION) {
                outcome->status = 0;
                outcome->verdict = MSG_VERDICT_UNREACHABLE;
                outcome->said = silence_said(&outcome->target, result->state);
        } else if (result->status == 200) {
                judge_content(probe, result, outcome);
        } else if (result->status >= 300 && result->status < 400) {
                outcome->verdict = MSG_VERDICT_REDIRECT;
                outcome->said = arena_printf(probe->arena, "answered with a redirect (%u)", result->status);
                outcome->shown = result->location;
        } else {
                outcome->verdict = result->status == 404 ? MSG_VERDICT_ABSENT : MSG_VERDICT_STATUS;
                outcome->said = arena_printf(probe->arena, "answered with status %u", result->status);
        }
        outcome->shown = str_dup(probe->arena, outcome->shown);
}

/* ---- the end ------------------------------------------------------------------------------------- */

/* Of two failures the one that says more about what to change. */
static int weight(enum msg_verdict verdict)
{
        switch (verdict) {
        case MSG_VERDICT_PASS:
                return 5;
        case MSG_VERDICT_DIFFERENT:
                return 4;
        case MSG_VERDICT_REDIRECT:
                return 3;
        case MSG_VERDICT_STATUS:
                return 2;
        case MSG_VERDICT_ABSENT:
                return 1;
        default:
                return 0;
        }
}

static void finish(struct probe *probe, size_t best, size_t tried)
{
        const struct visit *visit = probe->state;
        const struct outcome *first = &visit->outcomes[0], *second = &visit->outcomes[1],
                             *told = &visit->outcomes[best];
        probe->result.http_status = told->status;
        guard_address_text(&told->target.address, probe->result.address);
        if (!str_is_empty(told->shown))
                probe_add_value(probe, told->shown);
        if (tried == 1)
                probe_finish(probe, told->verdict, "http://%s%s at %s %s.", probe_url_host(probe), FILE_PATH,
                             probe->result.address, first->said);
        else
                probe_finish(probe, told->verdict, "http://%s%s %s; over https it %s (%s).", probe_url_host(probe), FILE_PATH,
                             first->said, second->said, probe->result.address);
}

static void scheme_done(struct probe *probe)
{
        struct visit *visit = probe->state;
        const struct outcome *outcomes = visit->outcomes;
        if (outcomes[visit->scheme].verdict == MSG_VERDICT_PASS || visit->scheme + 1 == SCHEME_COUNT) {
                bool second = visit->scheme > 0 && weight(outcomes[1].verdict) > weight(outcomes[0].verdict);
                finish(probe, second ? 1 : 0, visit->scheme + 1);
                return;
        }
        visit->scheme++;
        visit->target = 0;
        fetch_next(probe);
}

/* ---- one fetch after the other ---------------------------------------------------------------------- */

static void try_more(struct probe *probe)
{
        const struct visit *visit = probe->state;
        if (visit->target < visit->targets.n)
                fetch_next(probe);
        else
                scheme_done(probe);
}

static void on_fetched(void *arg, const struct fetch_result *result)
{
        struct probe *probe = arg;
        struct visit *visit = probe->state;
        if (probe->magic != PROBE_MAGIC)
                abort();
        probe->fetch = NULL;
        struct outcome *outcome = &visit->outcomes[visit->scheme];
        outcome->target = visit->targets.v[visit->target];
        judge(probe, result, outcome);
        visit->target++;
        if (outcome->verdict != MSG_VERDICT_UNREACHABLE)
                scheme_done(probe);
        else
                targets_more(probe, visit->target, try_more);
}

/* A scheme that is not the last may use half of what is left, so that a silent port 80 leaves time for 443. */
static int64_t share_ms(const struct probe *probe, const struct visit *visit)
{
        int64_t left = probe_time_left_ms(probe) - 20; /* ours ends before the probe's own clock */
        if (visit->scheme + 1 < SCHEME_COUNT)
                left /= 2;
        return left > 1 ? left : 1;
}

static void fetch_next(struct probe *probe)
{
        struct visit *visit = probe->state;
        const struct conf *conf = probe->prober->conf;
        uint16_t port = visit->scheme == 0 ? conf->validation_http_port : conf->validation_https_port;
        uint16_t usual = visit->scheme == 0 ? 80 : 443;
        const char *shown_port = port == usual ? "" : arena_printf(probe->arena, ":%u", (unsigned)port);
        int64_t share = share_ms(probe, visit), connect = share / (int64_t)targets_left(&visit->targets, visit->target);
        struct fetch_request request = {
                .url = arena_printf(probe->arena, "%s://%s%s%s", schemes[visit->scheme], probe_url_host(probe),
                                    shown_port, FILE_PATH),
                .address = visit->targets.v[visit->target].address,
                .port = port,
                .time_ms = share,
                .connect_ms = connect < CONNECT_MS ? connect > 1 ? connect : 1 : CONNECT_MS,
        };
        res r = fetch_start(probe->prober->fetcher, &request, on_fetched, probe, &probe->fetch);
        if (!res_is_ok(r))
                probe_finish(probe, MSG_VERDICT_UNREACHABLE, "%s could not be asked.", request.url);
}

static void addresses_known(struct probe *probe)
{
        probe->late = arena_printf(probe->arena, "http://%s%s: the web server did not answer in time.",
                                   probe_url_host(probe), FILE_PATH);
        fetch_next(probe);
}

void http_start(struct probe *probe)
{
        struct visit *visit = arena_new_of(probe->arena, struct visit);
        probe->state = visit;
        probe->targets = &visit->targets;
        targets_find(probe, probe->name, addresses_known);
}
