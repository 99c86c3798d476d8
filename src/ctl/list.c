/* list: a page of certificates, newest first. */
#include "base/str.h"
#include "ctl/client.h"
#include "ctl/output.h"

#define LIST_DEFAULT 20
#define LIST_COLUMNS 6

static res statuses(struct ctl *ctl, json_t *query)
{
        json_t *list = json_array();
        const char *text = NULL;

        for (size_t i = 0; (text = args_text_at(ctl, "--status", i)) != NULL; i++) {
                int64_t status = 0;

                if (!res_is_ok(str_to_int64(str_of(text), &status))) {
                        json_decref(list);
                        return ctl_fail(ctl, ERR_USAGE, "--status takes a number, not '%s'", text);
                }
                json_array_append_new(list, json_integer((json_int_t)status));
        }
        if (json_array_size(list) > 0)
                json_object_set_new(query, "CertificateStatus", list);
        else
                json_decref(list);
        return RES_OK;
}

static res tags(struct ctl *ctl, json_t *query)
{
        json_auto_t *list = json_array();
        const char *text = NULL;

        for (size_t i = 0; (text = args_text_at(ctl, "--tag", i)) != NULL; i++) {
                json_t *pair = NULL;

                TRY(label_tag_pair(ctl, text, &pair));
                json_array_append_new(list, pair);
        }
        if (json_array_size(list) > 0)
                json_object_set(query, "Tags", list);
        return RES_OK;
}

static res make_query(struct ctl *ctl, json_t *query)
{
        int64_t limit = 0, offset = 0, project = 0;

        TRY(tags(ctl, query));
        if (args_text(ctl, "--project") != NULL) {
                TRY(args_int(ctl, "--project", 0, &project));
                json_object_set_new(query, "ProjectId", json_integer((json_int_t)project));
        }
        TRY(args_int(ctl, "--limit", LIST_DEFAULT, &limit));
        TRY(args_int(ctl, "--offset", 0, &offset));
        TRY(statuses(ctl, query));
        json_object_set_new(query, "Limit", json_integer((json_int_t)limit));
        json_object_set_new(query, "Offset", json_integer((json_int_t)offset));
        if (args_text(ctl, "--search") != NULL)
                json_object_set_new(query, "SearchKey", json_string(args_text(ctl, "--search")));
        if (args_has(ctl, "--expiring"))
                json_object_set_new(query, "FilterExpiring", json_integer(1));
        return RES_OK;
}

static void print_rows(struct ctl *ctl, const json_t *response)
{
        static const char *const heading[LIST_COLUMNS] = {"Id", "Domain", "Status", "Valid until", "Product", "Alias"};
        const json_t *list = json_object_get(response, "Certificates");
        size_t count = json_array_size(list);
        const char **cells = output_cells(ctl, heading, LIST_COLUMNS, count);
        long long total = (long long)json_int(response, "TotalCount");

        for (size_t i = 0; i < count; i++) {
                const json_t *c = json_array_get(list, i);
                const char **row = cells + (i + 1) * LIST_COLUMNS;

                row[0] = json_text(c, "CertificateId");
                row[1] = json_text(c, "Domain");
                row[2] = json_text(c, "StatusName");
                row[3] = json_text(c, "CertEndTime");
                row[4] = json_text(c, "PackageTypeName");
                row[5] = json_text(c, "Alias");
        }
        output_table(stdout, cells, LIST_COLUMNS, count + 1, "");
        if (total > (long long)count)
                (void)fprintf(stderr, "%zu of %lld; --offset and --limit show others\n", count, total);
}

res list_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *query = json_object(), *response = NULL;

        TRY(make_query(ctl, query));
        TRY(client_open(ctl, &client));
        TRY(client_call(client, "DescribeCertificates", json_incref(query), &response));
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        print_rows(ctl, response);
        return RES_OK;
}
