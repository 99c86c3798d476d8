/*
 * The action table against the public description of the API (tests/vectors/api): nothing is missing, nothing has
 * another name or another JSON kind.  Fields of our own are listed here, so that adding one is a decision.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "api/action.h"

static const char *const own_actions[] = {"DescribeFreeQuota"};

/* action or struct, dot, field */
static const char *const own_fields[] = {
        "ApplyCertificate.Tags",        "DescribeCertificates.Marker",           "DescribeCertificates.NextMarker",
        "DownloadCertificate.KeyPassword", "DvAuths.Domain",                     "DescribeHostLiveInstanceList.TotalCount",
        "DescribeHostWafInstanceList.TotalCount",
};

static json_t *described, *structs;

static int load(void **state)
{
        (void)state;
        described = json_load_file(TEST_SOURCE_ROOT "/tests/vectors/api/api-actions.json", 0, NULL);
        structs = json_load_file(TEST_SOURCE_ROOT "/tests/vectors/api/api-structs.json", 0, NULL);
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

        json_array_foreach(list, i, item) {
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

        json_array_foreach(list, i, spec) {
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
        json_array_foreach(described, i, spec) {
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

                if (spec == NULL && !is_listed(own_actions, sizeof own_actions / sizeof *own_actions, action->name, NULL))
                        fail_msg("%s is not described and not listed as our own", action->name);
                if (spec == NULL || action->handle == NULL)
                        continue;
                if (action->in != NULL)
                        check_fields(action->name, json_object_get(spec, "request"), action->in->fields, true);
                check_fields(action->name, json_object_get(spec, "response"), action->out->fields, false);
        }
}

/* api.md §10.7: some clients take any "Message" in an answer for an error. */
static void check_no_message(const struct json_field *fields)
{
        for (; fields->name != NULL; fields++) {
                assert_string_not_equal(fields->name, "Message");
                assert_string_not_equal(fields->name, "Error");
                if (fields->sub != NULL)
                        check_no_message(fields->sub);
        }
}

static void test_no_answer_has_a_key_that_looks_like_an_error(void **state)
{
        (void)state;
        for (size_t i = 0; api_action_at(i) != NULL; i++)
                if (api_action_at(i)->out != NULL)
                        check_no_message(api_action_at(i)->out->fields);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_known_action_is_known),
                cmocka_unit_test(test_the_table_is_sorted),
                cmocka_unit_test(test_built_actions_have_the_described_fields),
                cmocka_unit_test(test_no_answer_has_a_key_that_looks_like_an_error),
        };

        return cmocka_run_group_tests(tests, load, unload);
}
