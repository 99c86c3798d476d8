/* eab: keys for ACME clients, so that what they order belongs to this account. */
#include "ctl/client.h"
#include "ctl/eab_lines.h"
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
        json_t *list = json_array(), *pair = NULL;
        const char *text = NULL;

        json_object_set_new(query, "Tags", list);
        for (size_t i = 0; (text = args_text_at(ctl, "--tag", i)) != NULL; i++) {
                TRY(label_tag_pair(ctl, text, &pair));
                json_array_append_new(list, pair);
        }
        return RES_OK;
}

static const char *given_or(const struct ctl *ctl, const char *option, const char *otherwise)
{
        const char *text = args_text(ctl, option);

        return text != NULL ? text : otherwise;
}

/* What to type with the new key; NULL unless a client was named. */
static const char *lines_for(struct ctl *ctl, const char *directory, const json_t *made)
{
        const char *client = args_text(ctl, "--for");
        struct eab_values values = {
                .directory = directory,
                .key_id = json_text(made, "KeyId"),
                .hmac_key = json_text(made, "HmacKey"),
                .name = given_or(ctl, "--domain", given_or(ctl, "--name", "www.example.com")),
                .email = given_or(ctl, "--email", "you@example.com"),
        };

        return client == NULL ? NULL : eab_lines(ctl->arena, client, &values);
}

static void print_made(const char *directory, const json_t *made, const char *lines)
{
        (void)printf("Directory  %s\nKey id     %s\nHMAC key   %s\n", directory, json_text(made, "KeyId"), json_text(made, "HmacKey"));
        if (lines != NULL)
                (void)printf("\n%s", lines);
        (void)fprintf(stderr, "%sThe HMAC key is shown this once.\n",
                      lines != NULL ? "\nThe client has to trust root.pem, see docs/acme.md. "
                                    : "`--for CLIENT` prints the lines to type as well. ");
}

res eab_create_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *query = json_object(), *response = NULL;

        json_put_text(query, "Label", args_text(ctl, "--label"));
        add_list(ctl, query, "--name", "Names");
        TRY(add_tags(ctl, query));
        TRY(client_open(ctl, &client));
        TRY(client_call(client, "CreateExternalAccount", json_incref(query), &response));
        const char *directory = arena_printf(ctl->arena, "%s/acme/directory", client_endpoint(client));
        const char *lines = lines_for(ctl, directory, response);

        json_put_text(response, "Lines", lines);
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        print_made(directory, response, lines);
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
