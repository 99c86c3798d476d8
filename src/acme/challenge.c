/* Challenges (RFC 8555 §7.5.1): the client says that it is ready, or asks how it went. */
#include "acme/authz.h"

res acme_challenge(struct acme_call *call)
{
        struct acme_authorization_row row = {0};
        const enum msg_method method = authorization_method(call->parts[1]);
        enum msg_method offered[AUTHORIZATION_METHODS];
        bool is_offered = false;
        int64_t id = 0;

        ENSURE(res_is_ok(str_to_int64(call->parts[0], &id)) && method != MSG_METHOD_NONE, ERR_ACME_ABSENT);
        if (acme_call_is_get(call))
                TRY(authorization_get(&call->act, &call->account, id, &row));
        else
                TRY(authorization_try(&call->act, &call->account, id, method, &row));
        for (size_t i = 0, n = authorization_methods(&row, offered); i < n; i++)
                is_offered |= offered[i] == method;
        ENSURE(is_offered, ERR_ACME_ABSENT);
        acme_write_challenge(call, &row, method, &call->reply->body);
        acme_header(call, "Link", arena_printf(call->request->arena, "<%s>;rel=\"up\"", acme_url(call, "authz/%lld", (long long)id)));
        if (authorization_status(&row, call->act.now_sec) == AUTHORIZATION_PENDING)
                acme_retry_after(call, 1);
        acme_reply_json(call, 200);
        return RES_OK;
}
