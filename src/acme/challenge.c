/* Challenges (RFC 8555 §7.5.1): the client says that it is ready, or asks how it went. */
#include "acme/authz.h"

#include "base/json.h"

/* RFC 8555 §7.5.1: an object, with nothing in it that anybody asks for. */
struct ready {
        struct str unused;
};
static const struct json_field ready_fields[] = {JSON_FIELDS_END};

struct trying {
        int64_t id;
        enum msg_method method;
        struct authorization_try *attempt;
};

static MUST res challenge_reply(struct acme_call *call, const struct acme_authorization_row *row)
{
        const struct trying *own = call->own;
        enum msg_method offered[AUTHORIZATION_METHODS];
        bool is_offered = false;

        for (size_t i = 0, n = authorization_methods(row, offered); i < n; i++)
                is_offered |= offered[i] == own->method;
        ENSURE(is_offered, ERR_ACME_ABSENT);
        acme_write_challenge(call, row, own->method, &call->reply->body);
        acme_header(call, "Link", arena_printf(call->request->arena, "<%s>;rel=\"up\"", acme_url(call, "authz/%lld", (long long)own->id)));
        if (authorization_status(row, call->act.now_sec) == AUTHORIZATION_PENDING)
                acme_retry_after(call, 1);
        acme_reply_json(call, 200);
        return RES_OK;
}

static res challenge_noted(struct acme_call *call, const void *outcome)
{
        const struct trying *own = call->own;

        (void)outcome;
        return challenge_reply(call, authorization_try_row(own->attempt));
}

/* There is an outcome, or the time is over: then it is noted that somebody looks. */
static res challenge_looked(struct acme_call *call, const void *outcome)
{
        const struct trying *own = call->own;
        bool is_open = false;

        if (outcome != NULL)
                return challenge_reply(call, outcome);
        TRY(authorization_try_is_open(own->attempt, &is_open));
        if (!is_open)
                return challenge_noted(call, NULL);
        return acme_call_write(call, authorization_try_tx, own->attempt, challenge_noted);
}

static res challenge_push(struct acme_call *call)
{
        const struct trying *own = call->own;

        return authorization_try_push(own->attempt);
}

static MUST res challenge_try(struct acme_call *call, struct trying *own)
{
        struct acme_authorization_row row = {0};
        struct ready in = {0};

        TRY(acme_call_bind(call, ready_fields, &in));
        TRY(authorization_try_begin(&call->act, &call->account, own->id, own->method, &row, &own->attempt));
        if (own->attempt == NULL)
                return challenge_reply(call, &row);
        const struct acme_wait wait = {.key = authorization_try_key(own->attempt), .ms = AUTHORIZATION_TRY_WAIT_MS, .push = challenge_push,
                                       .waiting = &call->acme->core->outside};

        return acme_call_wait(call, &wait, challenge_looked);
}

res acme_challenge(struct acme_call *call)
{
        struct trying *own = arena_new_of(call->request->arena, struct trying);
        struct acme_authorization_row row = {0};

        call->own = own;
        own->method = authorization_method(call->parts[1]);
        ENSURE(res_is_ok(str_to_int64(call->parts[0], &own->id)) && own->method != MSG_METHOD_NONE, ERR_ACME_ABSENT);
        if (!acme_call_is_get(call))
                return challenge_try(call, own);
        TRY(authorization_get(&call->act, &call->account, own->id, &row));
        return challenge_reply(call, &row);
}
