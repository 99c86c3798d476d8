/*
 * The order of the checks is RFC 8555 §6.2 to §6.5's: a request that is not well formed is told so before its nonce is spent,
 * a nonce is spent before any signature is verified, so that nobody makes us verify the same request twice.
 */
#include "acme/call.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "core/rate.h"

#define AWAY_RETRY_SEC 5
#define QUOTA_RETRY_SEC 3600 /* a slot comes back when a certificate ends, or is revoked: nobody knows when (RFC 8555 §6.6) */

/* ---- in ---------------------------------------------------------------------------------------------------- */

static MUST res call_media(struct acme_call *call)
{
        struct str type = http_header(call->request, "Content-Type");

        type = str_trim(str_cut(&type, ';'));
        ENSURE(str_equal_nocase(type, STR("application/jose+json")), ERR_ACME_MEDIA);
        return RES_OK;
}

static MUST res call_parse(struct acme_call *call)
{
        const char *why = "";
        const struct bytes body = call->request->body;
        res parsed = jws_parse(call->request->arena, (struct str){(const char *)body.p, body.n}, &call->jws, &why);

        if (!res_is_ok(parsed))
                return act_fail(&call->act, parsed.err == ERR_KEY_TYPE ? ERR_ACME_KEY : parsed.err, "%s", why);
        return RES_OK;
}

static MUST res call_nonce(struct acme_call *call)
{
        if (call->jws.nonce.p == NULL)
                return act_fail(&call->act, ERR_ACME_NONCE, "The protected header has no nonce.");
        ENSURE(acme_nonces_take(call->acme->nonces, call->jws.nonce), ERR_ACME_NONCE);
        return RES_OK;
}

static MUST res call_url(struct acme_call *call)
{
        if (!str_equals(call->jws.url, call->url))
                return act_fail(&call->act, ERR_ACME_DENIED, "The url in the protected header is not the address of this request, %.200s.",
                                call->url);
        return RES_OK;
}

/* "https://host/acme/acct/<digits>" of this very host. */
static MUST res call_kid(struct acme_call *call, int64_t *ret_id)
{
        struct str kid = call->jws.kid, prefix = str_of(acme_url(call, "acct/"));
        int64_t id = 0;

        if (str_starts_with(kid, prefix) && kid.n > prefix.n && kid.p[prefix.n] != '0' && /* one text an account */
            res_is_ok(str_to_int64((struct str){kid.p + prefix.n, kid.n - prefix.n}, &id))) {
                *ret_id = id;
                return RES_OK;
        }
        return act_fail(&call->act, ERR_ACME_ACCOUNT, "The kid is no account's address; an address looks like %.200s1.", prefix.p);
}

static MUST res call_verify(struct acme_call *call, const struct jws_key *key)
{
        struct pki_kit *kit = NULL;

        TRY(pki_kit_of_thread(&kit));
        res verified = jws_verify(kit, &call->jws, key);

        if (verified.err == ERR_ACME_ALGORITHM)
                return act_fail(&call->act, ERR_ACME_ALGORITHM, "The alg does not fit the key.");
        return verified;
}

static MUST res call_by_account(struct acme_call *call)
{
        struct jws_key key = {0};
        int64_t id = 0;

        TRY(call_kid(call, &id));
        TRY(acme_account_find(&call->act, id, &call->account));
        TRY(acme_account_key(&call->account, &key));
        TRY(call_verify(call, &key));
        if (!call->account.is_valid)
                return act_fail(&call->act, ERR_ACME_DENIED, "The account is deactivated.");
        call->act.account_id = call->account.account_id;
        return RES_OK;
}

bool acme_call_looks_like_get(const struct acme_call *call)
{
        const struct bytes body = call->request->body;
        const struct str name = STR("\"payload\"");
        const char *text = (const char *)body.p, *at = body.n > 0 ? memmem(text, body.n, name.p, name.n) : NULL;

        if (at == NULL)
                return false;
        struct str rest = {at + name.n, body.n - (size_t)(at - text) - name.n};

        while (rest.n > 0 && strchr(" \t\r\n:", rest.p[0]) && rest.p[0] != '\0')
                rest = (struct str){rest.p + 1, rest.n - 1};
        return str_starts_with(rest, STR("\"\""));
}

bool acme_call_is_quick(struct acme_call *call, bool as_get)
{
        call->is_parsed = res_is_ok(call_media(call)) && res_is_ok(call_parse(call));
        return call->is_parsed && !call->jws.has_jwk && acme_call_is_get(call) == as_get && jws_is_quick(&call->jws);
}

res acme_call_open(struct acme_call *call, enum acme_signer signer)
{
        TRY(call_media(call));
        if (!call->is_parsed)
                TRY(call_parse(call));
        if (signer == ACME_SIGNED_BY_KEY && !call->jws.has_jwk)
                return act_fail(&call->act, ERR_ACME_MALFORMED, "Sign this request with a jwk in the protected header.");
        if (signer == ACME_SIGNED_BY_ACCOUNT && call->jws.has_jwk)
                return act_fail(&call->act, ERR_ACME_MALFORMED, "Sign this request with a kid, the account's address, in the protected header.");
        TRY(call_nonce(call));
        TRY(call_url(call));
        return call->jws.has_jwk ? call_verify(call, &call->jws.jwk) : call_by_account(call);
}

res acme_call_bind(struct acme_call *call, const struct json_field *fields, void *ret_in)
{
        const char *why = NULL;
        const struct str payload = {(const char *)call->jws.payload.p, call->jws.payload.n};

        if (payload.n == 0 || !res_is_ok(json_decode(call->request->arena, payload, fields, JSON_UNKNOWN_IGNORE, ret_in, &why)))
                return act_fail(&call->act, ERR_ACME_MALFORMED, "The payload is malformed. %s", why ? why : "It is empty.");
        return RES_OK;
}

res acme_call_no_payload(struct acme_call *call)
{
        if (!acme_call_is_get(call))
                return act_fail(&call->act, ERR_ACME_MALFORMED, "This is read by a POST whose payload is the empty text.");
        return RES_OK;
}

/* ---- what comes next ---------------------------------------------------------------------------------------- */

res acme_call_block(struct acme_call *call, acme_then *then)
{
        if (call->is_worker)
                return then(call, NULL);
        call->next = ACME_BLOCKS;
        call->then = then;
        return RES_OK;
}

res acme_call_write(struct acme_call *call, store_fn *fn, void *arg, acme_then *then)
{
        call->next = ACME_WRITES;
        call->step.work = (struct store_work){.fn = fn, .arg = arg};
        call->then = then;
        return RES_OK;
}

res acme_call_wait(struct acme_call *call, const struct acme_wait *wait, acme_then *then)
{
        call->next = ACME_WAITS;
        call->step.work = (struct store_work){0};
        call->wait = *wait;
        call->then = then;
        return RES_OK;
}

/* ---- out ---------------------------------------------------------------------------------------------------- */

void acme_header(struct acme_call *call, const char *name, const char *value)
{
        struct http_reply *reply = call->reply;
        struct tc3_header *headers = arena_array_of(call->request->arena, reply->header_count + 1, struct tc3_header);

        if (reply->header_count > 0)
                memcpy(headers, reply->headers, reply->header_count * sizeof *headers);
        headers[reply->header_count] = (struct tc3_header){str_of(name), str_of(value)};
        reply->headers = headers;
        reply->header_count++;
}

const char *acme_url(struct acme_call *call, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        const char *path = arena_vprintf(call->request->arena, format, args);

        va_end(args);
        return arena_printf(call->request->arena, "%s/acme/%s", call->base, path);
}

void acme_reply_common(struct acme_call *call)
{
        char nonce[NONCE_TEXT_SIZE];

        acme_nonces_make(call->acme->nonces, nonce);
        acme_header(call, "Replay-Nonce", arena_strdup(call->request->arena, nonce));
        acme_header(call, "Cache-Control", "no-store");
        acme_header(call, "Link", arena_printf(call->request->arena, "<%s/acme/directory>;rel=\"index\"", call->base));
}

void acme_reply_json(struct acme_call *call, int status)
{
        call->reply->status = status;
        call->reply->content_type = "application/json";
}

void acme_retry_after(struct acme_call *call, int64_t seconds)
{
        acme_header(call, "Retry-After", arena_printf(call->request->arena, "%lld", (long long)seconds));
}

static void reply_problem(struct acme_call *call, enum err err)
{
        struct problem problem = call->problem;
        const int status = err_http_status(err);

        const char *terms = call->acme->core->conf->acme_terms;

        problem.err = err;
        problem.detail = call->act.detail;
        if (err == ERR_ACME_TERMS && terms) {
                problem.instance = terms;
                acme_header(call, "Link", arena_printf(call->request->arena, "<%s>;rel=\"terms-of-service\"", terms));
        }
        if (problem.part_count == 1 && err != ERR_ACME_COMPOUND) /* one wrong identifier is the problem itself, and named too */
                problem.detail = problem.parts[0].detail;
        buf_clear(&call->reply->body);
        problem_write(&problem, &call->reply->body);
        call->reply->status = status;
        call->reply->content_type = "application/problem+json";
        if (call->act.retry_after_sec > 0)
                acme_retry_after(call, call->act.retry_after_sec);
        else if (status == 503)
                acme_retry_after(call, AWAY_RETRY_SEC);
        else if (strcmp(err_acme_type(err), "rateLimited") == 0)
                acme_retry_after(call, QUOTA_RETRY_SEC);
}

void acme_call_settle(struct acme_call *call, res r)
{
        if (res_is_ok(r))
                return;
        if (err_http_status(r.err) >= 500)
                log_line(LOG_ERROR, "acme", "rid=%s path=%s err=%s why=%s", call->request->request_id, log_quote(call->request->path),
                         err_name(r.err), log_quote(str_of(call->act.detail)));
        call->next = ACME_ANSWERED;
        reply_problem(call, r.err);
}
