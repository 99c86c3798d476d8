/* Borrowed text and bytes: a pointer and a length, never owned, not NUL-terminated unless said so. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/res.h"

struct arena;

struct str {
        const char *p; /* NULL = absent */
        size_t n;
};

struct bytes {
        const uint8_t *p; /* NULL = absent */
        size_t n;
};

struct strs {
        const struct str *v;
        size_t n;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})

static inline struct str str_of(const char *text) /* text may be NULL */
{
        return (struct str){text, text ? strlen(text) : 0};
}

static inline struct bytes bytes_of(const void *p, size_t n)
{
        return (struct bytes){(const uint8_t *)p, n};
}

static inline bool str_is_empty(struct str s)
{
        return s.n == 0;
}

bool bytes_equal(struct bytes a, struct bytes b); /* empty and absent are equal */
bool str_equal(struct str a, struct str b);
bool str_equal_nocase(struct str a, struct str b); /* ASCII */
bool str_equals(struct str a, const char *text);
bool str_is_word(struct str s); /* no blank, no control byte; bytes over 0x7f pass, and so does the empty text */
bool str_starts_with(struct str s, struct str prefix);
bool str_ends_with(struct str s, struct str suffix);
struct str str_trim(struct str s); /* blanks and tabs at both ends */
/* Cut *rest at the first `sep`: returns what stands before it, leaves what stands after it (NULL when there was none). */
struct str str_cut(struct str *rest, char sep);
bool str_is_utf8(struct str s);
/* Bytes of the well-formed character at the start (Unicode 15, table 3-7); 0 if there is none. */
size_t str_utf8_size(struct str s);
/* Decimal without sign or blanks, no overflow; else ERR_FORMAT. */
MUST res str_to_int64(struct str s, int64_t *ret_value);
char *str_copy(struct arena *arena, struct str s); /* NUL-terminated copy; NULL for absent */
struct str str_dup(struct arena *arena, struct str s);
void str_lower_ascii(char *text, size_t n);
