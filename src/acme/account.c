/* Accounts (RFC 8555 §7.3): make, find, change, deactivate; the list of their orders. */
#include "acme/resource.h"

#include "base/json.h"
#include "core/acme_order.h"
#include "core/rate.h"

struct binding {
        struct str protected_text, payload, signature;
};
static const struct json_field binding_fields[] = {
        JSON_FIELD(struct binding, protected_text, "protected", JSON_STR, .required = true),
        JSON_FIELD(struct binding, payload, "payload", JSON_STR, .required = true),
        JSON_FIELD(struct binding, signature, "signature", JSON_STR, .required = true),
        JSON_FIELDS_END,
};

struct account_in {
        struct strs contact;
        struct opt_int agreed, only_existing;
        struct str status;
        const struct binding *external;
};
static const struct json_field account_fields[] = {
        JSON_FIELD(struct account_in, contact, "contact", JSON_STRS),
        JSON_FIELD(struct account_in, agreed, "termsOfServiceAgreed", JSON_BOOL),
        JSON_FIELD(struct account_in, only_existing, "onlyReturnExisting", JSON_BOOL),
        JSON_FIELD(struct account_in, status, "status", JSON_STR, .limit = 32),
        JSON_FIELD(struct account_in, external, "externalAccountBinding", JSON_OBJ, .sub = binding_fields, .sub_size = sizeof(struct binding)),
        JSON_FIELDS_END,
};

static void account_reply(struct acme_call *call, const struct acme_account_row *row, int status)
{
        struct buf *out = &call->reply->body;
        size_t n = 0;

        buf_add_text(out, "{\"status\":");
        json_encode_str(out, row->status);
        buf_add_text(out, ",\"contact\":[");
        for (struct str rest = row->contact; rest.n > 0; n++) {
                buf_add_text(out, n ? "," : "");
                json_encode_str(out, str_cut(&rest, '\n'));
        }
        buf_printf(out, "],\"termsOfServiceAgreed\":%s,\"orders\":", row->terms_agreed ? "true" : "false");
        json_encode_str(out, str_of(acme_url(call, "acct/%lld/orders", (long long)row->acme_id)));
        buf_add_text(out, "}");
        acme_reply_json(call, status);
}

static void account_location(struct acme_call *call, int64_t acme_id)
{
        acme_header(call, "Location", acme_url(call, "acct/%lld", (long long)acme_id));
}

/* ---- newAccount ------------------------------------------------------------------------------------------------ */

static struct str external_text(struct acme_call *call, const struct binding *external)
{
        CLEAN(buf_done) struct buf text = {0};

        if (external == NULL)
                return STR("");
        buf_init(&text, LIMIT_HTTP_BODY);
        json_encode(&text, binding_fields, external);
        return buf_dup(&text, call->request->arena);
}

static MUST res new_account(struct acme_call *call, const struct account_in *in)
{
        const struct acme_account_new new = {
                .key = &call->jws.jwk,
                .contacts = in->contact,
                .terms_agreed = in->agreed.set && in->agreed.v,
                .external = external_text(call, in->external),
                .url = str_of(call->url),
                .uri_base = acme_url(call, "acct/"),
        };
        struct acme_account_row row = {0};
        bool made = false;

        TRY(rate_take(&call->act, RATE_ACME_ACCOUNT, str_of(call->request->peer)));
        TRY(acme_account_create(&call->act, &new, &row, &made));
        account_location(call, row.acme_id);
        account_reply(call, &row, made ? 201 : 200);
        return RES_OK;
}

res acme_new_account(struct acme_call *call)
{
        struct account_in in = {0};
        struct acme_account_row row = {0};

        TRY(acme_call_bind(call, account_fields, &in));
        res found = acme_account_find_key(&call->act, &call->jws.jwk, &row);

        if (found.err == ERR_ACME_ACCOUNT && !(in.only_existing.set && in.only_existing.v))
                return new_account(call, &in);
        TRY(found);
        if (!str_equals(row.status, "valid"))
                return act_fail(&call->act, ERR_ACME_DENIED, "The account of this key is %s.", row.status.p);
        account_location(call, row.acme_id);
        account_reply(call, &row, 200);
        return RES_OK;
}

/* ---- the account ------------------------------------------------------------------------------------------------ */

/* The path is the signer's own account, or there is none. */
static MUST res account_is_own(const struct acme_call *call)
{
        int64_t id = 0;

        ENSURE(res_is_ok(str_to_int64(call->parts[0], &id)) && id == call->account.acme_id, ERR_ACME_ABSENT);
        return RES_OK;
}

res acme_account_resource(struct acme_call *call)
{
        struct account_in in = {0};
        struct acme_account_row row = {0};
        struct jws_key key = {0};

        TRY(account_is_own(call));
        if (!acme_call_is_get(call))
                TRY(acme_call_bind(call, account_fields, &in));
        /* RFC 8555 §7.3.2: whatever else is sent, another status too, is ignored: clients send back what they were shown. */
        const bool agrees = in.agreed.set && in.agreed.v, deactivates = str_equals(in.status, "deactivated");

        if (in.contact.v || deactivates || agrees) {
                const struct acme_account_change change = {
                        .has_contacts = in.contact.v != NULL, .contacts = in.contact, .deactivate = deactivates, .agree = agrees};

                TRY(acme_account_update(&call->act, &call->account, &change, &row));
        } else {
                TRY(jws_key_from_spki(bytes_of(call->account.spki, call->account.spki_n), &key));
                TRY(acme_account_find_key(&call->act, &key, &row));
        }
        account_location(call, row.acme_id);
        account_reply(call, &row, 200);
        return RES_OK;
}

/* RFC 8555 §7.1.2.1: pages of a hundred, led on by Link rel="next". */
res acme_account_orders(struct acme_call *call)
{
        struct buf *out = &call->reply->body;
        struct str query = call->request->query;
        const int64_t *ids = NULL;
        int64_t after = 0;
        size_t n = 0;
        bool more = false;

        TRY(account_is_own(call));
        TRY(acme_call_no_payload(call));
        if (str_starts_with(query, STR("after=")) && !res_is_ok(str_to_int64((struct str){query.p + 6, query.n - 6}, &after)))
                return act_fail(&call->act, ERR_ACME_MALFORMED, "The query is not one that this list gave out.");
        TRY(acme_order_list(&call->act, &call->account, after, &ids, &n, &more));
        buf_add_text(out, "{\"orders\":[");
        for (size_t i = 0; i < n; i++) {
                buf_add_text(out, i ? "," : "");
                json_encode_str(out, str_of(acme_url(call, "order/%lld", (long long)ids[i])));
        }
        buf_add_text(out, "]}");
        if (more && n > 0)
                acme_header(call, "Link", arena_printf(call->request->arena, "<%s?after=%lld>;rel=\"next\"",
                                                       acme_url(call, "acct/%lld/orders", (long long)call->account.acme_id), (long long)ids[n - 1]));
        acme_reply_json(call, 200);
        return RES_OK;
}
