/* eab: keys for ACME clients, so that what they order belongs to this account. */
#include <string.h>

#include "base/str.h"
#include "ctl/client.h"
#include "ctl/output.h"

#define EAB_COLUMNS 6

static void add_list(struct ctl *ctl, json_t *query, const char *option, const char *member)
{
        json_t *list = json_array();
        const char *text = NULL;

        for (size_t i = 0; (text = args_text_at(ctl, option, i)) != NULL; i++)
                json_array_append_new(list, json_string(text));
        json_object_set_new(query, member, list);
}

static res add_tags(struct ctl *ctl, json_t *query)
{
        json_t *list = json_array();
        const char *text = NULL;

        json_object_set_new(query, "Tags", list);
        for (size_t i = 0; (text = args_text_at(ctl, "--tag", i)) != NULL; i++) {
                const char *equals = strchr(text, '=');

                if (equals == NULL || equals == text)
                        return ctl_fail(ctl, ERR_USAGE, "--tag takes KEY=VALUE, not '%s'", text);
                json_array_append_new(list, json_pack("{s:s#, s:s}", "TagKey", text, (size_t)(equals - text), "TagValue", equals + 1));
        }
        return RES_OK;
}

res eab_create_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *query = json_object(), *response = NULL;

        if (args_text(ctl, "--label") != NULL)
                json_object_set_new(query, "Label", json_string(args_text(ctl, "--label")));
        add_list(ctl, query, "--name", "Names");
        TRY(add_tags(ctl, query));
        TRY(client_open(ctl, &client));
        TRY(client_call(client, "CreateExternalAccount", json_incref(query), &response));
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        (void)printf("Key id    %s\nHMAC key  %s\n", json_text(response, "KeyId"), json_text(response, "HmacKey"));
        (void)fprintf(stderr, "The HMAC key is shown this once.\n");
        return RES_OK;
}

res eab_list_run(struct ctl *ctl)
{
        static const char *const heading[EAB_COLUMNS] = {"Key id", "Label", "Used", "Last use", "Made", "State"};
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *response = NULL;

        TRY(client_open(ctl, &client));
        TRY(client_call(client, "DescribeExternalAccounts", json_object(), &response));
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        const json_t *list = json_object_get(response, "ExternalAccounts");
        size_t count = json_array_size(list);
        const char **cells = output_cells(ctl, heading, EAB_COLUMNS, count);

        for (size_t i = 0; i < count; i++) {
                const json_t *one = json_array_get(list, i);
                const char **row = cells + (i + 1) * EAB_COLUMNS;

                row[0] = json_text(one, "KeyId");
                row[1] = json_text(one, "Label");
                row[2] = arena_printf(ctl->arena, "%lld", (long long)json_int(one, "UseCount"));
                row[3] = json_text(one, "LastUsedTime");
                row[4] = json_text(one, "CreateTime");
                row[5] = json_is_true(json_object_get(one, "Disabled")) ? "disabled" : "good";
        }
        output_table(stdout, cells, EAB_COLUMNS, count + 1, "");
        return RES_OK;
}

res eab_delete_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;

        TRY(client_open(ctl, &client));
        for (size_t i = 0; i < ctl->argument_count; i++) {
                json_auto_t *response = NULL;

                TRY(client_call(client, "DeleteExternalAccount", json_pack("{s:s}", "KeyId", ctl->arguments[i]), &response));
                if (args_has(ctl, "--json"))
                        TRY(output_json(ctl, response, /* pretty= */ false));
                else
                        (void)printf("%s is disabled\n", ctl->arguments[i]);
        }
        return RES_OK;
}
