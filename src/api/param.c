/* See param.h.  The rebuilding walks the table, not the parameters: what the table does not ask for stays unused. */
#include "api/param.h"

#include <stdlib.h>

#include "base/hex.h"

#define PARAMS_MAX 2048 /* LIMIT_LIST_MAX ids and all the rest of the longest request */
#define NAME_SHOWN 100  /* of a foreign name, in a sentence for people */

static const char *name_shown(struct act *act, struct str name)
{
        return str_copy(act->arena, (struct str){name.p, name.n < NAME_SHOWN ? name.n : NAME_SHOWN});
}

/* ---- reading ---- */

static res text_decode(struct act *act, struct str in, struct str *ret_out)
{
        char *out = arena_alloc(act->arena, in.n + 1);
        size_t n = 0;

        for (size_t i = 0; i < in.n; i++) {
                int high = -1, low = -1;

                if (in.p[i] != '%') {
                        out[n++] = in.p[i] == '+' ? ' ' : in.p[i];
                        continue;
                }
                if (i + 2 < in.n) {
                        high = hex_digit(in.p[i + 1]);
                        low = hex_digit(in.p[i + 2]);
                }
                if (high < 0 || low < 0)
                        return act_fail(act, ERR_PARAM_KIND,
                                        "A parameter has a '%%' that two hex digits do not follow.");
                out[n++] = (char)(high * 16 + low);
                i += 2;
        }
        *ret_out = (struct str){out, n};
        if (!str_is_utf8(*ret_out) || memchr(out, 0, n) != NULL)
                return act_fail(act, ERR_PARAM_KIND, "A parameter is not UTF-8 text.");
        return RES_OK;
}

static int text_compare(struct str a, struct str b)
{
        size_t n = a.n < b.n ? a.n : b.n;
        int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

        return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

static int param_compare(const void *a, const void *b)
{
        return text_compare(((const struct api_param *)a)->name, ((const struct api_param *)b)->name);
}

static size_t part_count(struct str text)
{
        size_t n = text.n > 0;

        for (size_t i = 0; i < text.n; i++)
                n += text.p[i] == '&';
        return n;
}

static res params_check(struct act *act, const struct api_params *params)
{
        for (size_t i = 1; i < params->n; i++)
                if (str_equal(params->v[i - 1].name, params->v[i].name))
                        return act_fail(act, ERR_PARAM_VALUE, "The parameter %s is given twice.",
                                        name_shown(act, params->v[i].name));
        return RES_OK;
}

res api_params_parse(struct act *act, struct str text, struct api_params *ret_params)
{
        size_t most = part_count(text);
        struct api_params params = {0};

        if (most > PARAMS_MAX)
                return act_fail(act, ERR_PARAM_VALUE, "A request may have at most %d parameters.", PARAMS_MAX);
        params.v = arena_array_of(act->arena, most + 1, struct api_param);
        while (text.n > 0) {
                struct str value = str_cut(&text, '&');
                struct str name = str_cut(&value, '=');

                if (name.n == 0 && value.n == 0)
                        continue;
                TRY(text_decode(act, name, &params.v[params.n].name));
                TRY(text_decode(act, value, &params.v[params.n].value));
                params.n++;
        }
        if (params.n > 1)
                qsort(params.v, params.n, sizeof *params.v, param_compare);
        TRY(params_check(act, &params));
        *ret_params = params;
        return RES_OK;
}

/* The first whose name is not before `name`. */
static size_t params_lower_bound(const struct api_params *params, struct str name)
{
        size_t low = 0, high = params->n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (text_compare(params->v[middle].name, name) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static struct api_param *params_find(struct api_params *params, struct str name)
{
        size_t i = params_lower_bound(params, name);

        return i < params->n && str_equal(params->v[i].name, name) ? &params->v[i] : NULL;
}

static bool params_have_under(const struct api_params *params, struct str prefix)
{
        size_t i = params_lower_bound(params, prefix);

        return i < params->n && str_starts_with(params->v[i].name, prefix);
}

struct str api_params_take(struct api_params *params, const char *name)
{
        struct api_param *param = params_find(params, str_of(name));

        if (param == NULL)
                return (struct str){0};
        param->used = true;
        return param->value;
}

bool api_params_have(struct str text, const char *name)
{
        while (text.n > 0) {
                struct str value = str_cut(&text, '&');

                if (str_equals(str_cut(&value, '='), name))
                        return true;
        }
        return false;
}

/* ---- rebuilding ---- */

struct rebuild {
        struct act *act;
        struct api_params *params;
        struct buf *out;
};

static res object_add(struct rebuild *r, const struct json_field *fields, const char *prefix);

static bool text_is_whole_number(struct str text)
{
        size_t i = text.n > 0 && text.p[0] == '-' ? 1 : 0;

        if (text.n == i || text.n > 20)
                return false;
        for (; i < text.n; i++)
                if (text.p[i] < '0' || text.p[i] > '9')
                        return false;
        return true;
}

/* JSON knows no leading zeros; flat text often has them. */
static struct str number_trim(struct str text)
{
        while (text.n > 1 && text.p[0] == '0')
                text = (struct str){text.p + 1, text.n - 1};
        return text;
}

static res number_add(struct rebuild *r, const struct api_param *param)
{
        if (!text_is_whole_number(param->value))
                return act_fail(r->act, ERR_PARAM_KIND, "%s must be a whole number.", name_shown(r->act, param->name));
        buf_add_str(r->out, number_trim(param->value));
        return RES_OK;
}

static res truth_add(struct rebuild *r, const struct api_param *param)
{
        bool yes = str_equal_nocase(param->value, STR("true")) || str_equals(param->value, "1");
        bool no = str_equal_nocase(param->value, STR("false")) || str_equals(param->value, "0");

        if (!yes && !no)
                return act_fail(r->act, ERR_PARAM_KIND, "%s must be true or false.", name_shown(r->act, param->name));
        buf_add_text(r->out, yes ? "true" : "false");
        return RES_OK;
}

static res scalar_add(struct rebuild *r, enum json_kind kind, struct api_param *param)
{
        param->used = true;
        switch (kind) {
        case JSON_INT:
        case JSON_UINT:
        case JSON_INTS:
                return number_add(r, param);
        case JSON_BOOL:
                return truth_add(r, param);
        default:
                json_encode_str(r->out, param->value);
                return RES_OK;
        }
}

static const char *item_name(struct rebuild *r, const char *name, size_t i)
{
        return arena_printf(r->act->arena, "%s.%zu", name, i);
}

static res scalars_add(struct rebuild *r, enum json_kind kind, const char *name)
{
        buf_add_byte(r->out, '[');
        for (size_t i = 0;; i++) {
                struct api_param *param = params_find(r->params, str_of(item_name(r, name, i)));

                if (param == NULL)
                        break;
                if (i > 0)
                        buf_add_byte(r->out, ',');
                TRY(scalar_add(r, kind, param));
        }
        buf_add_byte(r->out, ']');
        return RES_OK;
}

static res objects_add(struct rebuild *r, const struct json_field *sub, const char *name)
{
        buf_add_byte(r->out, '[');
        for (size_t i = 0;; i++) {
                const char *prefix = arena_printf(r->act->arena, "%s.%zu.", name, i);

                if (!params_have_under(r->params, str_of(prefix)))
                        break;
                if (i > 0)
                        buf_add_byte(r->out, ',');
                TRY(object_add(r, sub, prefix));
        }
        buf_add_byte(r->out, ']');
        return RES_OK;
}

static res value_add(struct rebuild *r, const struct json_field *field, const char *name)
{
        switch (field->kind) {
        case JSON_STRS:
        case JSON_STRS_NULL:
        case JSON_INTS:
                return scalars_add(r, field->kind, name);
        case JSON_OBJS:
        case JSON_OBJS_NULL:
                return objects_add(r, field->sub, name);
        case JSON_OBJ:
                return object_add(r, field->sub, arena_printf(r->act->arena, "%s.", name));
        default:
                return scalar_add(r, field->kind, params_find(r->params, str_of(name)));
        }
}

static bool field_is_given(struct rebuild *r, const struct json_field *field, const char *name)
{
        switch (field->kind) {
        case JSON_STRS:
        case JSON_STRS_NULL:
        case JSON_INTS:
        case JSON_OBJS:
        case JSON_OBJS_NULL:
        case JSON_OBJ:
                return params_have_under(r->params, str_of(arena_printf(r->act->arena, "%s.", name)));
        default:
                return params_find(r->params, str_of(name)) != NULL;
        }
}

static res object_add(struct rebuild *r, const struct json_field *fields, const char *prefix)
{
        bool first = true;

        buf_add_byte(r->out, '{');
        for (const struct json_field *field = fields; field->name != NULL; field++) {
                const char *name = arena_printf(r->act->arena, "%s%s", prefix, field->name);

                if (!field_is_given(r, field, name))
                        continue;
                if (!first)
                        buf_add_byte(r->out, ',');
                first = false;
                json_encode_str(r->out, str_of(field->name));
                buf_add_byte(r->out, ':');
                TRY(value_add(r, field, name));
        }
        buf_add_byte(r->out, '}');
        return RES_OK;
}

res api_params_to_json(struct act *act, struct api_params *params, const struct json_field *fields, struct buf *out)
{
        static const struct json_field none[] = {JSON_FIELDS_END};
        struct rebuild r = {.act = act, .params = params, .out = out};

        TRY(object_add(&r, fields != NULL ? fields : none, ""));
        for (size_t i = 0; i < params->n; i++)
                if (!params->v[i].used)
                        return act_fail(act, ERR_PARAM_UNKNOWN, "There is no parameter %s here.",
                                        name_shown(act, params->v[i].name));
        return buf_check(out);
}
