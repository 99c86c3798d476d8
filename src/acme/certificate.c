/* Certificates (RFC 8555 §7.4.2): the chain to the intermediate, and as an alternate the one that ends in the root. */
#include "acme/resource.h"

#include "core/acme_order.h"

res acme_certificate(struct acme_call *call)
{
        int64_t chain = 0;

        TRY(acme_call_no_payload(call));
        if (call->parts[1].p)
                ENSURE(res_is_ok(str_to_int64(call->parts[1], &chain)) && chain > 0 && chain < ACME_CHAINS, ERR_ACME_ABSENT);
        TRY(acme_certificate_pem(&call->act, &call->account, call->parts[0], (int)chain, &call->reply->body));
        for (int other = 0; other < ACME_CHAINS; other++) {
                const char *suffix = other ? arena_printf(call->request->arena, "/%d", other) : "";

                if (other != (int)chain)
                        acme_header(call, "Link", arena_printf(call->request->arena, "<%s>;rel=\"alternate\"",
                                                               acme_url(call, "cert/%.*s%s", (int)call->parts[0].n, call->parts[0].p, suffix)));
        }
        call->reply->content_type = "application/pem-certificate-chain";
        return RES_OK;
}
