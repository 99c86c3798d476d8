#include "probe/probe.h"

#include <curl/curl.h>
#include <stdlib.h>

/*
 * ACME http-01 (RFC 8555 §8.3): http://NAME/.well-known/acme-challenge/TOKEN on the configured port serves the key
 * authorization.  Redirects are followed, at most ten, by http and https, to the two configured ports only, and each hop
 * is looked up and judged by the guard anew, because a redirect is a stranger's way to point us at somebody else.
 */

#define CHALLENGE_PATH "/.well-known/acme-challenge/"
#define HOPS_MAX 10
#define CONNECT_MS 3000

struct journey {
        struct targets targets;
        size_t target, hop;
        char *url; /* of this hop */
        const char *said; /* of the last address that was no use */
        uint16_t port;
};

static void hop(struct probe *probe);
static void fetch_next(struct probe *probe);

/* ---- addresses -------------------------------------------------------------------------------------- */

struct place {
        const char *url, *host, *fault;
        uint16_t port;
};

static void url_free(CURLU **url)
{
        curl_url_cleanup(*url);
}

static const char *url_part(struct probe *probe, CURLU *url, CURLUPart part, unsigned flags)
{
        char *text = NULL;
        const char *copy = NULL;
        if (curl_url_get(url, part, &text, flags) == CURLUE_OK)
                copy = arena_strdup(probe->arena, text);
        curl_free(text);
        return copy;
}

static bool port_is_ours(const struct probe *probe, int64_t port)
{
        const struct conf *conf = probe->prober->conf;
        return port == conf->validation_http_port || port == conf->validation_https_port;
}

/* "[::1]" → "::1"; a name or an address in its plain spelling, else NULL. */
static const char *plain_host(struct probe *probe, const char *host)
{
        size_t n = strlen(host);
        if (n > 2 && host[0] == '[' && host[n - 1] == ']')
                return arena_strndup(probe->arena, host + 1, n - 2);
        char *name = arena_strdup(probe->arena, host);
        str_lower_ascii(name, n);
        return probe_is_host(name) ? name : NULL;
}

/* Where the redirect leads, or why it is not followed. */
static struct place place_of(struct probe *probe, const char *base, const char *location)
{
        CLEAN(url_free) CURLU *url = curl_url();
        struct place place = {0};
        int64_t port = 0;
        const char *text;
        if (!url || curl_url_set(url, CURLUPART_URL, base, 0) != CURLUE_OK ||
            curl_url_set(url, CURLUPART_URL, location, 0) != CURLUE_OK)
                return (struct place){.fault = "to something that is no http or https address"};
        const char *scheme = url_part(probe, url, CURLUPART_SCHEME, 0);
        if (!scheme || (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
                return (struct place){.fault = "to something that is no http or https address"};
        if (url_part(probe, url, CURLUPART_USER, 0) || url_part(probe, url, CURLUPART_PASSWORD, 0) ||
            url_part(probe, url, CURLUPART_ZONEID, 0))
                return (struct place){.fault = "to an address with a user name, password or zone"};
        text = url_part(probe, url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
        if (!text || !res_is_ok(str_to_int64(str_of(text), &port)) || !port_is_ours(probe, port))
                return (struct place){.fault = "to another port than those of validation"};
        text = url_part(probe, url, CURLUPART_HOST, 0);
        place.host = text ? plain_host(probe, text) : NULL;
        if (!place.host)
                return (struct place){.fault = "to a host that is neither a name nor a plain address"};
        curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0);
        place.url = url_part(probe, url, CURLUPART_URL, 0);
        place.port = (uint16_t)port;
        if (!place.url)
                return (struct place){.fault = "to something that is no http or https address"};
        return place;
}

/* ---- what was seen ------------------------------------------------------------------------------------ */

static struct str trimmed_end(struct str text)
{
        while (text.n > 0 && strchr(" \t\r\n", text.p[text.n - 1]) && text.p[text.n - 1] != '\0')
                text.n--;
        return text;
}

static bool is_redirect(uint32_t status)
{
        return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static void follow(struct probe *probe, const struct fetch_result *result)
{
        struct journey *journey = probe->state;
        const char *location = str_copy(probe->arena, result->location);
        const char *shown = probe_printable(probe->arena, result->location, LIMIT_PROBE_VALUE_BYTES);
        if (!location || !location[0] || journey->hop >= HOPS_MAX) {
                probe_finish(probe, MSG_VERDICT_REDIRECT, "%s at %s: %s.", journey->url, probe->result.address,
                             journey->hop >= HOPS_MAX ? "more than ten redirects" : "a redirect that leads nowhere");
                return;
        }
        struct place place = place_of(probe, journey->url, location);
        if (place.fault) {
                probe_finish(probe, MSG_VERDICT_REDIRECT, "%s at %s redirects %s (%s).", journey->url, probe->result.address,
                             place.fault, shown);
                return;
        }
        journey->hop++;
        journey->url = arena_strdup(probe->arena, place.url);
        journey->port = place.port;
        journey->target = 0;
        targets_find(probe, place.host, hop);
}

static void compare(struct probe *probe, const struct fetch_result *result)
{
        struct journey *journey = probe->state;
        struct str shown = {result->body.p, result->body.n < LIMIT_PROBE_VALUE_BYTES ? result->body.n : LIMIT_PROBE_VALUE_BYTES};
        if (result->state == FETCH_ANSWERED && str_equal(trimmed_end(result->body), probe->question.expected)) {
                probe_finish(probe, MSG_VERDICT_PASS, "%s at %s serves the key authorization.", journey->url, probe->result.address);
                return;
        }
        probe_add_value(probe, shown);
        probe_finish(probe, MSG_VERDICT_DIFFERENT, "%s at %s serves something else than the key authorization: \"%s\"", journey->url,
                     probe->result.address, probe_printable(probe->arena, shown, LIMIT_PROBE_VALUE_BYTES));
}

static void give_up(struct probe *probe)
{
        const struct journey *journey = probe->state;
        probe_finish(probe, MSG_VERDICT_UNREACHABLE, "%s at %s %s.", journey->url, probe->result.address, journey->said);
}

static void try_more(struct probe *probe)
{
        const struct journey *journey = probe->state;
        if (journey->target < journey->targets.n)
                fetch_next(probe);
        else
                give_up(probe);
}

/* An address that did not speak HTTP: the next one, if there is one. */
static void silent(struct probe *probe, const struct fetch_result *result)
{
        struct journey *journey = probe->state;
        bool private = journey->targets.v[journey->target].class == GUARD_ALLOWED;
        const char *said = private || result->state == FETCH_NO_CONNECTION ? "could not be reached"
                           : result->state == FETCH_LATE                   ? "did not answer in time"
                                                                           : "gave an answer that is no HTTP";
        journey->said = said;
        journey->target++;
        if (probe_time_left_ms(probe) <= 100)
                give_up(probe);
        else
                targets_more(probe, journey->target, try_more);
}

static void on_fetched(void *arg, const struct fetch_result *result)
{
        struct probe *probe = arg;
        struct journey *journey = probe->state;
        if (probe->magic != PROBE_MAGIC)
                abort();
        probe->fetch = NULL;
        probe->result.http_status = result->status;
        if (result->status < 200 || result->state == FETCH_BROKEN || result->state == FETCH_NO_CONNECTION)
                silent(probe, result);
        else if (is_redirect(result->status))
                follow(probe, result);
        else if (result->status == 200)
                compare(probe, result);
        else
                probe_finish(probe, result->status == 404 ? MSG_VERDICT_ABSENT : MSG_VERDICT_STATUS,
                             "%s at %s answered with status %u.", journey->url, probe->result.address, result->status);
}

static void fetch_next(struct probe *probe)
{
        struct journey *journey = probe->state;
        int64_t left = probe_time_left_ms(probe) - 20; /* ours ends before the probe's own clock */
        int64_t connect = left / (int64_t)targets_left(&journey->targets, journey->target);
        struct fetch_request request = {
                .url = journey->url,
                .address = journey->targets.v[journey->target].address,
                .port = journey->port,
                .time_ms = left > 1 ? left : 1,
                .connect_ms = connect < CONNECT_MS ? connect > 1 ? connect : 1 : CONNECT_MS,
        };
        guard_address_text(&request.address, probe->result.address);
        res r = fetch_start(probe->prober->fetcher, &request, on_fetched, probe, &probe->fetch);
        if (!res_is_ok(r))
                probe_finish(probe, MSG_VERDICT_UNREACHABLE, "%s could not be asked.", request.url);
}

static void hop(struct probe *probe)
{
        struct journey *journey = probe->state;
        probe->late = arena_printf(probe->arena, "%s: the web server did not answer in time.", journey->url);
        fetch_next(probe);
}

/* TOKEN.THUMBPRINT, both base64url: it becomes part of an address. */
static const char *token_of(struct probe *probe)
{
        struct str expected = probe->question.expected, rest = expected;
        struct str token = str_cut(&rest, '.');
        for (size_t i = 0; i < expected.n; i++) {
                char c = expected.p[i];
                if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'))
                        return NULL;
        }
        return token.n > 0 && rest.n > 0 ? str_copy(probe->arena, token) : NULL;
}

void http01_start(struct probe *probe)
{
        struct journey *journey = arena_new_of(probe->arena, struct journey);
        const char *token = token_of(probe);
        probe->state = journey;
        probe->targets = &journey->targets;
        journey->port = probe->prober->conf->validation_http_port;
        if (!token) {
                probe_finish(probe, MSG_VERDICT_DIFFERENT, "The key authorization is none.");
                return;
        }
        const char *port = journey->port == 80 ? "" : arena_printf(probe->arena, ":%u", (unsigned)journey->port);
        journey->url = arena_printf(probe->arena, "http://%s%s" CHALLENGE_PATH "%s", probe_url_host(probe), port, token);
        targets_find(probe, probe->name, hop);
}
