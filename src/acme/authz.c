/* Authorizations (RFC 8555 §7.5): what has to be shown for a name. */
#include "acme/authz.h"

#include "base/json.h"
#include "base/timetext.h"

struct authz_in {
        struct str status;
};
static const struct json_field authz_fields[] = {
        JSON_FIELD(struct authz_in, status, "status", JSON_STR, .required = true, .limit = 32),
        JSON_FIELDS_END,
};

void acme_write_challenge(struct acme_call *call, const struct acme_authorization_row *row, enum msg_method method, struct buf *out)
{
        const char *status = authorization_challenge_status(row, method);
        char validated[TIMETEXT_UTC_SIZE];

        buf_printf(out, "{\"type\":\"%s\",\"status\":\"%s\",\"url\":", authorization_method_name(method), status);
        json_encode_str(out, str_of(acme_url(call, "chall/%lld/%s", (long long)row->authorization_id, authorization_method_name(method))));
        buf_add_text(out, ",\"token\":");
        json_encode_str(out, row->token);
        if (strcmp(status, "valid") == 0) {
                timetext_utc(row->validated_at, validated);
                buf_printf(out, ",\"validated\":\"%s\"", validated);
        }
        if (strcmp(status, "invalid") == 0 && row->error.n > 0)
                buf_printf(out, ",\"error\":%.*s", (int)row->error.n, row->error.p);
        buf_add_text(out, "}");
}

static void authz_reply(struct acme_call *call, const struct acme_authorization_row *row)
{
        struct buf *out = &call->reply->body;
        const enum authorization_status status = authorization_status(row, call->act.now_sec);
        enum msg_method methods[AUTHORIZATION_METHODS];
        const size_t n = authorization_methods(row, methods);
        char expires[TIMETEXT_UTC_SIZE];

        timetext_utc(row->expires_at, expires);
        buf_printf(out, "{\"identifier\":{\"type\":\"%s\",\"value\":", row->is_address ? "ip" : "dns");
        json_encode_str(out, row->name);
        buf_printf(out, "},\"status\":\"%s\",\"expires\":\"%s\",\"challenges\":[", authorization_status_name(status), expires);
        for (size_t i = 0; i < n; i++) {
                buf_add_text(out, i ? "," : "");
                acme_write_challenge(call, row, methods[i], out);
        }
        buf_add_text(out, row->is_wildcard ? "],\"wildcard\":true}" : "]}");
        if (status == AUTHORIZATION_PENDING)
                acme_retry_after(call, 1);
        acme_reply_json(call, 200);
}

res acme_authz(struct acme_call *call)
{
        struct acme_authorization_row row = {0};
        struct authz_in in = {0};
        int64_t id = 0;

        ENSURE(res_is_ok(str_to_int64(call->parts[0], &id)), ERR_ACME_ABSENT);
        if (acme_call_is_get(call)) {
                TRY(authorization_get(&call->act, &call->account, id, &row));
        } else {
                TRY(acme_call_bind(call, authz_fields, &in));
                if (!str_equals(in.status, "deactivated"))
                        return act_fail(&call->act, ERR_ACME_MALFORMED, "The only status that can be set is deactivated.");
                TRY(authorization_deactivate(&call->act, &call->account, id, &row));
        }
        authz_reply(call, &row);
        return RES_OK;
}
