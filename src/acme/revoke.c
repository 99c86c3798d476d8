/* Revocation (RFC 8555 §7.6). */
#include "acme/resource.h"

#include "base/b64.h"
#include "base/json.h"
#include "core/acme_revoke.h"

struct revoke_in {
        struct str certificate;
        struct opt_int reason;
};
static const struct json_field revoke_fields[] = {
        JSON_FIELD(struct revoke_in, certificate, "certificate", JSON_STR, .required = true, .limit = 2 * LIMIT_CERT_BYTES),
        JSON_FIELD(struct revoke_in, reason, "reason", JSON_INT),
        JSON_FIELDS_END,
};

res acme_revoke(struct acme_call *call)
{
        struct revoke_in in = {0};
        CLEAN(buf_done) struct buf der = {0};

        TRY(acme_call_bind(call, revoke_fields, &in));
        buf_init(&der, LIMIT_CERT_BYTES);
        res decoded = b64url_decode(in.certificate, &der);

        ENSURE(decoded.err != ERR_MEMORY, ERR_MEMORY); /* ours, not the request's */
        if (!res_is_ok(decoded))
                return act_fail(&call->act, ERR_ACME_MALFORMED, "The certificate is not base64url of DER.");
        const struct acme_revoke revoke = {
                .der = buf_bytes(&der),
                .has_reason = in.reason.set,
                .reason = in.reason.v,
                .account = call->account.acme_id ? &call->account : NULL,
                .key = &call->jws.jwk,
        };

        TRY(acme_revoke_certificate(&call->act, &revoke));
        call->reply->status = 200;
        return RES_OK;
}
