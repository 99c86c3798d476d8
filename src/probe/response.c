/*
 * A line is gathered until its LF and given to the function of the part that is read; a body is taken as it comes.  All lines
 * together have one bound, interim responses and trailers included, and each chunk brings at least a byte, so that the whole is bounded.
 */
#include "probe/response.h"

#include <string.h>

#include "base/hex.h"

#define CHUNK_LINE 64 /* a size and small extensions */

void response_init(struct response *response)
{
        *response = (struct response){.state = RESPONSE_MORE};
        buf_init(&response->line, LIMIT_PROBE_HEADERS);
        buf_init(&response->body, LIMIT_PROBE_BODY);
}

void response_done(struct response *response)
{
        buf_done(&response->line);
        buf_done(&response->body);
}

static void break_off(struct response *response)
{
        response->state = RESPONSE_BROKEN;
}

/* ---- lines ------------------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

/* "HTTP/1.1 200 OK"; the reason may be missing (RFC 9112 §4). */
static void read_status(struct response *response, struct str line)
{
        const char *p = line.p;
        const bool good = line.n >= 12 && memcmp(p, "HTTP/1.", 7) == 0 && (p[7] == '0' || p[7] == '1') && p[8] == ' ' && p[9] >= '1' && p[9] <= '9' &&
                          is_digit(p[10]) && is_digit(p[11]) && (line.n == 12 || p[12] == ' ');

        if (!good) {
                break_off(response);
                return;
        }
        response->status = (uint32_t)((p[9] - '0') * 100 + (p[10] - '0') * 10 + p[11] - '0');
        response->part = RESPONSE_FIELD;
        response->may_fold = false;
}

static void forget(struct response *response)
{
        response->status = 0;
        response->chunked = response->has_length = response->encoded = false;
        response->location[0] = '\0';
        response->part = RESPONSE_STATUS;
}

static void begin_body(struct response *response)
{
        const uint32_t status = response->status;

        if (status == 101) { /* nobody asked for another protocol */
                break_off(response);
        } else if (status < 200) { /* the final one follows (RFC 9110 §15.2) */
                forget(response);
        } else if (status == 204 || status == 304) {
                response->state = RESPONSE_WHOLE;
        } else if (response->chunked) {
                response->part = RESPONSE_CHUNK;
        } else if (!response->has_length) {
                response->part = RESPONSE_TO_END;
        } else {
                response->part = RESPONSE_BODY;
                response->left = response->length;
                if (response->left == 0)
                        response->state = RESPONSE_WHOLE;
        }
}

/* One length, however often it is said (RFC 9112 §6.3). */
static void read_length(struct response *response, struct str value)
{
        int64_t length = 0;

        if (!res_is_ok(str_to_int64(value, &length)) || (response->has_length && response->length != (uint64_t)length)) {
                break_off(response);
                return;
        }
        response->has_length = true;
        response->length = (uint64_t)length;
}

static void read_coding(struct response *response, struct str value)
{
        if (response->chunked || !str_equal_nocase(value, STR("chunked")))
                break_off(response);
        response->chunked = true;
}

static void read_location(struct response *response, struct str value)
{
        const size_t n = value.n <= RESPONSE_LOCATION ? value.n : 0;

        memcpy(response->location, value.p, n);
        response->location[n] = '\0';
}

static void read_encoding(struct response *response, struct str value)
{
        response->encoded = !str_is_empty(value);
}

static const struct field {
        const char *name;
        void (*read)(struct response *response, struct str value);
} fields[] = {
        {"content-length", read_length},
        {"transfer-encoding", read_coding},
        {"content-encoding", read_encoding},
        {"location", read_location},
};

/* NULL: one that nobody looks at, or (*ret_value absent) no field at all. */
static const struct field *field_find(struct str line, struct str *ret_value)
{
        struct str value = line;
        const struct str name = str_cut(&value, ':');

        *ret_value = value.p && name.n > 0 && str_is_word(name) ? str_trim(value) : (struct str){0};
        for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
                if (ret_value->p && str_equal_nocase(name, str_of(fields[i].name)))
                        return &fields[i];
        return NULL;
}

static void read_field(struct response *response, struct str line)
{
        struct str value;
        const struct field *field = field_find(line, &value);

        response->may_fold = !field;
        if (field)
                field->read(response, value);
        else if (!value.p)
                break_off(response);
}

/* A folded line goes on with the field before it (RFC 9112 §5.2): only where nobody looks at that. */
static void read_header(struct response *response, struct str line)
{
        if (line.n == 0)
                begin_body(response);
        else if (line.p[0] != ' ' && line.p[0] != '\t')
                read_field(response, line);
        else if (!response->may_fold)
                break_off(response);
}

static void read_chunk_size(struct response *response, struct str line)
{
        uint64_t size = 0;
        size_t i = 0;

        for (; i < line.n && i < 15 && hex_digit(line.p[i]) >= 0; i++)
                size = size << 4 | (uint64_t)hex_digit(line.p[i]);
        if (i == 0 || (i < line.n && !strchr("; \t", line.p[i]))) {
                break_off(response);
                return;
        }
        response->left = size;
        response->part = size ? RESPONSE_DATA : RESPONSE_TRAILER;
}

static void read_border(struct response *response, struct str line)
{
        if (line.n > 0)
                break_off(response);
        response->part = RESPONSE_CHUNK;
}

/* What the body and the redirect hang on has no place behind the body (RFC 9110 §6.5.1). */
static void read_trailer(struct response *response, struct str line)
{
        struct str value;

        if (line.n == 0)
                response->state = RESPONSE_WHOLE;
        else if (field_find(line, &value) || !value.p)
                break_off(response);
}

typedef void line_fn(struct response *response, struct str line);

static line_fn *const line_readers[RESPONSE_PART_COUNT] = {
        [RESPONSE_STATUS] = read_status,     [RESPONSE_FIELD] = read_header,    [RESPONSE_CHUNK] = read_chunk_size,
        [RESPONSE_BORDER] = read_border,     [RESPONSE_TRAILER] = read_trailer,
};

/* Chunks' own lines are bounded by what they bring. */
static bool is_counted(enum response_part part)
{
        return part == RESPONSE_STATUS || part == RESPONSE_FIELD || part == RESPONSE_TRAILER;
}

static void read_line(struct response *response, struct str line)
{
        if (line.n > 0 && line.p[line.n - 1] == '\r')
                line.n--;
        if (line.n > 0 && (memchr(line.p, '\0', line.n) || memchr(line.p, '\r', line.n)))
                break_off(response);
        else
                line_readers[response->part](response, line);
}

/* Up to the next LF; what was used of the input. */
static size_t take_line(struct response *response, struct bytes in)
{
        const uint8_t *end = memchr(in.p, '\n', in.n);
        const size_t used = end ? (size_t)(end - in.p) + 1 : in.n;

        if (is_counted(response->part))
                response->header_bytes += used;
        buf_add(&response->line, in.p, used - (end ? 1 : 0));
        if (response->header_bytes > LIMIT_PROBE_HEADERS || response->line.failed ||
            (!is_counted(response->part) && response->line.n > CHUNK_LINE + 1)) {
                break_off(response);
                return used;
        }
        if (end) {
                read_line(response, buf_str(&response->line));
                buf_clear(&response->line);
        }
        return used;
}

/* ---- the body ---------------------------------------------------------------------------------------- */

static size_t take_body(struct response *response, struct bytes in)
{
        const bool to_end = response->part == RESPONSE_TO_END;
        const size_t used = to_end || in.n < response->left ? in.n : (size_t)response->left;

        buf_add(&response->body, in.p, used);
        if (response->body.failed) {
                response->state = RESPONSE_TOO_LARGE;
                return used;
        }
        if (to_end)
                return used;
        response->left -= used;
        if (response->left == 0 && response->part == RESPONSE_BODY)
                response->state = RESPONSE_WHOLE;
        else if (response->left == 0)
                response->part = RESPONSE_BORDER;
        return used;
}

enum response_state response_take(struct response *response, struct bytes in)
{
        while (in.n > 0 && response->state == RESPONSE_MORE) {
                const size_t used = line_readers[response->part] ? take_line(response, in) : take_body(response, in);

                in = bytes_of(in.p + used, in.n - used);
        }
        return response->state;
}

enum response_state response_end(struct response *response)
{
        if (response->state == RESPONSE_MORE)
                response->state = response->part == RESPONSE_TO_END ? RESPONSE_WHOLE : RESPONSE_BROKEN;
        return response->state;
}
