/*
 * Decoding: jansson reads the text into a tree, the table walks the tree.  Where a value stands is kept as a chain of
 * small frames on the stack and becomes text ("Tags[0].TagKey") only when something is wrong.
 */
#include "base/json.h"

#include <jansson.h>
#include <stdio.h>

#include "base/limits.h"

struct json_place {
        const struct json_place *parent;
        const char *name; /* NULL = item `index` of a list */
        size_t index;
};

struct json_reader {
        struct arena *arena;
        enum json_unknown unknown;
        const char **ret_why;
};

enum { JSON_PLACE_BYTES = 200 };

/* -- saying what is wrong --------------------------------------------------------------------- */

static size_t json_place_text(const struct json_place *place, char *out, size_t size)
{
        size_t n = place->parent ? json_place_text(place->parent, out, size) : 0;
        int written;

        if (n >= size - 1)
                return n;
        if (place->name)
                written = snprintf(out + n, size - n, "%s%s", n ? "." : "", place->name);
        else
                written = snprintf(out + n, size - n, "[%zu]", place->index);
        n += written > 0 ? (size_t)written : 0;
        return n < size ? n : size - 1;
}

/* `rule` continues the sentence "The parameter X …". */
static res json_fail(const struct json_reader *reader, enum err code, const struct json_place *place, const char *rule)
{
        char at[JSON_PLACE_BYTES] = "";

        json_place_text(place, at, sizeof(at));
        *reader->ret_why = arena_printf(reader->arena, "The parameter %s %s.", at, rule);
        return FAIL(code);
}

static res json_fail_limit(const struct json_reader *reader, const struct json_place *place, size_t limit,
                           const char *of)
{
        return json_fail(reader, ERR_PARAM_VALUE, place,
                         arena_printf(reader->arena, "may have at most %zu %s", limit, of));
}

/* -- one value -------------------------------------------------------------------------------- */

static res json_read_object(const struct json_reader *reader, json_t *value, const struct json_field *fields,
                            const struct json_place *place, char *out);

static res json_read_str(const struct json_reader *reader, json_t *value, size_t limit, const struct json_place *place,
                         struct str *ret)
{
        if (!json_is_string(value))
                return json_fail(reader, ERR_PARAM_KIND, place, "must be a text");
        if (limit && json_string_length(value) > limit)
                return json_fail_limit(reader, place, limit, "bytes");
        *ret = str_dup(reader->arena, (struct str){json_string_value(value), json_string_length(value)});
        return RES_OK;
}

static res json_read_int(const struct json_reader *reader, json_t *value, bool is_unsigned,
                         const struct json_place *place, int64_t *ret)
{
        if (!json_is_integer(value))
                return json_fail(reader, ERR_PARAM_KIND, place, "must be a whole number");
        if (is_unsigned && json_integer_value(value) < 0)
                return json_fail(reader, ERR_PARAM_VALUE, place, "must not be negative");
        *ret = json_integer_value(value);
        return RES_OK;
}

static res json_read_bool(const struct json_reader *reader, json_t *value, const struct json_place *place,
                          struct opt_int *ret)
{
        if (!json_is_boolean(value))
                return json_fail(reader, ERR_PARAM_KIND, place, "must be true or false");
        *ret = (struct opt_int){.set = true, .v = json_is_true(value)};
        return RES_OK;
}

static res json_read_list_size(const struct json_reader *reader, json_t *value, size_t limit,
                               const struct json_place *place, size_t *ret_n)
{
        if (!json_is_array(value))
                return json_fail(reader, ERR_PARAM_KIND, place, "must be a list");
        if (limit && json_array_size(value) > limit)
                return json_fail_limit(reader, place, limit, "items");
        *ret_n = json_array_size(value);
        return RES_OK;
}

static res json_read_strs(const struct json_reader *reader, json_t *value, const struct json_field *field,
                          const struct json_place *place, struct strs *ret)
{
        struct str *v;
        size_t n;

        TRY(json_read_list_size(reader, value, field->limit, place, &n));
        v = arena_array_of(reader->arena, n, struct str);
        for (size_t i = 0; i < n; i++) {
                const struct json_place item = {.parent = place, .index = i};

                TRY(json_read_str(reader, json_array_get(value, i), /* limit= */ 0, &item, &v[i]));
        }
        *ret = (struct strs){v, n};
        return RES_OK;
}

static res json_read_ints(const struct json_reader *reader, json_t *value, const struct json_field *field,
                          const struct json_place *place, struct ints *ret)
{
        int64_t *v;
        size_t n;

        TRY(json_read_list_size(reader, value, field->limit, place, &n));
        v = arena_array_of(reader->arena, n, int64_t);
        for (size_t i = 0; i < n; i++) {
                const struct json_place item = {.parent = place, .index = i};

                TRY(json_read_int(reader, json_array_get(value, i), /* is_unsigned= */ false, &item, &v[i]));
        }
        *ret = (struct ints){v, n};
        return RES_OK;
}

static res json_read_objs(const struct json_reader *reader, json_t *value, const struct json_field *field,
                          const struct json_place *place, struct objs *ret)
{
        char *v;
        size_t n;

        TRY(json_read_list_size(reader, value, field->limit, place, &n));
        v = arena_alloc_array(reader->arena, n, field->sub_size);
        for (size_t i = 0; i < n; i++) {
                const struct json_place item = {.parent = place, .index = i};

                TRY(json_read_object(reader, json_array_get(value, i), field->sub, &item, v + i * field->sub_size));
        }
        *ret = (struct objs){v, n};
        return RES_OK;
}

static res json_read_obj(const struct json_reader *reader, json_t *value, const struct json_field *field,
                         const struct json_place *place, void **ret)
{
        void *sub = arena_alloc(reader->arena, field->sub_size);

        TRY(json_read_object(reader, value, field->sub, place, sub));
        *ret = sub;
        return RES_OK;
}

static res json_read_opt(const struct json_reader *reader, json_t *value, bool is_unsigned,
                         const struct json_place *place, struct opt_int *ret)
{
        TRY(json_read_int(reader, value, is_unsigned, place, &ret->v));
        ret->set = true;
        return RES_OK;
}

static res json_read_value(const struct json_reader *reader, json_t *value, const struct json_field *field,
                           const struct json_place *place, void *out)
{
        switch (field->kind) {
        case JSON_STR:
        case JSON_STR_NULL:
                return json_read_str(reader, value, field->limit, place, out);
        case JSON_INT:
        case JSON_UINT:
                return json_read_opt(reader, value, field->kind == JSON_UINT, place, out);
        case JSON_BOOL:
                return json_read_bool(reader, value, place, out);
        case JSON_STRS:
        case JSON_STRS_NULL:
                return json_read_strs(reader, value, field, place, out);
        case JSON_INTS:
                return json_read_ints(reader, value, field, place, out);
        case JSON_OBJ:
                return json_read_obj(reader, value, field, place, out);
        case JSON_OBJS:
        case JSON_OBJS_NULL:
                return json_read_objs(reader, value, field, place, out);
        case JSON_KIND_COUNT:
                break;
        }
        return FAIL(ERR_INTERNAL);
}

/* -- one object ------------------------------------------------------------------------------- */

static bool json_is_known(const struct json_field *fields, const char *name)
{
        for (; fields->name; fields++)
                if (strcmp(fields->name, name) == 0)
                        return true;
        return false;
}

static res json_refuse_unknown(const struct json_reader *reader, json_t *value, const struct json_field *fields,
                               const struct json_place *place)
{
        for (void *at = json_object_iter(value); at; at = json_object_iter_next(value, at)) {
                const struct json_place unknown = {.parent = place, .name = json_object_iter_key(at)};

                if (!json_is_known(fields, unknown.name))
                        return json_fail(reader, ERR_PARAM_UNKNOWN, &unknown, "is not known to this action");
        }
        return RES_OK;
}

static res json_read_object(const struct json_reader *reader, json_t *value, const struct json_field *fields,
                            const struct json_place *place, char *out)
{
        if (!json_is_object(value))
                return json_fail(reader, ERR_PARAM_KIND, place, "must be an object");
        if (reader->unknown == JSON_UNKNOWN_REFUSE)
                TRY(json_refuse_unknown(reader, value, fields, place));
        for (; fields->name; fields++) {
                const struct json_place here = {.parent = place, .name = fields->name};
                json_t *member = json_object_get(value, fields->name);

                if (member && !json_is_null(member))
                        TRY(json_read_value(reader, member, fields, &here, out + fields->offset));
                else if (fields->required)
                        return json_fail(reader, ERR_PARAM_MISSING, &here, "is required");
        }
        return RES_OK;
}

/* -- the text --------------------------------------------------------------------------------- */

/* jansson's own bound is 2048 levels, more than a frame a level should be asked to hold. */
static bool json_is_shallow(struct str text)
{
        size_t depth = 0;
        bool quoted = false;

        for (size_t i = 0; i < text.n; i++) {
                const char c = text.p[i];

                if (quoted && c == '\\')
                        i++;
                else if (c == '"')
                        quoted = !quoted;
                else if (!quoted && (c == '{' || c == '[') && ++depth > LIMIT_JSON_DEPTH)
                        return false;
                else if (!quoted && (c == '}' || c == ']') && depth > 0)
                        depth--;
        }
        return true;
}

/* jansson quotes what stands near the fault; those are foreign bytes, perhaps cut inside a letter: leave them out. */
static res json_fail_text(struct arena *arena, const char **ret_why, const json_error_t *error)
{
        const char *near = strstr(error->text, " near ");
        int n = near != NULL ? (int)(near - error->text) : (int)strlen(error->text);

        *ret_why = arena_printf(arena, "The body is not JSON: %.*s (line %d, column %d).", n, error->text, error->line,
                                error->column);
        return FAIL(ERR_PARAM_KIND);
}

res json_decode(struct arena *arena, struct str text, const struct json_field *fields, enum json_unknown unknown,
                void *ret_out, const char **ret_why)
{
        const struct json_reader reader = {.arena = arena, .unknown = unknown, .ret_why = ret_why};
        const struct json_place top = {.name = ""};
        json_auto_t *root = NULL;
        json_error_t error;

        if (text.n == 0)
                text = STR("{}");
        if (!json_is_shallow(text)) {
                *ret_why = arena_printf(arena, "The body has more than %d levels.", LIMIT_JSON_DEPTH);
                return FAIL(ERR_PARAM_KIND);
        }
        root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &error);
        if (!root)
                return json_fail_text(arena, ret_why, &error);
        if (!json_is_object(root)) {
                *ret_why = arena_strdup(arena, "The body must be a JSON object.");
                return FAIL(ERR_PARAM_KIND);
        }
        return json_read_object(&reader, root, fields, &top, ret_out);
}
