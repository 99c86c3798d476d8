/* history: the life of one certificate, oldest first. */
#include "base/str.h"
#include "ctl/client.h"
#include "ctl/output.h"

#define HISTORY_COLUMNS 4

res history_run(struct ctl *ctl)
{
        static const char *const heading[HISTORY_COLUMNS] = {"Time", "Type", "Who", "What"};
        static const char *const members[HISTORY_COLUMNS] = {"CreatedOn", "Type", "SubAccountUin", "Action"};
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *response = NULL;

        TRY(client_open(ctl, &client));
        TRY(client_call(client, "DescribeCertificateTimeline", json_pack("{s:s}", "CertificateId", ctl->arguments[0]), &response));
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        const json_t *list = json_object_get(response, "Timeline");

        output_members(ctl, list, heading, members, HISTORY_COLUMNS);
        return RES_OK;
}
