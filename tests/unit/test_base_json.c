/* JSON both ways through one table.  Wrong inputs first, each with the sentence that the customer reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/json.h"

struct tag {
        struct str key;
        struct opt_int weight;
};

struct message {
        struct str name, note;
        struct opt_int count, delta, flag;
        struct strs names, aliases;
        struct ints states;
        const struct tag *one;
        struct objs tags, more;
};

static const struct json_field tag_fields[] = {
        JSON_FIELD(struct tag, key, "TagKey", JSON_STR, .required = true, .limit = 8),
        JSON_FIELD(struct tag, weight, "Weight", JSON_UINT, .omit_absent = true), JSON_FIELDS_END};

static const struct json_field fields[] = {
        JSON_FIELD(struct message, name, "Name", JSON_STR, .required = true, .limit = 10),
        JSON_FIELD(struct message, note, "Note", JSON_STR_NULL),
        JSON_FIELD(struct message, count, "Count", JSON_UINT),
        JSON_FIELD(struct message, delta, "Delta", JSON_INT),
        JSON_FIELD(struct message, flag, "Flag", JSON_BOOL),
        JSON_FIELD(struct message, names, "Names", JSON_STRS, .limit = 3),
        JSON_FIELD(struct message, aliases, "Aliases", JSON_STRS_NULL),
        JSON_FIELD(struct message, states, "States", JSON_INTS, .limit = 3),
        JSON_FIELD(struct message, one, "One", JSON_OBJ, .sub = tag_fields, .sub_size = sizeof(struct tag)),
        JSON_FIELD(struct message, tags, "Tags", JSON_OBJS, .limit = 2, .sub = tag_fields,
                   .sub_size = sizeof(struct tag)),
        JSON_FIELD(struct message, more, "More", JSON_OBJS_NULL, .sub = tag_fields, .sub_size = sizeof(struct tag)),
        JSON_FIELDS_END};

static const struct {
        const char *text;
        enum err err;
        const char *why; /* part of the sentence */
} refused[] = {
        {"{}", ERR_PARAM_MISSING, "The parameter Name is required."},
        {"", ERR_PARAM_MISSING, "Name"}, /* an empty body is {} (api.md §10.5) */
        {"{\"Name\":null}", ERR_PARAM_MISSING, "Name"},
        {"{\"Name\":5}", ERR_PARAM_KIND, "The parameter Name must be a text."},
        {"{\"Name\":\"12345678901\"}", ERR_PARAM_VALUE, "The parameter Name may have at most 10 bytes."},
        {"{\"Name\":\"a\",\"Nome\":1}", ERR_PARAM_UNKNOWN, "Nome"},
        {"{\"Name\":\"a\",\"name\":1}", ERR_PARAM_UNKNOWN, "name"},
        {"{\"Name\":\"a\",\"Name\":\"b\"}", ERR_PARAM_KIND, "duplicate"},
        {"{\"Name\":\"a\",\"Count\":-1}", ERR_PARAM_VALUE, "Count must not be negative"},
        {"{\"Name\":\"a\",\"Count\":1.0}", ERR_PARAM_KIND, "whole number"},
        {"{\"Name\":\"a\",\"Count\":\"1\"}", ERR_PARAM_KIND, "whole number"},
        {"{\"Name\":\"a\",\"Count\":true}", ERR_PARAM_KIND, "whole number"},
        {"{\"Name\":\"a\",\"Count\":9223372036854775808}", ERR_PARAM_KIND, "JSON"},
        {"{\"Name\":\"a\",\"Flag\":1}", ERR_PARAM_KIND, "true or false"},
        {"{\"Name\":\"a\",\"Flag\":\"true\"}", ERR_PARAM_KIND, "true or false"},
        {"{\"Name\":\"a\",\"Names\":\"b\"}", ERR_PARAM_KIND, "Names must be a list"},
        {"{\"Name\":\"a\",\"Names\":[\"b\",null]}", ERR_PARAM_KIND, "Names[1] must be a text"},
        {"{\"Name\":\"a\",\"Names\":[\"1\",\"2\",\"3\",\"4\"]}", ERR_PARAM_VALUE, "at most 3 items"},
        {"{\"Name\":\"a\",\"States\":[1,\"2\"]}", ERR_PARAM_KIND, "States[1]"},
        {"{\"Name\":\"a\",\"One\":[]}", ERR_PARAM_KIND, "One must be an object"},
        {"{\"Name\":\"a\",\"One\":{}}", ERR_PARAM_MISSING, "One.TagKey"},
        {"{\"Name\":\"a\",\"Tags\":[{\"TagKey\":\"k\"},{\"TagKey\":\"k\",\"X\":1}]}", ERR_PARAM_UNKNOWN, "Tags[1].X"},
        {"{\"Name\":\"a\",\"Tags\":[{\"TagKey\":\"123456789\"}]}", ERR_PARAM_VALUE, "Tags[0].TagKey"},
        {"{\"Name\":\"a\",\"Tags\":[7]}", ERR_PARAM_KIND, "Tags[0] must be an object"},
        {"[]", ERR_PARAM_KIND, "must be a JSON object"},
        {"\"Name\"", ERR_PARAM_KIND, ""},
        {"{\"Name\":\"a\"} x", ERR_PARAM_KIND, "JSON"},
        {"{\"Name\":\"a\"", ERR_PARAM_KIND, "JSON"},
        {"{'Name':'a'}", ERR_PARAM_KIND, "JSON"},
        {"{\"Name\":\"\xff\"}", ERR_PARAM_KIND, "JSON"},
        {"{\"Name\":\"a\\u0000b\"}", ERR_PARAM_KIND, "JSON"},
        {"{\"Name\":\"\\ud800\"}", ERR_PARAM_KIND, "JSON"},
        {"\xEF\xBB\xBF{\"Name\":\"a\"}", ERR_PARAM_KIND, "JSON"},
        {"[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", ERR_PARAM_KIND, "levels"},
};

static void wrong_texts_are_refused_by_name(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
                struct arena *arena = arena_new(1 << 20);
                struct message in = {0};
                const char *why = "";
                const res r = json_decode(arena, str_of(refused[i].text), fields, JSON_UNKNOWN_REFUSE, &in, &why);

                if (r.err != refused[i].err || !strstr(why, refused[i].why))
                        fail_msg("%s: %s, '%s'", refused[i].text, err_name(r.err), why);
                arena_free(arena);
        }
}

static void a_long_foreign_name_does_not_flood_the_sentence(void **state)
{
        struct arena *arena = arena_new(1 << 20);
        char text[5000] = "{\"Name\":\"a\",\"";
        struct message in = {0};
        const char *why = "";

        (void)state;
        memset(text + strlen(text), 'x', 4000);
        memcpy(text + strlen(text), "\":1}", 5);
        assert_int_equal(json_decode(arena, str_of(text), fields, JSON_UNKNOWN_REFUSE, &in, &why).err,
                         ERR_PARAM_UNKNOWN);
        assert_true(strlen(why) < 300);
        arena_free(arena);
}

static void a_whole_message_is_read(void **state)
{
        static const char text[] =
                "{ \"Name\" : \"\\u4f8b\\n\", \"Note\":\"\", \"Count\":0, \"Delta\":-7, \"Flag\":false, \"Names\":[], \"Aliases\":null,"
                "\"States\":[3,-1], \"One\":{\"TagKey\":\"k\",\"Weight\":9}, \"Tags\":[{\"TagKey\":\"a\"},{\"TagKey\":\"b\"}]}";
        struct arena *arena = arena_new(1 << 20);
        struct message in = {0};
        const char *why = "";

        (void)state;
        assert_int_equal(json_decode(arena, str_of(text), fields, JSON_UNKNOWN_REFUSE, &in, &why).err, ERR_NONE);
        assert_true(str_equals(in.name, "\xE4\xBE\x8B\n"));
        assert_true(in.note.p && in.note.n == 0);
        assert_true(in.count.set && in.count.v == 0);
        assert_true(in.delta.v == -7);
        assert_true(in.flag.set && !in.flag.v);
        assert_true(in.names.v && in.names.n == 0);
        assert_null(in.aliases.v);
        assert_true(in.states.n == 2 && in.states.v[1] == -1);
        assert_true(in.one && in.one->weight.v == 9);
        assert_int_equal(in.tags.n, 2);
        assert_true(str_equals(((const struct tag *)in.tags.v)[1].key, "b"));
        assert_null(in.more.v);
        arena_free(arena);
}

static void unknown_members_are_ignored_where_asked(void **state)
{
        struct arena *arena = arena_new(1 << 20);
        struct message in = {0};
        const char *why = "";

        (void)state;
        assert_int_equal(json_decode(arena,
                                     STR("{\"x\":{\"y\":[1]},\"Name\":\"a\",\"One\":{\"TagKey\":\"k\",\"z\":1}}"),
                                     fields, JSON_UNKNOWN_IGNORE, &in, &why)
                                 .err,
                         ERR_NONE);
        assert_true(str_equals(in.name, "a"));
        arena_free(arena);
}

static void absent_values_have_their_texts(void **state)
{
        CLEAN(buf_done) struct buf out = {.ceiling = 10000};
        const struct message nothing = {0};
        const struct tag tag = {0};

        (void)state;
        json_encode(&out, fields, &nothing);
        assert_string_equal(
                buf_c(&out),
                "{\"Name\":\"\",\"Note\":null,\"Count\":0,\"Delta\":0,\"Flag\":false,\"Names\":[],\"Aliases\":null,"
                "\"States\":[],\"One\":null,\"Tags\":[],\"More\":null}");
        buf_clear(&out);
        json_encode_members(&out, tag_fields + 1, &tag);
        assert_string_equal(buf_c(&out), ""); /* left out, and no comma */
}

static void a_whole_message_is_written(void **state)
{
        CLEAN(buf_done) struct buf out = {.ceiling = 10000};
        const struct tag tags[] = {{.key = STR("k")}, {.key = STR("l"), .weight = {true, 5}}};
        const struct str names[] = {STR("a"), STR("")};
        const int64_t states[] = {INT64_MIN, INT64_MAX, 0};
        const struct message full = {.name = STR("n"),
                                     .note = STR(""),
                                     .count = {true, 12},
                                     .delta = {true, -12},
                                     .flag = {true, 1},
                                     .names = {names, 2},
                                     .aliases = {names, 0},
                                     .states = {states, 3},
                                     .one = &tags[0],
                                     .tags = {tags, 2},
                                     .more = {tags, 0}};

        (void)state;
        json_encode(&out, fields, &full);
        assert_string_equal(
                buf_c(&out),
                "{\"Name\":\"n\",\"Note\":\"\",\"Count\":12,\"Delta\":-12,\"Flag\":true,\"Names\":[\"a\",\"\"],"
                "\"Aliases\":[],\"States\":[-9223372036854775808,9223372036854775807,0],\"One\":{\"TagKey\":\"k\"},"
                "\"Tags\":[{\"TagKey\":\"k\"},{\"TagKey\":\"l\",\"Weight\":5}],\"More\":[]}");
}

static void texts_are_escaped(void **state)
{
        static const struct {
                const char *in, *out;
        } cases[] = {
                {"plain", "\"plain\""},
                {"a\"b\\c", "\"a\\\"b\\\\c\""},
                {"\n\r\t\b\f\x01\x1f", "\"\\n\\r\\t\\b\\f\\u0001\\u001f\""},
                {"/<>&\x7f", "\"/<>&\x7f\""},
                {"\xE4\xBE\x8B\xF0\x9F\x98\x80", "\"\xE4\xBE\x8B\xF0\x9F\x98\x80\""},
                {"a\xFFz", "\"a\xEF\xBF\xBDz\""},
                {"\xE4\xBE", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
                {"", "\"\""},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                CLEAN(buf_done) struct buf out = {.ceiling = 1000};

                json_encode_str(&out, str_of(cases[i].in));
                assert_string_equal(buf_c(&out), cases[i].out);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(wrong_texts_are_refused_by_name),
                cmocka_unit_test(a_long_foreign_name_does_not_flood_the_sentence),
                cmocka_unit_test(a_whole_message_is_read),
                cmocka_unit_test(unknown_members_are_ignored_where_asked),
                cmocka_unit_test(absent_values_have_their_texts),
                cmocka_unit_test(a_whole_message_is_written),
                cmocka_unit_test(texts_are_escaped),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
