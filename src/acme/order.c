/* Orders (RFC 8555 §7.4): make, look at, finalize. */
#include "acme/resource.h"

#include "base/b64.h"
#include "base/json.h"
#include "base/timetext.h"
#include "core/acme_csr.h"
#include "core/acme_order.h"
#include "core/domain.h"

struct order_in {
        struct objs identifiers;
        struct str not_before, not_after, replaces;
};
static const struct json_field identifier_fields[] = {
        JSON_FIELD(struct acme_identifier_in, kind, "type", JSON_STR, .required = true, .limit = 32),
        JSON_FIELD(struct acme_identifier_in, value, "value", JSON_STR, .required = true, .limit = 1024),
        JSON_FIELDS_END,
};
static const struct json_field order_fields[] = {
        JSON_FIELD(struct order_in, identifiers, "identifiers", JSON_OBJS, .required = true, .limit = 1000, .sub = identifier_fields,
                   .sub_size = sizeof(struct acme_identifier_in)),
        JSON_FIELD(struct order_in, not_before, "notBefore", JSON_STR, .limit = 64),
        JSON_FIELD(struct order_in, not_after, "notAfter", JSON_STR, .limit = 64),
        JSON_FIELD(struct order_in, replaces, "replaces", JSON_STR, .limit = 256),
        JSON_FIELDS_END,
};

struct finalize_in {
        struct str csr;
};
static const struct json_field finalize_fields[] = {
        JSON_FIELD(struct finalize_in, csr, "csr", JSON_STR, .required = true, .limit = 2 * LIMIT_CSR_BYTES),
        JSON_FIELDS_END,
};

static void order_identifiers(const struct acme_order *order, struct buf *out)
{
        buf_add_text(out, "\"identifiers\":[");
        for (size_t i = 0; i < order->names.n; i++) {
                buf_printf(out, "%s{\"type\":\"%s\",\"value\":", i ? "," : "", domain_is_address(order->names.v[i]) ? "ip" : "dns");
                json_encode_str(out, order->names.v[i]);
                buf_add_text(out, "}");
        }
        buf_add_text(out, "],\"authorizations\":[");
}

static void order_reply(struct acme_call *call, const struct acme_order *order, int status)
{
        struct buf *out = &call->reply->body;
        char expires[TIMETEXT_UTC_SIZE];

        timetext_utc(order->row.expires_at, expires);
        buf_printf(out, "{\"status\":\"%s\",\"expires\":\"%s\",", acme_order_status_name(order->status), expires);
        if (order->row.not_after > 0) {
                timetext_utc(order->row.not_after, expires);
                buf_printf(out, "\"notAfter\":\"%s\",", expires);
        }
        order_identifiers(order, out);
        for (size_t i = 0; i < order->names.n; i++) {
                buf_add_text(out, i ? "," : "");
                json_encode_str(out, str_of(acme_url(call, "authz/%lld", (long long)order->authorizations[i])));
        }
        buf_add_text(out, "],\"finalize\":");
        json_encode_str(out, str_of(acme_url(call, "order/%lld/finalize", (long long)order->row.order_id)));
        if (order->status == ACME_ORDER_VALID) {
                buf_add_text(out, ",\"certificate\":");
                json_encode_str(out, str_of(acme_url(call, "cert/%.*s", (int)order->row.certificate_id.n, order->row.certificate_id.p)));
        }
        if (order->row.replaces.n > 0) {
                buf_add_text(out, ",\"replaces\":");
                json_encode_str(out, order->row.replaces);
        }
        if (order->error)
                buf_printf(out, ",\"error\":%s", order->error);
        buf_add_text(out, "}");
        acme_header(call, "Location", acme_url(call, "order/%lld", (long long)order->row.order_id));
        if (order->status == ACME_ORDER_PROCESSING || order->status == ACME_ORDER_PENDING)
                acme_retry_after(call, 1);
        acme_reply_json(call, status);
}

static MUST res order_id(const struct acme_call *call, int64_t *ret_id)
{
        ENSURE(res_is_ok(str_to_int64(call->parts[0], ret_id)), ERR_ACME_ABSENT);
        return RES_OK;
}

static res new_order_made(struct acme_call *call, const void *outcome)
{
        (void)outcome;
        order_reply(call, acme_order_made(call->own), 201);
        return RES_OK;
}

res acme_new_order(struct acme_call *call)
{
        struct order_in in = {0};
        struct acme_order_making *making = NULL;

        TRY(acme_call_bind(call, order_fields, &in));
        const struct acme_order_new new = {in.identifiers, in.not_before, in.not_after, in.replaces};

        TRY(acme_order_begin(&call->act, &call->account, &new, &call->problem, &making));
        call->own = making;
        return acme_call_write(call, acme_order_tx, making, new_order_made);
}

res acme_order_resource(struct acme_call *call)
{
        struct acme_order order = {0};
        int64_t id = 0;

        TRY(acme_call_no_payload(call));
        TRY(order_id(call, &id));
        TRY(acme_order_get(&call->act, &call->account, id, &order));
        order_reply(call, &order, 200);
        return RES_OK;
}

/* ---- finalize ------------------------------------------------------------------------------------------------- */

struct finalizing {
        int64_t order_id;
        struct bytes csr;
        struct acme_finalize *finalize;
};

static res finalize_over(struct acme_call *call, const void *outcome)
{
        const struct finalizing *own = call->own;
        const struct acme_order *order = NULL;

        TRY(acme_finalize_end(own->finalize, outcome, &order));
        order_reply(call, order, 200);
        return RES_OK;
}

static res finalize_push(struct acme_call *call)
{
        const struct finalizing *own = call->own;

        acme_finalize_push(own->finalize);
        return RES_OK;
}

static res finalize_stored(struct acme_call *call, const void *outcome)
{
        const struct finalizing *own = call->own;
        const struct acme_wait wait = {.key = acme_finalize_key(own->finalize), .ms = ACME_FINALIZE_WAIT_MS, .short_ms = ACME_FINALIZE_SHORT_MS,
                                       .push = finalize_push, .waiting = &call->acme->core->finishing};

        if (acme_finalize_waits(own->finalize))
                return acme_call_wait(call, &wait, finalize_over);
        acme_finalize_push(own->finalize);
        return finalize_over(call, outcome);
}

static res finalize_asked(struct acme_call *call, const void *outcome)
{
        const struct finalizing *own = call->own;

        (void)outcome;
        TRY(acme_finalize_ask(own->finalize));
        return acme_call_write(call, acme_finalize_tx, own->finalize, finalize_stored);
}

static res finalize_begin(struct acme_call *call, const void *outcome)
{
        struct finalizing *own = call->own;
        bool asks = false;

        (void)outcome;
        TRY(acme_finalize_begin(&call->act, &call->account, own->order_id, own->csr, &own->finalize, &asks));
        if (asks)
                return acme_call_block(call, finalize_asked);
        return acme_call_write(call, acme_finalize_tx, own->finalize, finalize_stored);
}

res acme_finalize(struct acme_call *call)
{
        struct finalizing *own = arena_new_of(call->request->arena, struct finalizing);
        struct finalize_in in = {0};
        CLEAN(buf_done) struct buf csr = {0};

        call->own = own;
        TRY(order_id(call, &own->order_id));
        TRY(acme_call_bind(call, finalize_fields, &in));
        buf_init(&csr, LIMIT_CSR_BYTES);
        res decoded = b64url_decode(in.csr, &csr);

        ENSURE(decoded.err != ERR_MEMORY, ERR_MEMORY); /* ours, not the request's */
        if (!res_is_ok(decoded))
                return act_fail(&call->act, ERR_ACME_CSR, "The csr is not base64url of a request of at most %d bytes.", LIMIT_CSR_BYTES);
        own->csr = bytes_of(arena_copy(call->request->arena, csr.p, csr.n), csr.n);
        return acme_csr_is_quick(own->csr) ? finalize_begin(call, NULL) : acme_call_block(call, finalize_begin);
}
