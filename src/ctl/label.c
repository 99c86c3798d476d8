/* label: alias, project and tags of certificates; project: the projects that they are put into. */
#include <string.h>

#include "base/str.h"
#include "ctl/client.h"
#include "ctl/output.h"

#define PROJECT_COLUMNS 4

/* ---- label ---- */

res label_tag_pair(struct ctl *ctl, const char *text, json_t **ret_pair)
{
        struct str value = str_of(text), key = str_cut(&value, '=');

        if (key.n == 0 || value.p == NULL)
                return ctl_fail(ctl, ERR_USAGE, "a tag is KEY=VALUE, not '%s'", text);
        *ret_pair = json_pack("{s:s#, s:s#}", "TagKey", key.p, key.n, "TagValue", value.p, value.n);
        return *ret_pair ? RES_OK : ctl_fail(ctl, ERR_USAGE, "an argument is not UTF-8");
}

/* {} where neither --tag nor --untag is given. */
static res tag_changes(struct ctl *ctl, json_t *query)
{
        json_auto_t *put = json_array(), *drop = json_array();
        const char *text = NULL;

        for (size_t i = 0; (text = args_text_at(ctl, "--tag", i)) != NULL; i++) {
                json_t *pair = NULL;

                TRY(label_tag_pair(ctl, text, &pair));
                json_array_append_new(put, pair);
        }
        for (size_t i = 0; (text = args_text_at(ctl, "--untag", i)) != NULL; i++)
                json_array_append_new(drop, json_pack("{s:s}", "TagKey", text));
        if (json_array_size(put) > 0)
                json_object_set(query, "ReplaceTags", put);
        if (json_array_size(drop) > 0)
                json_object_set(query, "DeleteTags", drop);
        return RES_OK;
}

static res label_one(struct ctl *ctl, struct client *client, const char *id, json_t *tags)
{
        const char *alias = args_text(ctl, "--alias");
        json_auto_t *answer = NULL, *tagged = NULL, *query = json_copy(tags);

        if (alias != NULL)
                TRY(client_call(client, "ModifyCertificateAlias", json_pack("{s:s, s:s}", "CertificateId", id, "Alias", alias), &answer));
        if (json_object_size(query) == 0)
                return RES_OK;
        json_put_text(query, "Resource", arena_printf(ctl->arena, "qcs::ssl::uin/:certificate/%s", id));
        return client_call(client, "ModifyResourceTags", json_incref(query), &tagged);
}

static res label_project(struct ctl *ctl, struct client *client)
{
        json_auto_t *answer = NULL, *ids = json_array();
        int64_t project = 0;

        if (args_text(ctl, "--project") == NULL)
                return RES_OK;
        TRY(args_int(ctl, "--project", 0, &project));
        for (size_t i = 0; i < ctl->argument_count; i++)
                json_array_append_new(ids, json_string(ctl->arguments[i]));
        TRY(client_call(client, "ModifyCertificateProject",
                        json_pack("{s:O, s:I}", "CertificateIdList", ids, "ProjectId", (json_int_t)project), &answer));
        const json_t *failed = json_object_get(answer, "FailCertificates");

        if (json_array_size(failed) > 0)
                return ctl_fail(ctl, ERR_PARAM, "there is no certificate %s", json_string_value(json_array_get(failed, 0)));
        return RES_OK;
}

res label_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *tags = json_object();

        TRY(tag_changes(ctl, tags));
        if (json_object_size(tags) == 0 && args_text(ctl, "--alias") == NULL && args_text(ctl, "--project") == NULL)
                return ctl_fail(ctl, ERR_USAGE, "nothing to change; give --alias, --project, --tag or --untag");
        TRY(client_open(ctl, &client));
        TRY(label_project(ctl, client));
        for (size_t i = 0; i < ctl->argument_count; i++)
                TRY(label_one(ctl, client, ctl->arguments[i], tags));
        for (size_t i = 0; i < ctl->argument_count && !args_has(ctl, "--json"); i++)
                (void)printf("%s is labelled\n", ctl->arguments[i]);
        return output_finish(ctl);
}

/* ---- projects ---- */

static void print_projects(struct ctl *ctl, const json_t *list)
{
        static const char *const heading[PROJECT_COLUMNS] = {"Id", "Name", "Made", "What for"};
        size_t count = json_array_size(list);
        const char **cells = output_cells(ctl, heading, PROJECT_COLUMNS, count);

        for (size_t i = 0; i < count; i++) {
                const json_t *project = json_array_get(list, i);
                const char **row = cells + (i + 1) * PROJECT_COLUMNS;

                row[0] = arena_printf(ctl->arena, "%lld", (long long)json_int(project, "ProjectId"));
                row[1] = json_text(project, "ProjectName");
                row[2] = json_text(project, "CreateTime");
                row[3] = json_text(project, "ProjectInfo");
        }
        output_table(stdout, cells, PROJECT_COLUMNS, count + 1, "");
}

res project_list_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *answer = NULL;

        TRY(client_open(ctl, &client));
        TRY(client_call(client, "DescribeProjects",
                        json_pack("{s:i, s:i, s:i}", "AllList", args_has(ctl, "--all"), "Limit", 1000, "Offset", 0), &answer));
        if (args_has(ctl, "--json"))
                return output_json(ctl, answer, /* pretty= */ false);
        print_projects(ctl, json_object_get(answer, "Projects"));
        return output_finish(ctl);
}

res project_add_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *query = json_object(), *answer = NULL;

        json_put_text(query, "ProjectName", ctl->arguments[0]);
        json_put_text(query, "Info", args_text(ctl, "--info"));
        TRY(client_open(ctl, &client));
        TRY(client_call(client, "AddProject", json_incref(query), &answer));
        if (args_has(ctl, "--json"))
                return output_json(ctl, answer, /* pretty= */ false);
        (void)printf("Project %lld is %s\n", (long long)json_int(answer, "ProjectId"), ctl->arguments[0]);
        return output_finish(ctl);
}

res project_set_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *query = json_object(), *answer = NULL;
        bool closes = args_has(ctl, "--close"), opens = args_has(ctl, "--open");
        int64_t id = 0;

        if (!res_is_ok(str_to_int64(str_of(ctl->arguments[0]), &id)) || id < 0)
                return ctl_fail(ctl, ERR_USAGE, "a project is a number, not '%s'", ctl->arguments[0]);
        json_put_text(query, "ProjectName", args_text(ctl, "--name"));
        json_put_text(query, "Info", args_text(ctl, "--info"));
        if (closes != opens)
                json_object_set_new(query, "Disable", json_integer(closes));
        if (json_object_size(query) == 0)
                return ctl_fail(ctl, ERR_USAGE, "nothing to set; give --name, --info, --close or --open");
        json_object_set_new(query, "ProjectId", json_integer((json_int_t)id));
        TRY(client_open(ctl, &client));
        TRY(client_call(client, "UpdateProject", json_incref(query), &answer));
        if (args_has(ctl, "--json"))
                return output_json(ctl, answer, /* pretty= */ false);
        (void)printf("Project %lld is changed\n", (long long)id);
        return output_finish(ctl);
}
