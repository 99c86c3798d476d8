/*
 * One look at a challenge: the challenge itself and the name's CAA at once, then one transaction with the outcome.  Whoever
 * looks has everything in hand already and reads nothing.
 */
#include "base/b64.h"
#include "base/digest.h"
#include "base/log.h"
#include "core/authorization_inner.h"
#include "core/bell.h"
#include "core/catalogue.h"
#include "core/core.h"
#include "core/look.h"
#include "core/rate.h"
#include "store/evidence.h"

#define LOOK_ARENA (1024 * 1024)

struct look_end {
        struct act *act;
        const struct authorization_look *look;
        const char *problem; /* NULL = proved */
        struct str detail, value;
        struct acme_authorization_row row; /* as stored */
};

static const enum msg_probe_kind kinds[MSG_METHOD_COUNT] = {
        [MSG_METHOD_HTTP_01] = MSG_PROBE_HTTP_01, [MSG_METHOD_DNS_01] = MSG_PROBE_TXT, [MSG_METHOD_TLS_ALPN_01] = MSG_PROBE_TLS_ALPN_01};

/* ---- words ------------------------------------------------------------------------------------------------ */

static enum err challenge_error(const struct authorization_look *look, const struct probe_seen *seen)
{
        const bool dns = look->method == MSG_METHOD_DNS_01;

        switch (seen->verdict) {
        case MSG_VERDICT_UNREACHABLE:
                return dns || !seen->has_address ? ERR_ACME_DNS : ERR_ACME_CONNECTION;
        case MSG_VERDICT_ABSENT:
                return dns ? ERR_ACME_DNS : ERR_ACME_RESPONSE;
        case MSG_VERDICT_BOGUS:
                return ERR_ACME_DNS;
        case MSG_VERDICT_REFUSED_ADDRESS:
                return ERR_ACME_CONNECTION;
        case MSG_VERDICT_TLS:
                return ERR_ACME_TLS;
        default:
                return ERR_ACME_RESPONSE;
        }
}

/* ---- the outcome -------------------------------------------------------------------------------------------- */

static MUST res end_proved(struct look_end *end, struct store_tx *tx, struct acme_authorization_row *row)
{
        struct act *act = end->act;
        struct evidence_row evidence = {
                .account_id = row->account_id,
                .name = row->name,
                .method = end->look->method,
                .value = end->value,
                .detail = end->detail,
                .proved_at = act->now_sec,
                .expires_at = act->now_sec + LIMIT_EVIDENCE_AGE_SEC,
        };

        TRY(store_evidence_insert(tx, &evidence));
        row->state = STR("valid");
        row->evidence_id = evidence.evidence_id;
        row->validated_at = act->now_sec;
        row->caa_checked_at = act->now_sec;
        row->expires_at = act->now_sec + LIMIT_ACME_VALID_SEC;
        return RES_OK;
}

static res end_tx(struct store_tx *tx, void *arg)
{
        struct look_end *end = arg;
        struct acme_authorization_row *row = &end->row;

        TRY(store_acme_authorization_get(store_tx_conn(tx), end->act->arena, end->look->account_id, end->look->authorization_id, row));
        if (!str_equals(row->state, "pending") && !str_equals(row->state, "processing"))
                return RES_OK; /* deactivated meanwhile */
        row->method = end->look->method;
        row->tried_at = end->act->now_sec;
        if (end->problem == NULL) {
                TRY(end_proved(end, tx, row));
        } else {
                row->state = STR("invalid");
                row->error = str_of(end->problem);
        }
        return store_acme_authorization_update(tx, row);
}

static void end_count_failure(struct act *act, const struct authorization_look *look)
{
        const char *who = arena_printf(act->arena, "%lld %s", (long long)look->acme_id, look->name);
        res counted = rate_take(act, RATE_ACME_FAILURE, str_of(who));

        (void)counted; /* whether there is room is asked by the next order */
}

/* ---- the question --------------------------------------------------------------------------------------------- */

static struct str expected_of(struct act *act, const struct authorization_look *look)
{
        struct str authorization = str_of(arena_printf(act->arena, "%s.%s", look->token, look->thumbprint));
        uint8_t hash[DIGEST_SHA256_SIZE];
        CLEAN(buf_done) struct buf text = {0};

        if (look->method != MSG_METHOD_DNS_01)
                return authorization;
        digest_sha256(bytes_of(authorization.p, authorization.n), hash); /* RFC 8555 §8.4 */
        buf_init(&text, 64);
        b64url_encode(bytes_of(hash, sizeof hash), &text);
        return buf_dup(&text, act->arena);
}

static struct challenge_asking *question_of(struct act *act, const struct authorization_look *look, struct str expected)
{
        const struct product *product = catalogue_acme(act_catalogue(act));
        const struct strs none = {0};
        const struct challenge_question question = {
                .kind = kinds[look->method],
                .name = str_of(look->method == MSG_METHOD_DNS_01 ? arena_printf(act->arena, "_acme-challenge.%s", look->name) : look->name),
                .expected = expected,
                .caa_name = str_of(look->is_address    ? ""
                                   : look->is_wildcard ? arena_printf(act->arena, "*.%s", look->name)
                                                       : look->name),
                .identities = product ? &product->caa_identities : &none,
                .account_uri = look->uri,
                .method = authorization_method_name(look->method),
        };

        return challenge_new(act, &question);
}

/* false: nobody looked. */
static bool judge(struct act *act, const struct authorization_look *look, struct challenge_asking *asking, struct look_end *end)
{
        struct probe_seen seen = {0}, caa = {0};

        challenge_take(asking, &seen, &caa);
        if (seen.away || caa.away)
                return false;
        end->detail = seen.detail;
        if (seen.verdict != MSG_VERDICT_PASS)
                end->problem = problem_text(act->arena, challenge_error(look, &seen), str_copy(act->arena, seen.detail));
        else if (caa.verdict == MSG_VERDICT_FORBIDDEN)
                end->problem = problem_text(act->arena, ERR_CAA, str_copy(act->arena, caa.detail));
        else if (caa.verdict != MSG_VERDICT_PASS)
                end->problem = problem_text(act->arena, ERR_ACME_DNS,
                                            arena_printf(act->arena, "CAA could not be looked up: %.*s", (int)caa.detail.n, caa.detail.p));
        return true;
}

/* ---- an attempt ------------------------------------------------------------------------------------------------- */

struct authorization_attempt {
        struct arena *arena; /* that it lives in */
        struct act act;
        struct authorization_look look;
        struct look_end end;
        struct challenge_asking *asking; /* NULL: taken */
};

struct authorization_attempt *authorization_attempt_new(struct core *core, const struct authorization_look *look)
{
        struct arena *arena = arena_new(LOOK_ARENA);
        struct authorization_attempt *attempt = arena_new_of(arena, struct authorization_attempt);
        struct act *act = &attempt->act;

        attempt->arena = arena;
        attempt->look = *look;
        act_begin(act, core, arena, look->account_id);
        attempt->end = (struct look_end){.act = act, .look = &attempt->look, .value = expected_of(act, look)};
        attempt->asking = question_of(act, &attempt->look, attempt->end.value);
        return attempt;
}

bool authorization_attempt_post(struct authorization_attempt *attempt, struct channel_box *box, void *owner)
{
        return challenge_post(attempt->asking, box, owner);
}

bool authorization_attempt_judge(struct authorization_attempt *attempt)
{
        const bool looked = judge(&attempt->act, &attempt->look, attempt->asking, &attempt->end);

        attempt->asking = NULL;
        return looked;
}

struct store_work authorization_attempt_work(struct authorization_attempt *attempt)
{
        return (struct store_work){.fn = end_tx, .arg = &attempt->end};
}

bool authorization_attempt_end(struct authorization_attempt *attempt, res stored)
{
        const struct authorization_look *look = &attempt->look;

        if (!res_is_ok(stored) && stored.err != ERR_NOT_FOUND) {
                log_line(LOG_WARNING, "authorization", "id=%lld err=%s", (long long)look->authorization_id, err_name(stored.err));
                return false;
        }
        if (attempt->end.problem)
                end_count_failure(&attempt->act, look);
        bell_ring(attempt->act.core->bell, authorization_bell_key(look->authorization_id), res_is_ok(stored) ? &attempt->end.row : NULL);
        return true;
}

void authorization_attempt_free(struct authorization_attempt *attempt)
{
        struct probe_seen seen, caa;

        if (attempt == NULL)
                return;
        if (attempt->asking)
                challenge_take(attempt->asking, &seen, &caa);
        arena_free(attempt->arena);
}
