/*
 * Making an account from the control socket.  Whoever may write to DIR/control.sock is this service's own user or root,
 * so nothing more is asked.
 */
#include "server/account_form.h"

#include "base/json.h"

struct account_form {
        struct str name, role, identity, level;
        struct opt_int verified, balance;
};

static const struct json_field account_form_fields[] = {
        JSON_FIELD(struct account_form, name, "Name", JSON_STR, .required = true, .limit = 64),
        JSON_FIELD(struct account_form, role, "Role", JSON_STR, .limit = 16),
        JSON_FIELD(struct account_form, identity, "Identity", JSON_STR, .limit = 16),
        JSON_FIELD(struct account_form, level, "Level", JSON_STR, .limit = 16),
        JSON_FIELD(struct account_form, verified, "Verified", JSON_BOOL),
        JSON_FIELD(struct account_form, balance, "Balance", JSON_UINT),
        JSON_FIELDS_END,
};

struct account_answer {
        struct str account, secret_id, secret_key, endpoint;
};

static const struct json_field account_answer_fields[] = {
        JSON_FIELD(struct account_answer, account, "Account", JSON_STR),
        JSON_FIELD(struct account_answer, secret_id, "SecretId", JSON_STR),
        JSON_FIELD(struct account_answer, secret_key, "SecretKey", JSON_STR),
        JSON_FIELD(struct account_answer, endpoint, "Endpoint", JSON_STR, .omit_absent = true),
        JSON_FIELDS_END,
};

void account_form_reply(struct http_reply *reply, const struct account_made *made, const char *endpoint)
{
        const struct account_answer answer = {
                .account = str_of(made->uin),
                .secret_id = str_of(made->secret_id),
                .secret_key = str_of(made->secret_key),
                .endpoint = str_of(endpoint),
        };

        reply->content_type = "application/json";
        json_encode(&reply->body, account_answer_fields, &answer);
}

void account_form_fail(struct http_reply *reply, enum err err, const char *detail)
{
        const char *code = err_api_code(err);

        reply->status = err_http_status(err);
        reply->content_type = "application/json";
        buf_clear(&reply->body);
        buf_add_text(&reply->body, "{\"Error\":{\"Code\":");
        json_encode_str(&reply->body, str_of(code[0] ? code : "InternalError"));
        buf_add_text(&reply->body, ",\"Message\":");
        json_encode_str(&reply->body, str_of(detail && detail[0] ? detail : err_sentence(err)));
        buf_add_text(&reply->body, "}}");
}

static struct str or_default(struct str given, const char *fallback)
{
        return given.n ? given : str_of(fallback);
}

static res account_form_make(struct act *act, struct http_request *request, struct account_made *ret_made)
{
        struct account_form form = {0};
        const char *why = "";
        res decoded = json_decode(request->arena, (struct str){(const char *)request->body.p, request->body.n},
                                  account_form_fields, JSON_UNKNOWN_REFUSE, &form, &why);

        if (!res_is_ok(decoded))
                return act_fail(act, decoded.err, "%s", why);
        const struct account_new in = {
                .name = form.name,
                .role = or_default(form.role, "user"),
                .identity = or_default(form.identity, "individual"),
                .level = or_default(form.level, "standard"),
                .verified = form.verified.set && form.verified.v,
                .balance_minor = form.balance.set ? form.balance.v : 0,
        };
        return account_create(act, &in, ret_made);
}

void account_form_control(struct act *act, struct http_request *request, const char *endpoint, struct http_reply *reply)
{
        struct account_made made = {0};
        res r = account_form_make(act, request, &made);

        if (res_is_ok(r))
                account_form_reply(reply, &made, endpoint);
        else
                account_form_fail(reply, r.err, act->detail);
}
