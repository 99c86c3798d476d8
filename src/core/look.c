/*
 * Asking the prober, and putting its verdict into the words of the API.  The prober is not trusted: its verdict is an
 * enum that is range-checked, its texts are cut and shown, never interpreted.
 */
#include "core/look.h"

#include "base/conf.h"
#include "core/core.h"
#include "core/domain.h"
#include "ipc/channel.h"
#include "store/validation.h"

/* ---- asking --------------------------------------------------------------------------------------- */

struct probe {
        struct msg_probe body;
        struct buf tail;
};

static void probe_fill(struct act *act, struct probe *probe, enum msg_probe_kind kind, struct str name, struct str expected)
{
        probe->body = (struct msg_probe){
                .kind = kind,
                .name_len = (uint32_t)name.n,
                .expected_len = (uint32_t)expected.n,
                .time_ms = LIMIT_PROBE_TOTAL_MS,
        };
        buf_init(&probe->tail, LIMIT_IPC_FRAME);
        buf_add_str(&probe->tail, name);
        buf_add_str(&probe->tail, expected);
        arena_tie(act->arena, (void (*)(void *))buf_done, &probe->tail);
}

static void probe_bind(struct probe *probe, const char *account_uri, const char *method)
{
        probe->body.account_uri_len = (uint32_t)strlen(account_uri);
        probe->body.method_len = (uint32_t)strlen(method);
        buf_add_text(&probe->tail, account_uri);
        buf_add_text(&probe->tail, method);
}

static struct str probe_values(struct act *act, const struct msg_probe_reply *reply, struct bytes values)
{
        CLEAN(buf_done) struct buf text = {0};

        buf_init(&text, LIMIT_PROBE_VALUES * (LIMIT_PROBE_VALUE_BYTES + 1));
        for (uint32_t i = 0; i < reply->value_count && i < LIMIT_PROBE_VALUES && values.n > 0; i++) {
                size_t n = values.p[0];

                if (n + 1 > values.n || n > LIMIT_PROBE_VALUE_BYTES)
                        break;
                if (text.n > 0)
                        buf_add_byte(&text, '\n');
                for (size_t k = 0; k < n; k++) /* one value a line, whatever it holds */
                        buf_add_byte(&text, values.p[1 + k] < 0x20 ? '?' : values.p[1 + k]);
                values = bytes_of(values.p + 1 + n, values.n - 1 - n);
        }
        return buf_dup(&text, act->arena);
}

static struct probe_seen probe_away(const char *detail)
{
        return (struct probe_seen){.verdict = MSG_VERDICT_UNREACHABLE, .detail = str_of(detail), .found = STR(""), .away = true};
}

static struct probe_seen probe_read(struct act *act, const struct channel_reply *reply)
{
        struct msg_probe_reply head;

        if (reply->err != ERR_NONE || reply->body.n != sizeof head)
                return probe_away("The prober could not look; it is tried again.");
        memcpy(&head, reply->body.p, sizeof head);
        if (head.verdict >= MSG_VERDICT_COUNT || (uint64_t)head.detail_len + head.values_len != reply->tail.n)
                return probe_away("The prober gave no proper answer; it is tried again.");
        struct str detail = {(const char *)reply->tail.p, head.detail_len < LIMIT_ERR_DETAIL ? head.detail_len : LIMIT_ERR_DETAIL};

        return (struct probe_seen){
                .verdict = (enum msg_verdict)head.verdict,
                .dnssec = (enum msg_dnssec)head.dnssec,
                .http_status = head.http_status,
                .has_address = head.address[0] != '\0',
                .detail = str_dup(act->arena, str_is_utf8(detail) ? detail : STR("The answer held bytes that are no text.")),
                .found = probe_values(act, &head, bytes_of(reply->tail.p + head.detail_len, head.values_len)),
        };
}

static struct channel_request probe_request(const struct probe *probe)
{
        return (struct channel_request){MSG_PROBE, bytes_of(&probe->body, sizeof probe->body), buf_bytes(&probe->tail)};
}

static struct probe_seen probe_take(struct act *act, res result, struct channel_reply *reply)
{
        const struct probe_seen seen = res_is_ok(result) ? probe_read(act, reply)
                                                         : probe_away("The prober did not answer in time; it is tried again.");

        channel_reply_done(reply);
        return seen;
}

/* Ask all at once, LIMIT_ISSUE_BATCH a time. */
static void probe_all(struct act *act, const struct probe *probes, size_t count, struct probe_seen *ret_seen)
{
        for (size_t done = 0; done < count; done += LIMIT_ISSUE_BATCH) {
                struct channel_request requests[LIMIT_ISSUE_BATCH];
                struct channel_reply replies[LIMIT_ISSUE_BATCH] = {0};
                res results[LIMIT_ISSUE_BATCH];
                size_t n = count - done < LIMIT_ISSUE_BATCH ? count - done : LIMIT_ISSUE_BATCH;

                for (size_t i = 0; i < n; i++)
                        requests[i] = probe_request(&probes[done + i]);
                channel_call_batch(act->core->prober, requests, n, LIMIT_IPC_PROBE_MS, replies, results);
                for (size_t i = 0; i < n; i++)
                        ret_seen[done + i] = probe_take(act, results[i], &replies[i]);
        }
}

/* ---- validations ------------------------------------------------------------------------------------ */

static enum msg_probe_kind look_kind(struct str method)
{
        if (str_equals(method, "CNAME"))
                return MSG_PROBE_CNAME;
        return str_equals(method, "FILE") ? MSG_PROBE_FILE : MSG_PROBE_TXT;
}

int64_t look_purpose(const struct certificate_row *certificate)
{
        return certificate->status == CERT_REVOKING ? VALIDATION_TO_REVOKE : VALIDATION_TO_ISSUE;
}

res look_load(struct act *act, struct str certificate_id, struct look *ret_look)
{
        struct store_conn *reader = NULL;
        const struct validation_row *rows = NULL;

        TRY(store_read(act->core->store, &reader));
        TRY(certificate_own(act, reader, certificate_id, &ret_look->certificate));
        TRY(store_validation_list_of(reader, act->arena, act->account_id, certificate_id, look_purpose(&ret_look->certificate), &rows,
                                     &ret_look->count));
        ret_look->items = arena_array_of(act->arena, ret_look->count + 1, struct look_item);
        for (size_t i = 0; i < ret_look->count; i++) {
                struct look_item *item = &ret_look->items[i];

                item->row = rows[i];
                item->kind = look_kind(rows[i].method);
                item->seen = (struct probe_seen){ /* what was seen last */
                        .verdict = (enum msg_verdict)rows[i].verdict, .detail = rows[i].detail, .found = rows[i].found};
        }
        return RES_OK;
}

void look_ask(struct act *act, struct look *look)
{
        struct probe *probes = arena_array_of(act->arena, look->count + 1, struct probe);
        struct probe_seen *seen = arena_array_of(act->arena, look->count + 1, struct probe_seen);
        size_t asked = 0;

        for (size_t i = 0; i < look->count; i++) {
                struct look_item *item = &look->items[i];

                item->asked = !str_equals(item->row.state, "passed") && item->row.evidence_id == 0;
                if (item->asked)
                        probe_fill(act, &probes[asked++], item->kind,
                                   item->kind == MSG_PROBE_FILE ? item->row.name : item->row.record, item->row.value);
        }
        probe_all(act, probes, asked, seen);
        for (size_t i = 0, k = 0; i < look->count; i++)
                if (look->items[i].asked)
                        look->items[i].seen = seen[k++];
}

/* ---- words -------------------------------------------------------------------------------------------- */

static const struct look_words {
        int64_t code; /* LocalCheck, api.md §5 */
        const char *phrase;
} look_words[3][MSG_VERDICT_COUNT] = {
        [MSG_PROBE_TXT] = {
                [MSG_VERDICT_ABSENT] = {-1, "txt record not found"},                 /* DIAG-03 */
                [MSG_VERDICT_DIFFERENT] = {-2, "txt record does not match"},         /* DIAG-02 */
                [MSG_VERDICT_UNREACHABLE] = {-3, "dns query timed out or failed"},   /* DIAG-05 */
                [MSG_VERDICT_BOGUS] = {-3, "dnssec validation failed"},
        },
        [MSG_PROBE_CNAME] = {
                [MSG_VERDICT_ABSENT] = {-6, "cname record not found"},
                [MSG_VERDICT_DIFFERENT] = {-7, "cname record does not match"},
                [MSG_VERDICT_UNREACHABLE] = {-8, "dns query timed out or failed"},
                [MSG_VERDICT_BOGUS] = {-8, "dnssec validation failed"},
        },
        [MSG_PROBE_FILE] = {
                [MSG_VERDICT_ABSENT] = {-4, "file not found"},
                [MSG_VERDICT_DIFFERENT] = {-5, "file content does not match"},       /* DIAG-06 */
                [MSG_VERDICT_REDIRECT] = {-5, "redirects are not allowed"},          /* DIAG-09, DCV-21 */
                [MSG_VERDICT_STATUS] = {-4, "http status is not 200"},
                [MSG_VERDICT_UNREACHABLE] = {-4, "web server could not be reached"}, /* DIAG-07 */
                [MSG_VERDICT_REFUSED_ADDRESS] = {-4, "address is not allowed"},
                [MSG_VERDICT_BOGUS] = {-3, "dnssec validation failed"},
        },
};

static struct strs look_values(struct act *act, struct str found)
{
        struct str *v = arena_array_of(act->arena, LIMIT_PROBE_VALUES, struct str);
        size_t n = 0;

        for (struct str rest = found; rest.n > 0 && n < LIMIT_PROBE_VALUES;)
                v[n++] = str_cut(&rest, '\n');
        return (struct strs){v, n};
}

void look_describe(struct act *act, const struct look_item *item, bool too_often, struct validation_result *ret_result)
{
        bool passed = str_equals(item->row.state, "passed");
        const struct look_words *words = &look_words[item->kind][item->seen.verdict < MSG_VERDICT_COUNT ? item->seen.verdict : 0];
        const struct look_words *unknown = &look_words[item->kind][MSG_VERDICT_UNREACHABLE];

        *ret_result = (struct validation_result){
                .domain = item->row.name,
                .method = item->kind == MSG_PROBE_FILE ? STR("FILE") : STR("DNS"),
                .local_check = passed ? 1 : -1,
                .ca_check = passed ? 2 : -1,
                .reason = "",
                .found = look_values(act, item->row.found.p ? item->row.found : item->seen.found),
                .too_often = too_often,
        };
        if (passed)
                return;
        if (item->row.checked_at == 0) /* nobody has looked yet */
                words = &look_words[item->kind][MSG_VERDICT_ABSENT];
        else if (words->phrase == NULL)
                words = unknown;
        ret_result->local_check = words->code;
        ret_result->reason = item->seen.detail.n > 0 ? arena_printf(act->arena, "%s: %.*s", words->phrase, (int)item->seen.detail.n, item->seen.detail.p)
                                                     : words->phrase;
}

/* ---- CAA ------------------------------------------------------------------------------------------------ */

static struct str caa_identities(struct act *act, const struct strs *of_product)
{
        const struct conf_list *own = &act->core->conf->ca_caa_identities;
        const char *text = "";

        for (size_t i = 0; i < own->n; i++)
                text = arena_printf(act->arena, "%s%s%s", text, text[0] ? "," : "", own->v[i]);
        for (size_t i = 0; i < of_product->n; i++)
                text = arena_printf(act->arena, "%s%s%.*s", text, text[0] ? "," : "", (int)of_product->v[i].n, of_product->v[i].p);
        return str_of(text);
}

struct probe_seen look_caa(struct act *act, const struct strs *names, const struct strs *identities,
                           const struct caa_binding *binding, const char **ret_why)
{
        struct probe *probes = arena_array_of(act->arena, names->n + 1, struct probe);
        struct probe_seen *seen = arena_array_of(act->arena, names->n + 1, struct probe_seen);
        struct str *asked = arena_array_of(act->arena, names->n + 1, struct str);
        struct str allowed = caa_identities(act, identities);
        size_t n = 0;

        for (size_t i = 0; i < names->n; i++) {
                if (domain_is_address(names->v[i]))
                        continue;
                probe_fill(act, &probes[n], MSG_PROBE_CAA, names->v[i], allowed);
                if (binding)
                        probe_bind(&probes[n], binding->account_uri, binding->methods ? binding->methods[i] : "");
                asked[n++] = names->v[i];
        }
        probe_all(act, probes, n, seen);
        for (size_t i = 0; i < n; i++) {
                if (seen[i].verdict == MSG_VERDICT_PASS)
                        continue;
                *ret_why = arena_printf(act->arena, "%.*s: %.*s", (int)asked[i].n, asked[i].p, (int)seen[i].detail.n, seen[i].detail.p);
                return seen[i];
        }
        *ret_why = "";
        return (struct probe_seen){.verdict = MSG_VERDICT_PASS};
}

/* ---- an ACME challenge --------------------------------------------------------------------------------- */

struct challenge_asking {
        struct act *act;
        struct probe probes[2]; /* the challenge, CAA */
        struct channel_request requests[2];
        struct channel_reply replies[2];
        res results[2];
        size_t count;
        struct channel_call *call;
};

struct challenge_asking *challenge_new(struct act *act, const struct challenge_question *question)
{
        struct challenge_asking *asking = arena_new_of(act->arena, struct challenge_asking);

        asking->act = act;
        asking->count = question->caa_name.n > 0 ? 2 : 1;
        probe_fill(act, &asking->probes[0], question->kind, question->name, question->expected);
        if (asking->count == 2) {
                probe_fill(act, &asking->probes[1], MSG_PROBE_CAA, question->caa_name, caa_identities(act, question->identities));
                probe_bind(&asking->probes[1], question->account_uri, question->method);
        }
        for (size_t i = 0; i < asking->count; i++) {
                asking->requests[i] = probe_request(&asking->probes[i]);
                asking->results[i] = FAIL(ERR_IPC_LOST);
        }
        return asking;
}

bool challenge_post(struct challenge_asking *asking, struct channel_box *box, void *owner)
{
        return channel_post(box, asking->requests, asking->count, LIMIT_IPC_PROBE_MS, asking->replies, asking->results, owner, &asking->call);
}

void challenge_take(struct challenge_asking *asking, struct probe_seen *ret_challenge, struct probe_seen *ret_caa)
{
        channel_call_free(asking->call);
        asking->call = NULL;
        *ret_challenge = probe_take(asking->act, asking->results[0], &asking->replies[0]);
        *ret_caa = asking->count == 2 ? probe_take(asking->act, asking->results[1], &asking->replies[1])
                                      : (struct probe_seen){.verdict = MSG_VERDICT_PASS, .detail = STR(""), .found = STR("")};
}
