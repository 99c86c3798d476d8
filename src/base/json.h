/*
 * One static table per message: it decodes, encodes, feeds docs/api and the console's types.
 *
 *   struct apply_in { struct str domain; struct opt_int project; struct strs names; };
 *   static const struct json_field apply_fields[] = {
 *           JSON_FIELD(struct apply_in, domain, "DomainName", JSON_STR, .required = true, .limit = LIMIT_NAME_BYTES),
 *           JSON_FIELD(struct apply_in, project, "ProjectId", JSON_UINT),
 *           JSON_FIELD(struct apply_in, names, "DnsNames", JSON_STRS, .limit = 100),
 *           JSON_FIELDS_END
 *   };
 *
 * JSON_FIELD checks at compile time that the member has the C type of the kind.
 * Decoding: jansson (duplicate keys and bad UTF-8 refused), then the table; strings are copied into the arena.
 * Encoding: straight into a buf, compact, no blank before ':' (api.md §10.7); this is on the hot path of
 * every answer, which is why it does not build a jansson tree first.
 */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

struct opt_int {
        bool set;
        int64_t v;
};

struct objs {
        const void *v; /* array of the sub-table's struct */
        size_t n;
};

struct ints {
        const int64_t *v;
        size_t n;
};

enum json_kind {
        JSON_STR,      /* struct str: text; absent (p NULL) encodes as "" */
        JSON_STR_NULL, /* struct str: text; absent encodes as null; null decodes as absent */
        JSON_INT,      /* struct opt_int: whole number; absent encodes as 0 */
        JSON_UINT,     /* struct opt_int: whole number >= 0 */
        JSON_BOOL,     /* struct opt_int: true / false */
        JSON_STRS,     /* struct strs: list of text; absent encodes as [] */
        JSON_STRS_NULL,
        JSON_INTS, /* struct ints: list of whole numbers; absent encodes as [] */
        JSON_OBJ,  /* pointer to the sub-table's struct; NULL encodes as null */
        JSON_OBJS, /* struct objs; absent encodes as [] */
        JSON_OBJS_NULL,
        JSON_KIND_COUNT
};

struct json_field {
        const char *name; /* NULL ends a table */
        enum json_kind kind;
        bool required;
        bool omit_absent; /* encoding: leave the key out when absent */
        size_t offset;
        size_t limit;                 /* most bytes of a text, most items of a list; 0 = the body limit decides */
        const struct json_field *sub; /* of an object or list of objects */
        size_t sub_size;
};

/* It does not know _Generic. */
/* clang-format off */
#define JSON_CTYPE_OK(type, member, kind_)                                                         \
        _Generic((((type *)0)->member),                                                            \
                struct str: (kind_) == JSON_STR || (kind_) == JSON_STR_NULL,                       \
                struct opt_int: (kind_) == JSON_INT || (kind_) == JSON_UINT || (kind_) == JSON_BOOL, \
                struct strs: (kind_) == JSON_STRS || (kind_) == JSON_STRS_NULL,                    \
                struct ints: (kind_) == JSON_INTS,                                                 \
                struct objs: (kind_) == JSON_OBJS || (kind_) == JSON_OBJS_NULL,                    \
                default: (kind_) == JSON_OBJ)
#define JSON_FIELD(type, member, name_, kind_, ...)                                                \
        {                                                                                          \
                .name = (name_), .kind = (kind_),                                                  \
                .offset = offsetof(type, member) +                                                 \
                          0 * sizeof(char[JSON_CTYPE_OK(type, member, kind_) ? 1 : -1]),           \
                ##__VA_ARGS__                                                                      \
        }
#define JSON_FIELDS_END {.name = NULL}
/* clang-format on */

enum json_unknown { JSON_UNKNOWN_REFUSE, JSON_UNKNOWN_IGNORE };

/*
 * Decode one JSON object.  null counts as absent, for every kind.  On failure *ret_why (in the arena) is a sentence that names the field:
 * ERR_PARAM_MISSING, ERR_PARAM_KIND, ERR_PARAM_UNKNOWN, ERR_PARAM_VALUE (over its limit), or ERR_PARAM_KIND for no JSON.
 * Depth is at most LIMIT_JSON_DEPTH.  An empty text counts as {} (api.md §10.5).
 */
MUST res json_decode(struct arena *arena, struct str text, const struct json_field *fields, enum json_unknown unknown,
                     void *ret_out, const char **ret_why);
/* Append the object, `{…}`. */
void json_encode(struct buf *out, const struct json_field *fields, const void *in);
/* Append the members only, without braces, "" when there are none: for an envelope that adds its own. */
void json_encode_members(struct buf *out, const struct json_field *fields, const void *in);
/* Append a quoted and escaped text. */
void json_encode_str(struct buf *out, struct str text);
