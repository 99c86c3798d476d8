/* bind: what serves a certificate – told, taken back, listed. */
#include "base/str.h"
#include "ctl/client.h"
#include "ctl/output.h"

#define BIND_COLUMNS 5

static res bind_list(struct ctl *ctl, struct client *client)
{
        static const char *const heading[BIND_COLUMNS] = {"Type", "Region", "Resource", "Name", "Domain"};
        static const char *const members[BIND_COLUMNS] = {"ResourceType", "Region", "ResourceId", "Name", "Domain"};
        json_auto_t *response = NULL;

        TRY(client_call(client, "DescribeBindings", json_pack("{s:s}", "CertificateId", ctl->arguments[0]), &response));
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        const json_t *list = json_object_get(response, "Bindings");

        output_members(ctl, list, heading, members, BIND_COLUMNS);
        return RES_OK;
}

res bind_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        bool removes = args_has(ctl, "--remove");
        json_auto_t *query = json_object(), *response = NULL;

        if (ctl->argument_count == 2)
                return ctl_fail(ctl, ERR_USAGE, "bind takes ID TYPE RESOURCE, or ID alone to list what is bound");
        TRY(client_open(ctl, &client));
        if (ctl->argument_count == 1)
                return bind_list(ctl, client);
        json_put_text(query, "CertificateId", ctl->arguments[0]);
        json_put_text(query, "ResourceType", ctl->arguments[1]);
        json_put_text(query, "ResourceId", ctl->arguments[2]);
        json_put_text(query, "Region", args_text(ctl, "--region"));
        if (!removes) {
                json_put_text(query, "Name", args_text(ctl, "--name"));
                json_put_text(query, "Domain", args_text(ctl, "--domain"));
        }
        TRY(client_call(client, removes ? "RemoveBinding" : "RegisterBinding", json_incref(query), &response));
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        (void)printf("%s %s %s %s\n", ctl->arguments[0], removes ? "is unbound from" : "is bound to", ctl->arguments[1], ctl->arguments[2]);
        return RES_OK;
}
