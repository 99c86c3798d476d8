/* Flat parameters: decoding, sorting, rebuilding by a table.  Wrong inputs first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/param.h"

struct tag {
        struct str key, value;
};
struct message {
        struct str text;
        struct opt_int number, count, yes;
        struct strs names;
        struct ints states;
        struct objs tags;
        const struct tag *one;
};
static const struct json_field tag_fields[] = {JSON_FIELD(struct tag, key, "TagKey", JSON_STR),
                                               JSON_FIELD(struct tag, value, "TagValue", JSON_STR),
                                               JSON_FIELDS_END};
static const struct json_field fields[] = {
        JSON_FIELD(struct message, text, "Text", JSON_STR),
        JSON_FIELD(struct message, number, "Number", JSON_INT),
        JSON_FIELD(struct message, count, "Count", JSON_UINT),
        JSON_FIELD(struct message, yes, "Yes", JSON_BOOL),
        JSON_FIELD(struct message, names, "Names", JSON_STRS),
        JSON_FIELD(struct message, states, "States", JSON_INTS),
        JSON_FIELD(struct message, tags, "Tags", JSON_OBJS, .sub = tag_fields,
                   .sub_size = sizeof(struct tag)),
        JSON_FIELD(struct message, one, "One", JSON_OBJ, .sub = tag_fields, .sub_size = sizeof(struct tag)),
        JSON_FIELDS_END};

static const struct {
        const char *flat;
        enum err err;
        const char *json;
} cases[] = {
        {"Text=%", ERR_PARAM_KIND, NULL},
        {"Text=%2", ERR_PARAM_KIND, NULL},
        {"Text=%zz", ERR_PARAM_KIND, NULL},
        {"Text=%ff", ERR_PARAM_KIND, NULL},
        {"Text=%00", ERR_PARAM_KIND, NULL},
        {"Text=a&Text=b", ERR_PARAM_VALUE, NULL},
        {"Te%78t=a&Text=b", ERR_PARAM_VALUE, NULL},
        {"Nothing=1", ERR_PARAM_UNKNOWN, NULL},
        {"Text.0=a", ERR_PARAM_UNKNOWN, NULL},
        {"Names=a", ERR_PARAM_UNKNOWN, NULL},
        {"Names.1=a", ERR_PARAM_UNKNOWN, NULL},
        {"Names.0=a&Names.2=b", ERR_PARAM_UNKNOWN, NULL},
        {"Names.00=a", ERR_PARAM_UNKNOWN, NULL},
        {"Tags.0.Colour=a", ERR_PARAM_UNKNOWN, NULL},
        {"Tags.0=a", ERR_PARAM_UNKNOWN, NULL},
        {"Number=", ERR_PARAM_KIND, NULL},
        {"Number=-", ERR_PARAM_KIND, NULL},
        {"Number=1.5", ERR_PARAM_KIND, NULL},
        {"Number=1e3", ERR_PARAM_KIND, NULL},
        {"Number=0x10", ERR_PARAM_KIND, NULL},
        {"Number=123456789012345678901", ERR_PARAM_KIND, NULL},
        {"States.0=a", ERR_PARAM_KIND, NULL},
        {"Yes=perhaps", ERR_PARAM_KIND, NULL},
        {"=x", ERR_PARAM_UNKNOWN, NULL},
        {"", ERR_NONE, "{}"},
        {"&&", ERR_NONE, "{}"},
        {"Text=", ERR_NONE, "{\"Text\":\"\"}"},
        {"Text=a+b%20c%2B%22", ERR_NONE, "{\"Text\":\"a b c+\\\"\"}"},
        {"Text=a=b", ERR_NONE, "{\"Text\":\"a=b\"}"},
        {"Text=%E4%BE%8B", ERR_NONE, "{\"Text\":\"\xE4\xBE\x8B\"}"},
        {"Number=-5&Count=007&Yes=True", ERR_NONE, "{\"Number\":-5,\"Count\":7,\"Yes\":true}"},
        {"Yes=0", ERR_NONE, "{\"Yes\":false}"},
        {"Names.1=b&Names.0=a", ERR_NONE, "{\"Names\":[\"a\",\"b\"]}"},
        {"States.0=0&States.1=10", ERR_NONE, "{\"States\":[0,10]}"},
        {"Tags.0.TagKey=env&Tags.0.TagValue=x%20y&Tags.1.TagKey=b", ERR_NONE,
         "{\"Tags\":[{\"TagKey\":\"env\",\"TagValue\":\"x y\"},{\"TagKey\":\"b\"}]}"},
        {"One.TagKey=k", ERR_NONE, "{\"One\":{\"TagKey\":\"k\"}}"},
};

static void test_flat_to_json(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct act act = {.arena = arena_new(LIMIT_REQUEST_ARENA)};
                CLEAN(buf_done) struct buf out = {0};
                struct api_params params = {0};
                res r = api_params_parse(&act, str_of(cases[i].flat), &params);

                buf_init(&out, 4096);
                if (res_is_ok(r))
                        r = api_params_to_json(&act, &params, fields, &out);
                if (r.err != cases[i].err)
                        fail_msg("%s: %s", cases[i].flat, err_name(r.err));
                if (cases[i].json != NULL)
                        assert_string_equal(buf_c(&out), cases[i].json);
                arena_free(act.arena);
        }
}

static void test_eleven_items_keep_their_order(void **state)
{
        struct act act = {.arena = arena_new(LIMIT_REQUEST_ARENA)};
        CLEAN(buf_done) struct buf out = {0};
        struct api_params params = {0};

        (void)state;
        buf_init(&out, 4096);
        assert_true(res_is_ok(api_params_parse(
                &act,
                STR("Names.0=a&Names.1=b&Names.10=k&Names.2=c&Names.3=d&Names.4=e&Names.5=f&Names.6=g&Names.7=h&Names.8=i&Names.9=j"),
                &params)));
        assert_true(res_is_ok(api_params_to_json(&act, &params, fields, &out)));
        assert_string_equal(
                buf_c(&out),
                "{\"Names\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\",\"k\"]}");
        arena_free(act.arena);
}

static void test_taken_parameters_are_not_unknown(void **state)
{
        struct act act = {.arena = arena_new(LIMIT_REQUEST_ARENA)};
        CLEAN(buf_done) struct buf out = {0};
        struct api_params params = {0};

        (void)state;
        buf_init(&out, 4096);
        assert_true(api_params_have(STR("a=b&Action=x"), "Action"));
        assert_false(api_params_have(STR("a=Action&XAction=1"), "Action"));
        assert_true(res_is_ok(api_params_parse(&act, STR("Action=X&Text=a"), &params)));
        assert_true(str_equals(api_params_take(&params, "Action"), "X"));
        assert_null(api_params_take(&params, "Nonce").p);
        assert_true(res_is_ok(api_params_to_json(&act, &params, fields, &out)));
        assert_string_equal(buf_c(&out), "{\"Text\":\"a\"}");
        arena_free(act.arena);
}

static void test_too_many_parameters(void **state)
{
        struct act act = {.arena = arena_new(LIMIT_REQUEST_ARENA)};
        CLEAN(buf_done) struct buf in = {0};
        struct api_params params = {0};

        (void)state;
        buf_init(&in, 1 << 20);
        for (int i = 0; i < 3000; i++)
                buf_printf(&in, "Names.%d=x&", i);
        assert_int_equal(api_params_parse(&act, buf_str(&in), &params).err, ERR_PARAM_VALUE);
        arena_free(act.arena);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_flat_to_json),
                cmocka_unit_test(test_eleven_items_keep_their_order),
                cmocka_unit_test(test_taken_parameters_are_not_unknown),
                cmocka_unit_test(test_too_many_parameters),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
