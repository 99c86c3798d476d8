/* cancel: one id after the other; the first refusal ends it, and says which. */
#include "ctl/client.h"
#include "ctl/output.h"

static res cancel_one(struct ctl *ctl, struct client *client, const char *id)
{
        json_auto_t *response = NULL;

        TRY(client_call(client, "CancelAuditCertificate", json_pack("{s:s}", "CertificateId", id), &response));
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        if (!json_is_true(json_object_get(response, "Result")))
                return ctl_fail(ctl, ERR_PARAM, "%s was not cancelled", id);
        (void)printf("%s is cancelled\n", id);
        return RES_OK;
}

res cancel_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;

        TRY(client_open(ctl, &client));
        for (size_t i = 0; i < ctl->argument_count; i++)
                TRY(cancel_one(ctl, client, ctl->arguments[i]));
        return RES_OK;
}
