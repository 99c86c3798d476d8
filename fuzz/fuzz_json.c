/* A message in JSON through a table with every kind; what was read is written and read again, and must be the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/b64.h"
#include "base/json.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct part {
        struct str key;
        struct opt_int number;
};

struct whole {
        struct str a, b;
        struct opt_int c, d, e;
        struct strs f, g;
        struct ints h;
        const struct part *i;
        struct objs j, k;
};

static const struct json_field part_fields[] = {
        JSON_FIELD(struct part, key, "key", JSON_STR, .required = true),
        JSON_FIELD(struct part, number, "number", JSON_UINT, .omit_absent = true), JSON_FIELDS_END};

static const struct json_field whole_fields[] = {
        JSON_FIELD(struct whole, a, "a", JSON_STR, .omit_absent = true),
        JSON_FIELD(struct whole, b, "b", JSON_STR_NULL),
        JSON_FIELD(struct whole, c, "c", JSON_INT, .omit_absent = true),
        JSON_FIELD(struct whole, d, "d", JSON_UINT, .omit_absent = true),
        JSON_FIELD(struct whole, e, "e", JSON_BOOL, .omit_absent = true),
        JSON_FIELD(struct whole, f, "f", JSON_STRS, .limit = 100, .omit_absent = true),
        JSON_FIELD(struct whole, g, "g", JSON_STRS_NULL),
        JSON_FIELD(struct whole, h, "h", JSON_INTS, .omit_absent = true),
        JSON_FIELD(struct whole, i, "i", JSON_OBJ, .sub = part_fields, .sub_size = sizeof(struct part)),
        JSON_FIELD(struct whole, j, "j", JSON_OBJS, .omit_absent = true, .sub = part_fields,
                   .sub_size = sizeof(struct part)),
        JSON_FIELD(struct whole, k, "k", JSON_OBJS_NULL, .sub = part_fields, .sub_size = sizeof(struct part)),
        JSON_FIELDS_END};

static void write_and_read_again(struct arena *arena, const struct whole *whole)
{
        CLEAN(buf_done) struct buf first = {.ceiling = LIMIT_REPLY_BYTES}, second = {.ceiling = LIMIT_REPLY_BYTES};
        struct whole again = {0};
        const char *why = "";

        json_encode(&first, whole_fields, whole);
        if (!res_is_ok(json_decode(arena, buf_str(&first), whole_fields, JSON_UNKNOWN_REFUSE, &again, &why)))
                abort();
        json_encode(&second, whole_fields, &again);
        if (!str_equal(buf_str(&first), buf_str(&second)))
                abort();
}

static void drive_base64(struct str text)
{
        CLEAN(buf_done) struct buf plain = {.ceiling = LIMIT_HTTP_BODY}, back = {.ceiling = LIMIT_HTTP_BODY};

        if (!res_is_ok(b64url_decode(text, &plain)))
                return;
        b64url_encode(buf_bytes(&plain), &back);
        if (!str_equal(buf_str(&back), text))
                abort(); /* two texts for the same bytes */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const uint8_t none[1];
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(256 << 20);
        const struct str text = {(const char *)(size ? data : none), size};
        struct whole whole = {0};
        const char *why = NULL;
        const res r = json_decode(arena, text, whole_fields, size % 2 ? JSON_UNKNOWN_REFUSE : JSON_UNKNOWN_IGNORE,
                                  &whole, &why);

        if (res_is_ok(r))
                write_and_read_again(arena, &whole);
        else if (!why || !*why)
                abort();
        drive_base64(text);
        return 0;
}
