/* Key rollover (RFC 8555 §7.3.5): the old key signs a request that holds one signed by the new key. */
#include "acme/resource.h"

#include "base/json.h"

struct rollover {
        struct str account;
};
static const struct json_field rollover_fields[] = {
        JSON_FIELD(struct rollover, account, "account", JSON_STR, .required = true, .limit = 2048),
        JSON_FIELDS_END,
};

static MUST res rollover_inner(struct acme_call *call, struct jws *ret_inner)
{
        const struct str text = {(const char *)call->jws.payload.p, call->jws.payload.n};
        struct pki_kit *kit = NULL;
        const char *why = "";
        res parsed = jws_parse(call->request->arena, text, ret_inner, &why);

        if (!res_is_ok(parsed))
                return act_fail(&call->act, parsed.err == ERR_KEY_TYPE ? ERR_ACME_KEY : parsed.err, "The inner request: %s", why);
        if (!ret_inner->has_jwk || ret_inner->nonce.p)
                return act_fail(&call->act, ERR_ACME_MALFORMED, "The inner request has the new key as jwk and no nonce.");
        if (!str_equal(ret_inner->url, call->jws.url))
                return act_fail(&call->act, ERR_ACME_MALFORMED, "The inner request's url differs from the outer one's.");
        TRY(pki_kit_of_thread(&kit));
        return jws_verify(kit, ret_inner, &ret_inner->jwk);
}

static MUST res rollover_old_key(struct acme_call *call, const struct jws *inner)
{
        struct jws_key old = {0};
        const char *why = "";
        const struct str payload = {(const char *)inner->payload.p, inner->payload.n};

        if (!res_is_ok(jws_key_from_old_key(call->request->arena, payload, &old, &why)))
                return act_fail(&call->act, ERR_ACME_MALFORMED, "oldKey: %s", why);
        if (!bytes_equal(old.spki, bytes_of(call->account.spki, call->account.spki_n)))
                return act_fail(&call->act, ERR_ACME_MALFORMED, "oldKey is not the account's key.");
        return RES_OK;
}

static MUST res rollover_check(struct acme_call *call, const struct jws *inner)
{
        struct rollover in = {0};
        const char *why = NULL;
        const struct str payload = {(const char *)inner->payload.p, inner->payload.n};

        if (payload.n == 0 || !res_is_ok(json_decode(call->request->arena, payload, rollover_fields, JSON_UNKNOWN_IGNORE, &in, &why)))
                return act_fail(&call->act, ERR_ACME_MALFORMED, "The inner payload is malformed. %s", why ? why : "");
        if (!str_equal(in.account, call->jws.kid))
                return act_fail(&call->act, ERR_ACME_MALFORMED, "The inner payload names another account.");
        return rollover_old_key(call, inner);
}

res acme_key_change(struct acme_call *call)
{
        struct jws inner = {0};
        struct acme_account_row row = {0};
        int64_t other = 0;

        TRY(rollover_inner(call, &inner));
        TRY(rollover_check(call, &inner));
        res changed = acme_account_change_key(&call->act, &call->account, &inner.jwk, &row, &other);

        if (changed.err == ERR_ACME_CONFLICT)
                acme_header(call, "Location", acme_url(call, "acct/%lld", (long long)other));
        TRY(changed);
        buf_add_text(&call->reply->body, "{\"status\":\"valid\"}");
        acme_header(call, "Location", acme_url(call, "acct/%lld", (long long)row.acme_id));
        acme_reply_json(call, 200);
        return RES_OK;
}
