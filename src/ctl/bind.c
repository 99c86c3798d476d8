/* bind: what serves a certificate – told, taken back, listed. */
#include <string.h>

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
        size_t rows = json_array_size(list) + 1;
        const char **cells = arena_array_of(ctl->arena, rows * BIND_COLUMNS, const char *);

        memcpy(cells, heading, sizeof(heading));
        for (size_t i = 1; i < rows; i++)
                for (size_t k = 0; k < BIND_COLUMNS; k++)
                        cells[i * BIND_COLUMNS + k] = json_text(json_array_get(list, i - 1), members[k]);
        output_table(stdout, cells, BIND_COLUMNS, rows, "");
        return RES_OK;
}

static void add_text(json_t *query, const char *name, const char *text)
{
        if (text != NULL)
                json_object_set_new(query, name, json_string(text));
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
        add_text(query, "CertificateId", ctl->arguments[0]);
        add_text(query, "ResourceType", ctl->arguments[1]);
        add_text(query, "ResourceId", ctl->arguments[2]);
        add_text(query, "Region", args_text(ctl, "--region"));
        if (!removes) {
                add_text(query, "Name", args_text(ctl, "--name"));
                add_text(query, "Domain", args_text(ctl, "--domain"));
        }
        TRY(client_call(client, removes ? "RemoveBinding" : "RegisterBinding", json_incref(query), &response));
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        (void)printf("%s %s %s %s\n", ctl->arguments[0], removes ? "is unbound from" : "is bound to", ctl->arguments[1], ctl->arguments[2]);
        return RES_OK;
}
