/* Comparing and cutting borrowed text.  ASCII only where case matters: names on the wire are ASCII. */
#include "base/str.h"

#include "base/arena.h"

static char str_lower(char c)
{
        return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool bytes_equal(struct bytes a, struct bytes b)
{
        return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_equal(struct str a, struct str b)
{
        return bytes_equal(bytes_of(a.p, a.n), bytes_of(b.p, b.n));
}

bool str_is_word(struct str s)
{
        for (size_t i = 0; i < s.n; i++)
                if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
                        return false;
        return true;
}

bool str_equal_nocase(struct str a, struct str b)
{
        if (a.n != b.n)
                return false;
        for (size_t i = 0; i < a.n; i++)
                if (str_lower(a.p[i]) != str_lower(b.p[i]))
                        return false;
        return true;
}

bool str_equals(struct str a, const char *text)
{
        return str_equal(a, str_of(text));
}

bool str_starts_with(struct str s, struct str prefix)
{
        return s.n >= prefix.n && str_equal((struct str){s.p, prefix.n}, prefix);
}

bool str_ends_with(struct str s, struct str suffix)
{
        if (s.n < suffix.n || suffix.n == 0)
                return suffix.n == 0;
        return str_equal((struct str){s.p + s.n - suffix.n, suffix.n}, suffix);
}

static bool str_is_blank(char c)
{
        return c == ' ' || c == '\t';
}

struct str str_trim(struct str s)
{
        while (s.n > 0 && str_is_blank(s.p[s.n - 1]))
                s.n--;
        while (s.n > 0 && str_is_blank(s.p[0])) {
                s.p++;
                s.n--;
        }
        return s;
}

struct str str_cut(struct str *rest, char sep)
{
        struct str head = *rest;
        const char *at = rest->n ? memchr(rest->p, sep, rest->n) : NULL;

        if (!at) {
                *rest = (struct str){0};
                return head;
        }
        head.n = (size_t)(at - head.p);
        *rest = (struct str){at + 1, rest->n - head.n - 1};
        return head;
}

size_t str_utf8_size(struct str s)
{
        const uint8_t *p = (const uint8_t *)s.p;
        const size_t size = s.n == 0      ? 0
                            : p[0] < 0x80 ? 1
                            : p[0] < 0xC2 ? 0
                            : p[0] < 0xE0 ? 2
                            : p[0] < 0xF0 ? 3
                            : p[0] < 0xF5 ? 4
                                          : 0;

        if (size == 0 || size > s.n)
                return 0;
        for (size_t i = 1; i < size; i++)
                if ((p[i] & 0xC0) != 0x80)
                        return 0;
        if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) || (p[0] == 0xF0 && p[1] < 0x90) ||
            (p[0] == 0xF4 && p[1] > 0x8F))
                return 0;
        return size;
}

bool str_is_utf8(struct str s)
{
        for (size_t i = 0; i < s.n;) {
                const size_t size = str_utf8_size((struct str){s.p + i, s.n - i});

                if (size == 0)
                        return false;
                i += size;
        }
        return true;
}

res str_to_int64(struct str s, int64_t *ret_value)
{
        int64_t v = 0;

        ENSURE(s.n > 0, ERR_FORMAT);
        for (size_t i = 0; i < s.n; i++) {
                ENSURE(s.p[i] >= '0' && s.p[i] <= '9', ERR_FORMAT);
                ENSURE(!__builtin_mul_overflow(v, (int64_t)10, &v), ERR_FORMAT);
                ENSURE(!__builtin_add_overflow(v, (int64_t)(s.p[i] - '0'), &v), ERR_FORMAT);
        }
        *ret_value = v;
        return RES_OK;
}

char *str_copy(struct arena *arena, struct str s)
{
        return s.p ? arena_strndup(arena, s.p, s.n) : NULL;
}

struct str str_dup(struct arena *arena, struct str s)
{
        return (struct str){str_copy(arena, s), s.n};
}

void str_lower_ascii(char *text, size_t n)
{
        for (size_t i = 0; i < n; i++)
                text[i] = str_lower(text[i]);
}
