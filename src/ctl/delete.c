/* delete: one id after the other; the first refusal ends it, and says which. */
#include "ctl/client.h"
#include "ctl/output.h"

static res delete_one(struct ctl *ctl, struct client *client, const char *id)
{
        json_auto_t *response = NULL;
        json_t *query = json_pack("{s:s}", "CertificateId", id);

        if (args_has(ctl, "--bound")) /* the second word (SIL-53) */
                json_object_set_new(query, "IsCheckResource", json_false());
        TRY(client_call(client, "DeleteCertificate", query, &response));
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        if (!json_is_true(json_object_get(response, "DeleteResult")))
                return ctl_fail(ctl, ERR_PARAM, "%s was not deleted", id);
        (void)printf("%s is deleted\n", id);
        return RES_OK;
}

res delete_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;

        TRY(client_open(ctl, &client));
        for (size_t i = 0; i < ctl->argument_count; i++)
                TRY(delete_one(ctl, client, ctl->arguments[i]));
        return RES_OK;
}
