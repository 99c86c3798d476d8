/* Renewal information (RFC 9773): read by anybody, because certificates are public. */
#include "acme/resource.h"

#include "base/timetext.h"
#include "core/acme_renewal.h"

#define RENEWAL_ASK_AGAIN_SEC 21600

res acme_renewal_info_resource(struct acme_call *call)
{
        struct acme_renewal renewal = {0};
        char start[TIMETEXT_UTC_SIZE], end[TIMETEXT_UTC_SIZE];

        TRY(acme_renewal_info(&call->act, call->parts[0], &renewal));
        timetext_utc(renewal.start, start);
        timetext_utc(renewal.end, end);
        buf_printf(&call->reply->body, "{\"suggestedWindow\":{\"start\":\"%s\",\"end\":\"%s\"}}", start, end);
        acme_retry_after(call, RENEWAL_ASK_AGAIN_SEC);
        acme_reply_json(call, 200);
        return RES_OK;
}
