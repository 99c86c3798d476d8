/* csr: the library of requests, and their keys. */
#include <string.h>

#include "base/str.h"
#include "ctl/client.h"
#include "ctl/file.h"
#include "ctl/output.h"

#define CSR_COLUMNS 6
#define CSR_DEFAULT 20

static res id_of(struct ctl *ctl, const char *text, json_int_t *ret_id)
{
        int64_t id = 0;

        if (!res_is_ok(str_to_int64(str_of(text), &id)))
                return ctl_fail(ctl, ERR_USAGE, "the id of a CSR is a number, not '%s'", text);
        *ret_id = (json_int_t)id;
        return RES_OK;
}

static res csr_tell(struct ctl *ctl, const json_t *response)
{
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        (void)printf("CSR %lld\n", (long long)json_int(response, "Id"));
        return output_finish(ctl);
}

static json_t *request_of(struct ctl *ctl)
{
        static const char *const texts[][2] = {
                {"--organization", "Organization"}, {"--department", "Department"}, {"--province", "Province"}, {"--city", "City"},
                {"--country", "Country"},           {"--email", "Email"},           {"--remark", "Remark"},
        };
        json_t *request = json_object();

        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
                json_put_text(request, texts[i][1], args_text(ctl, texts[i][0]));
        return request;
}

static res add_password(struct ctl *ctl, json_t *request)
{
        const char *path = args_text(ctl, "--password-file");
        struct str text = {0};

        if (path == NULL)
                return RES_OK;
        TRY(file_password(ctl, path, &text));
        json_object_set_new(request, "KeyPassword", json_stringn(text.p, text.n));
        return RES_OK;
}

res csr_create_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *request = request_of(ctl), *response = NULL;
        const char *key = args_text(ctl, "--key"), *dash;

        key = key ? key : "rsa-2048";
        dash = strchr(key, '-');
        json_object_set_new(request, "EncryptAlgo", json_stringn(key, (size_t)(dash - key)));
        json_put_text(request, "KeyParameter", dash + 1);
        json_put_text(request, "Domain", ctl->arguments[0]);
        if (args_text(ctl, "--email") == NULL)
                json_put_text(request, "Email", "");
        json_object_set_new(request, "Generate", json_boolean(!args_has(ctl, "--draft")));
        TRY(add_password(ctl, request));
        TRY(client_open(ctl, &client));
        TRY(client_call(client, "CreateCSR", json_incref(request), &response));
        return csr_tell(ctl, response);
}

res csr_generate_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *request = json_pack("{s:b}", "Generate", 1), *response = NULL;
        json_int_t id = 0;

        TRY(id_of(ctl, ctl->arguments[0], &id));
        json_object_set_new(request, "CSRId", json_integer(id));
        TRY(add_password(ctl, request));
        TRY(client_open(ctl, &client));
        TRY(client_call(client, "ModifyCSR", json_incref(request), &response));
        return csr_tell(ctl, response);
}

static void print_rows(struct ctl *ctl, const json_t *response)
{
        static const char *const heading[CSR_COLUMNS] = {"Id", "Domain", "Created", "Status", "Key", "Remark"};
        static const char *const states[] = {"draft", "created", "used"};
        const json_t *list = json_object_get(response, "Set");
        size_t count = json_array_size(list);
        const char **cells = output_cells(ctl, heading, CSR_COLUMNS, count);

        for (size_t i = 0; i < count; i++) {
                const json_t *c = json_array_get(list, i);
                const char **row = cells + (i + 1) * CSR_COLUMNS;
                int64_t status = json_int(c, "Status");

                row[0] = arena_printf(ctl->arena, "%lld", (long long)json_int(c, "Id"));
                row[1] = json_text(c, "Domain");
                row[2] = json_text(c, "CreateTime");
                row[3] = status >= 0 && status < 3 ? states[status] : "";
                row[4] = arena_printf(ctl->arena, "%s %s", json_text(c, "EncryptAlgo"), json_text(c, "KeyParameter"));
                row[5] = json_text(c, "Remarks");
        }
        output_table(stdout, cells, CSR_COLUMNS, count + 1, "");
}

res csr_list_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *query = json_object(), *response = NULL;
        int64_t limit = 0, offset = 0;

        TRY(args_int(ctl, "--limit", CSR_DEFAULT, &limit));
        TRY(args_int(ctl, "--offset", 0, &offset));
        json_object_set_new(query, "Limit", json_integer((json_int_t)limit));
        json_object_set_new(query, "Offset", json_integer((json_int_t)offset));
        json_put_text(query, "Domain", args_text(ctl, "--search"));
        TRY(client_open(ctl, &client));
        TRY(client_call(client, "DescribeCSRSet", json_incref(query), &response));
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        print_rows(ctl, response);
        return output_finish(ctl);
}

static res save(struct ctl *ctl, const char *option, const char *text)
{
        const char *path = args_text(ctl, option);

        if (path == NULL)
                return RES_OK;
        if (text[0] == '\0')
                return ctl_fail(ctl, ERR_PARAM, "there is nothing to write into %s: the CSR is a draft", path);
        return file_write(ctl, path, bytes_of(text, strlen(text)), 0600, args_has(ctl, "--force"));
}

res csr_show_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *response = NULL;
        json_int_t id = 0;

        TRY(id_of(ctl, ctl->arguments[0], &id));
        TRY(client_open(ctl, &client));
        TRY(client_call(client, "DescribeCSR", json_pack("{s:I}", "CSRId", id), &response));
        TRY(save(ctl, "--csr", json_text(response, "CSR"))); /* CSR-15 */
        TRY(save(ctl, "--private-key", json_text(response, "PrivateKey"))); /* CSR-16 */
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        output_pair(stdout, "Domain", json_text(response, "Domain"));
        output_pair(stdout, "Organization", json_text(response, "Organization"));
        output_pair(stdout, "Key", arena_printf(ctl->arena, "%s %s", json_text(response, "EncryptAlgo"), json_text(response, "KeyParameter")));
        output_pair(stdout, "Remark", json_text(response, "Remarks"));
        (void)printf("%s", json_text(response, "CSR"));
        return output_finish(ctl);
}

res csr_delete_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *ids = json_array(), *response = NULL;
        const json_t *warning;
        size_t i;

        for (i = 0; i < ctl->argument_count; i++) {
                json_int_t id = 0;

                TRY(id_of(ctl, ctl->arguments[i], &id));
                json_array_append_new(ids, json_integer(id));
        }
        TRY(client_open(ctl, &client));
        TRY(client_call(client, "BatchDeleteCSR", json_pack("{s:O}", "CSRIds", ids), &response));
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        (void)printf("%zu deleted\n", json_array_size(json_object_get(response, "Success")));
        json_array_foreach (json_object_get(response, "Warnings"), i, warning)
                (void)fprintf(stderr, "%s\n", json_string_value(warning));
        if (json_array_size(json_object_get(response, "Success")) < ctl->argument_count)
                return ctl_fail(ctl, ERR_PARAM, "some of these ids are no CSRs of this account");
        return output_finish(ctl);
}
