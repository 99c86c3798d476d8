/*
 * The head is found first, by its lines' ends alone, and taken apart only when it is whole: so there is one place that judges
 * it, and a client that sends it byte by byte costs one look at each byte.  A chunked body is walked by a small machine.
 */
#include "http/reader.h"

#include "base/hex.h"
#include "base/limits.h"

int http_head_find(struct http_head_scan *scan, struct str bytes, size_t room, size_t *ret_size)
{
        const size_t most = bytes.n < room ? bytes.n : room;

        while (scan->seen < most) {
                const char *end = memchr(bytes.p + scan->seen, '\n', most - scan->seen);
                const size_t at = end ? (size_t)(end - bytes.p) : most;
                const bool is_first = scan->line == (scan->skipped ? 2 : 0);

                scan->seen = most;
                if (!end)
                        break;
                if (at == 0 || bytes.p[at - 1] != '\r')
                        return 400;
                if (at - 1 == scan->line && !is_first) {
                        *ret_size = at + 1;
                        return HTTP_READ_OK;
                }
                if (at - 1 == scan->line && scan->skipped)
                        return 400;
                scan->skipped = scan->skipped || at - 1 == scan->line;
                scan->line = scan->seen = at + 1;
        }
        if (bytes.n < room)
                return HTTP_READ_MORE;
        return scan->line <= 2 ? 414 : 431;
}

struct str http_head_line(struct str *rest)
{
        struct str line = str_cut(rest, '\n');

        if (line.n > 0)
                line.n--; /* the CR */
        return line;
}

/* RFC 9110 §5.6.2, a bit for each byte below 128. */
static bool http_is_token_byte(char c)
{
        static const uint64_t low = 0x03ff6cfa00000000, high = 0x57ffffffc7fffffe;
        const unsigned char byte = (unsigned char)c;

        return byte < 64 ? low >> byte & 1 : byte < 128 && (high >> (byte - 64) & 1);
}

bool http_is_token(struct str s)
{
        for (size_t i = 0; i < s.n; i++)
                if (!http_is_token_byte(s.p[i]))
                        return false;
        return s.n > 0;
}

/* A tab, a blank, or what can be seen; bytes over 0x7f are let through (obs-text). */
static bool http_is_value_byte(char c)
{
        const unsigned char byte = (unsigned char)c;

        return byte == '\t' || (byte >= ' ' && byte != 0x7f);
}

static bool http_is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static int http_version(struct str version, bool *ret_is_1_0)
{
        const char *p = version.p;

        if (version.n != 8 || memcmp(p, "HTTP/", 5) != 0 || !http_is_digit(p[5]) || p[6] != '.' || !http_is_digit(p[7]))
                return 400;
        *ret_is_1_0 = p[7] == '0';
        return p[5] == '1' ? HTTP_READ_OK : 505;
}

int http_request_line(struct str line, struct http_request_line *ret_line)
{
        struct str rest = line;
        const struct str method = str_cut(&rest, ' ');
        const struct str target = str_cut(&rest, ' ');

        if (!http_is_token(method) || target.n == 0 || !rest.p)
                return 400;
        ret_line->method = method;
        ret_line->target = target;
        return http_version(rest, &ret_line->is_1_0);
}

int http_field_line(struct str line, struct tc3_header *ret_field)
{
        struct str value = line;
        const struct str name = str_cut(&value, ':');

        if (!http_is_token(name) || !value.p)
                return 400;
        for (size_t i = 0; i < value.n; i++)
                if (!http_is_value_byte(value.p[i]))
                        return 400;
        *ret_field = (struct tc3_header){.name = name, .value = str_trim(value)};
        return HTTP_READ_OK;
}

/* -- chunks ------------------------------------------------------------------------------------- */

static enum http_chunk_state http_chunk_size_byte(struct http_chunks *chunks, char c)
{
        const int digit = hex_digit(c);

        if (digit >= 0 && chunks->digits < LIMIT_HTTP_CHUNK_DIGITS) {
                chunks->digits++;
                chunks->left = chunks->left << 4 | (unsigned)digit;
                return HTTP_CHUNK_SIZE;
        }
        if (digit >= 0 || chunks->digits == 0)
                return HTTP_CHUNK_BAD;
        return c == '\r' ? HTTP_CHUNK_SIZE_LF : c == ';' ? HTTP_CHUNK_EXTENSION : HTTP_CHUNK_BAD;
}

/* Of text that is read over up to its CR. */
static enum http_chunk_state http_chunk_text_byte(struct http_chunks *chunks, char c, enum http_chunk_state after)
{
        if (c == '\r')
                return after;
        return http_is_value_byte(c) && ++chunks->extra <= LIMIT_HTTP_CHUNK_EXTRA ? chunks->state : HTTP_CHUNK_BAD;
}

static enum http_chunk_state http_chunk_name_byte(struct http_chunks *chunks, char c)
{
        if (chunks->state == HTTP_CHUNK_TRAILER && c == '\r')
                return HTTP_CHUNK_LAST_LF;
        if (chunks->state == HTTP_CHUNK_TRAILER_NAME && c == ':')
                return HTTP_CHUNK_TRAILER_VALUE;
        return http_is_token_byte(c) && ++chunks->extra <= LIMIT_HTTP_CHUNK_EXTRA ? HTTP_CHUNK_TRAILER_NAME : HTTP_CHUNK_BAD;
}

static enum http_chunk_state http_chunk_byte(struct http_chunks *chunks, char c)
{
        switch (chunks->state) {
        case HTTP_CHUNK_SIZE:
                return http_chunk_size_byte(chunks, c);
        case HTTP_CHUNK_EXTENSION:
                return http_chunk_text_byte(chunks, c, HTTP_CHUNK_SIZE_LF);
        case HTTP_CHUNK_SIZE_LF:
                chunks->digits = 0;
                return c != '\n' ? HTTP_CHUNK_BAD : chunks->left ? HTTP_CHUNK_DATA : HTTP_CHUNK_TRAILER;
        case HTTP_CHUNK_DATA_CR:
                return c == '\r' ? HTTP_CHUNK_DATA_LF : HTTP_CHUNK_BAD;
        case HTTP_CHUNK_DATA_LF:
                return c == '\n' ? HTTP_CHUNK_SIZE : HTTP_CHUNK_BAD;
        case HTTP_CHUNK_TRAILER:
        case HTTP_CHUNK_TRAILER_NAME:
                return http_chunk_name_byte(chunks, c);
        case HTTP_CHUNK_TRAILER_VALUE:
                return http_chunk_text_byte(chunks, c, HTTP_CHUNK_TRAILER_LF);
        case HTTP_CHUNK_TRAILER_LF:
                return c == '\n' ? HTTP_CHUNK_TRAILER : HTTP_CHUNK_BAD;
        case HTTP_CHUNK_LAST_LF:
                return c == '\n' ? HTTP_CHUNK_ENDED : HTTP_CHUNK_BAD;
        case HTTP_CHUNK_DATA:
        case HTTP_CHUNK_ENDED:
        case HTTP_CHUNK_BAD:
                break;
        }
        return HTTP_CHUNK_BAD;
}

static void http_str_skip(struct str *s, size_t n)
{
        s->p += n;
        s->n -= n;
}

int http_chunks_next(struct http_chunks *chunks, struct str *in, struct str *ret_part)
{
        while (in->n > 0 && chunks->state != HTTP_CHUNK_DATA) {
                chunks->state = http_chunk_byte(chunks, *in->p);
                if (chunks->state == HTTP_CHUNK_BAD)
                        return 400;
                http_str_skip(in, 1);
                if (chunks->state == HTTP_CHUNK_ENDED) {
                        *ret_part = STR("");
                        return HTTP_READ_OK;
                }
        }
        if (in->n == 0)
                return HTTP_READ_MORE;
        *ret_part = (struct str){in->p, in->n < chunks->left ? in->n : (size_t)chunks->left};
        http_str_skip(in, ret_part->n);
        chunks->left -= ret_part->n;
        if (chunks->left == 0)
                chunks->state = HTTP_CHUNK_DATA_CR;
        return HTTP_READ_OK;
}
