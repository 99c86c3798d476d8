/*
 * The action table against the public description of the API (tests/vectors/api): nothing is missing, nothing has
 * another name or another JSON kind.  Fields of our own are listed here, so that adding one is a decision.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "api/action.h"

static const char *const own_actions[] = {
        "AddProject", "DescribeProjects", "UpdateProject", /* of the service tag */
        "ApproveName", "CloseOrder", "CreateExternalAccount", "DeleteExternalAccount", "DescribeExternalAccounts", "CreateOrder", "CreditAccount", "DescribeAccount", "DescribeBalance", "DescribeCatalogue",
        "DescribeFreeQuota", "DescribeOrders", "DescribeRevocations", "GrantPackage", "ModifyAccount",
        "ModifyExternalCount", "ModifyHomeDomains", "ModifyOrderAutoRenew", "PayOrder", "RefundOrder",
        "DescribeBindings", "DescribeCertificateTimeline", "RegisterBinding", "RemoveBinding",
        "ReloadCatalogue", "RemindReviewers", "RenewCertificate", "ReportKeyCompromise", "ReviewRevocation", "RevokeForAccount", "UpgradeCertificate",
        "CreateReplacement", "DescribeReplacements", "StopReplacement",
};

/* action or struct, dot, field */
static const char *const own_fields[] = {
        "ApplyCertificate.Tags",
        "BatchDeleteCSR.Warnings",
        "CertificateInfoSubmit.CSRId",
        "CertificateInfoSubmit.CsrPrivateKey",
        "CreateCertificate.ClientToken",
        "DescribeCSR.Tags",
        "DescribeCertificates.Marker",
        "DescribeCertificates.NextMarker",
        "DownloadCertificate.KeyPassword",
        "DescribeCertificateBindResourceTaskDetail.OTHER",
        "DescribeCertificateOperateLogs.Type",
        "DvAuths.Domain",
        "RevokeCertificate.Deadline",
        "RevokeCertificate.ReasonCode",
        "RevokeCertificate.State",
        "SubmitCertificateInformation.CsrPrivateKey",
        "DescribeHostLiveInstanceList.TotalCount",
        "DescribeHostWafInstanceList.TotalCount",
};

static json_t *described, *structs;

static int load(void **state)
{
        (void)state;
        described = json_load_file(TEST_SOURCE_DIR "/tests/vectors/api/api-actions.json", 0, NULL);
        structs = json_load_file(TEST_SOURCE_DIR "/tests/vectors/api/api-structs.json", 0, NULL);
        return described == NULL || structs == NULL;
}

static int unload(void **state)
{
        (void)state;
        json_decref(described);
        json_decref(structs);
        return 0;
}

static bool is_listed(const char *const *list, size_t n, const char *owner, const char *field)
{
        char name[200];

        snprintf(name, sizeof name, "%s%s%s", owner, field != NULL ? "." : "", field != NULL ? field : "");
        for (size_t i = 0; i < n; i++)
                if (strcmp(list[i], name) == 0)
                        return true;
        return false;
}

static const char *text(const json_t *object, const char *key)
{
        return json_string_value(json_object_get(object, key));
}

static json_t *find(json_t *list, const char *key, const char *value)
{
        size_t i;
        json_t *item;

        json_array_foreach (list, i, item) {
                if (strcmp(text(item, key), value) == 0)
                        return item;
        }
        return NULL;
}

static const struct json_field *field_find(const struct json_field *fields, const char *name)
{
        for (; fields->name != NULL; fields++)
                if (strcmp(fields->name, name) == 0)
                        return fields;
        return NULL;
}

static void check_fields(const char *owner, json_t *list, const struct json_field *fields, bool is_request);

/* `list<X>` and `X` name a struct; `X{A,B}` spells one out, all text. */
static void check_struct(const char *type, const struct json_field *field)
{
        char name[64] = "";
        json_t *list = NULL;

        if (field->sub->name == NULL) /* lists that are always empty */
                return;
        sscanf(type, "%63[A-Za-z]", name);
        if (type[strlen(name)] == '{') {
                for (const struct json_field *f = field->sub; f->name != NULL; f++)
                        if (strstr(type, f->name) == NULL || f->kind != JSON_STR)
                                fail_msg("%s has no text %s", name, f->name);
                return;
        }
        list = json_object_get(structs, name);
        if (list == NULL)
                fail_msg("no struct %s", name);
        check_fields(name, list, field->sub, false);
}

static void check_kind(const char *owner, const json_t *spec, const struct json_field *field)
{
        const char *type = text(spec, "type");
        bool nullable = json_is_true(json_object_get(spec, "nullable"));
        enum json_kind kind = field->kind;
        bool ok = false;

        if (strcmp(type, "string") == 0)
                ok = kind == JSON_STR || (kind == JSON_STR_NULL && nullable);
        else if (strcmp(type, "uint64") == 0)
                ok = kind == JSON_UINT;
        else if (strcmp(type, "int64") == 0)
                ok = kind == JSON_INT || kind == JSON_UINT;
        else if (strcmp(type, "bool") == 0)
                ok = kind == JSON_BOOL;
        else if (strcmp(type, "list<string>") == 0)
                ok = kind == JSON_STRS || (kind == JSON_STRS_NULL && nullable);
        else if (strcmp(type, "list<uint64>") == 0 || strcmp(type, "list<int64>") == 0)
                ok = kind == JSON_INTS;
        else if (strncmp(type, "list<", 5) == 0)
                ok = kind == JSON_OBJS || (kind == JSON_OBJS_NULL && nullable);
        else
                ok = kind == JSON_OBJ;
        if (!ok)
                fail_msg("%s.%s is a %s", owner, field->name, type);
        if (kind == JSON_OBJ || kind == JSON_OBJS || kind == JSON_OBJS_NULL)
                check_struct(strncmp(type, "list<", 5) == 0 ? type + 5 : type, field);
}

static void check_fields(const char *owner, json_t *list, const struct json_field *fields, bool is_request)
{
        size_t i;
        json_t *spec;

        json_array_foreach (list, i, spec) {
                const char *name = text(spec, "name");
                const struct json_field *field = field_find(fields, name);

                if (strcmp(name, "RequestId") == 0)
                        continue;
                if (field == NULL)
                        fail_msg("%s lacks %s", owner, name);
                check_kind(owner, spec, field);
                if (is_request && field->required != json_is_true(json_object_get(spec, "required")))
                        fail_msg("%s.%s: required or not?", owner, name);
        }
        for (const struct json_field *field = fields; field->name != NULL; field++)
                if (find(list, "name", field->name) == NULL &&
                    !is_listed(own_fields, sizeof own_fields / sizeof *own_fields, owner, field->name))
                        fail_msg("%s.%s is not in the description and not listed as our own", owner, field->name);
}

static void test_every_known_action_is_known(void **state)
{
        size_t i;
        json_t *spec;

        (void)state;
        json_array_foreach (described, i, spec) {
                const struct api_action *action = api_action_find(str_of(text(spec, "action")));
                char service[32];

                if (action == NULL)
                        fail_msg("%s is not known", text(spec, "action"));
                snprintf(service, sizeof service, "%s %s", action->service == API_SSL ? "ssl" : "tag",
                         api_service_version(action->service));
                assert_string_equal(text(spec, "service"), service);
        }
        assert_null(api_action_find(STR("MakeCoffee")));
        assert_null(api_action_find(STR("ApplyCertificat")));
        assert_null(api_action_find(STR("ApplyCertificates")));
        assert_null(api_action_find(STR("")));
        assert_null(api_action_find((struct str){0}));
}

static void test_the_table_is_sorted(void **state)
{
        (void)state;
        for (size_t i = 1; api_action_at(i) != NULL; i++)
                if (strcmp(api_action_at(i - 1)->name, api_action_at(i)->name) >= 0)
                        fail_msg("%s stands after %s", api_action_at(i)->name, api_action_at(i - 1)->name);
}

static void test_built_actions_have_the_described_fields(void **state)
{
        (void)state;
        for (size_t i = 0; api_action_at(i) != NULL; i++) {
                const struct api_action *action = api_action_at(i);
                json_t *spec = find(described, "action", action->name);

                if (spec == NULL &&
                    !is_listed(own_actions, sizeof own_actions / sizeof *own_actions, action->name, NULL))
                        fail_msg("%s is not described and not listed as our own", action->name);
                if (spec == NULL || action->handle == NULL)
                        continue;
                if (action->in != NULL)
                        check_fields(action->name, json_object_get(spec, "request"), action->in->fields, true);
                check_fields(action->name, json_object_get(spec, "response"), action->out->fields, false);
        }
}

/* api.md §10.7: some clients take any "Message" in an answer for an error. */
static void check_no_message(const struct json_field *fields, bool is_top)
{
        for (; fields->name != NULL; fields++) {
                assert_string_not_equal(fields->name, "Message");
                if (is_top) /* what a look-up of one kind says of itself is another matter */
                        assert_string_not_equal(fields->name, "Error");
                if (fields->sub != NULL)
                        check_no_message(fields->sub, false);
        }
}

static void test_no_answer_has_a_key_that_looks_like_an_error(void **state)
{
        (void)state;
        for (size_t i = 0; api_action_at(i) != NULL; i++)
                if (api_action_at(i)->out != NULL)
                        check_no_message(api_action_at(i)->out->fields, true);
}

/* ---- docs/api: a page an action, and on it every field with its kind ---- */

static char *page_read(const char *action)
{
        char path[500];
        static char page[200000];
        FILE *file = NULL;
        size_t n = 0;

        snprintf(path, sizeof path, TEST_SOURCE_DIR "/docs/api/%s.md", action);
        file = fopen(path, "r");
        if (file == NULL)
                fail_msg("there is no docs/api/%s.md", action);
        n = fread(page, 1, sizeof page - 1, file);
        page[n] = '\0';
        fclose(file);
        return page;
}

static const char *kind_word(enum json_kind kind)
{
        static const char *const words[JSON_KIND_COUNT] = {
                [JSON_STR] = "text",
                [JSON_STR_NULL] = "text or null",
                [JSON_INT] = "whole number",
                [JSON_UINT] = "whole number",
                [JSON_BOOL] = "true or false",
                [JSON_STRS] = "list of text",
                [JSON_STRS_NULL] = "list of text or null",
                [JSON_INTS] = "list of numbers",
                [JSON_OBJ] = "object",
                [JSON_OBJS] = "list of objects",
                [JSON_OBJS_NULL] = "list of objects or null",
        };

        return words[kind];
}

/* Returns how many rows the table has. */
static size_t check_page(const char *action, const char *page, const struct json_field *fields, const char *prefix,
                         bool is_request)
{
        size_t rows = 0;

        for (; fields->name != NULL; fields++) {
                char name[200], row[300];

                snprintf(name, sizeof name, "%s%s", prefix, fields->name);
                snprintf(row, sizeof row, "| `%s` | %s | %s", name, kind_word(fields->kind),
                         is_request ? (fields->required ? "yes | " : "no | ") : "");
                if (strstr(page, row) == NULL)
                        fail_msg("docs/api/%s.md lacks \"%s\"", action, row);
                rows++;
                if (fields->sub == NULL)
                        continue;
                snprintf(name + strlen(name), sizeof name - strlen(name), fields->kind == JSON_OBJ ? "." : "[].");
                rows += check_page(action, page, fields->sub, name, is_request);
        }
        return rows;
}

/* Rows of the table below a heading, up to the next heading. */
static size_t rows_of(const char *page, const char *heading)
{
        const char *at = strstr(page, heading), *end = NULL;
        size_t rows = 0;

        if (at == NULL)
                return 0;
        at += strlen(heading);
        end = strstr(at, "\n## ");
        while ((at = strstr(at, "\n| `")) != NULL && (end == NULL || at < end)) {
                rows++;
                at++;
        }
        return rows;
}

static void test_every_built_action_has_its_page(void **state)
{
        (void)state;
        for (size_t i = 0; api_action_at(i) != NULL; i++) {
                const struct api_action *action = api_action_at(i);
                const char *page = NULL;
                size_t rows = 0;

                if (action->handle == NULL)
                        continue;
                page = page_read(action->name);
                if (action->in != NULL)
                        rows += check_page(action->name, page, action->in->fields, "", true);
                rows += check_page(action->name, page, action->out->fields, "", false);
                if (rows != rows_of(page, "\n## Parameters\n") + rows_of(page, "\n## Answer\n"))
                        fail_msg("docs/api/%s.md has fields that the action has not", action->name);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_known_action_is_known),
                cmocka_unit_test(test_the_table_is_sorted),
                cmocka_unit_test(test_built_actions_have_the_described_fields),
                cmocka_unit_test(test_no_answer_has_a_key_that_looks_like_an_error),
                cmocka_unit_test(test_every_built_action_has_its_page),
        };

        return cmocka_run_group_tests(tests, load, unload);
}
