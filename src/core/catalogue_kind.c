/*
 * The kinds of values that a product's keys have: how each is read from the file, with a sentence when it is wrong,
 * and how it is written again into the text that an order keeps.
 */
#include "core/catalogue_kind.h"

#include <stdio.h>

static res catalogue_read_text(struct catalogue_file *file, struct arena *arena, const struct catalogue_key *key,
                               void *field, const char *value)
{
        const char **text = field;

        if (value[0] == '\0' || !str_is_utf8(str_of(value)))
                return catalogue_file_fail(file, "%s is empty or no UTF-8 text.", key->name);
        *text = arena_strdup(arena, value);
        return RES_OK;
}

static void catalogue_write_text(struct buf *out, const struct catalogue_key *key, const void *field)
{
        const char *const *text = field;

        (void)key;
        buf_add_text(out, *text ? *text : "");
}

/* Names of issuers, profiles and lists: they become file names and parts of addresses. */
static bool catalogue_is_name(struct str s)
{
        for (size_t i = 0; i < s.n; i++)
                if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '-'))
                        return false;
        return s.n > 0 && s.n < 48;
}

static res catalogue_read_name(struct catalogue_file *file, struct arena *arena, const struct catalogue_key *key,
                               void *field, const char *value)
{
        if (!catalogue_is_name(str_of(value)))
                return catalogue_file_fail(file, "%s = %.60s: write a name of small letters, digits and hyphens.",
                                           key->name, value);
        return catalogue_read_text(file, arena, key, field, value);
}

/* Names with one blank between them; none is fine. */
static res catalogue_read_names(struct catalogue_file *file, struct arena *arena, const struct catalogue_key *key,
                                void *field, const char *value)
{
        const char **names = field;
        struct str rest = str_of(value);

        *names = "";
        while (rest.p) {
                struct str name = str_trim(str_cut(&rest, ' '));
                if (str_is_empty(name))
                        continue;
                if (!catalogue_is_name(name))
                        return catalogue_file_fail(file, "%s: \"%.*s\" is no name of a list.", key->name, (int)name.n,
                                                   name.p);
                *names = arena_printf(arena, "%s%s%.*s", *names, **names ? " " : "", (int)name.n, name.p);
        }
        return RES_OK;
}

static res catalogue_read_bool(struct catalogue_file *file, struct arena *arena, const struct catalogue_key *key,
                               void *field, const char *value)
{
        (void)arena;
        return catalogue_file_bool(file, key->name, value, field);
}

static void catalogue_write_bool(struct buf *out, const struct catalogue_key *key, const void *field)
{
        const bool *yes = field;

        (void)key;
        buf_add_text(out, *yes ? "yes" : "no");
}

static res catalogue_read_number(struct catalogue_file *file, struct arena *arena, const struct catalogue_key *key,
                                 void *field, const char *value)
{
        (void)arena;
        return catalogue_file_number(file, key->name, value, key->min, key->max, field);
}

static void catalogue_write_number(struct buf *out, const struct catalogue_key *key, const void *field)
{
        const int64_t *number = field;

        if (*number >= key->min) /* else it was not given */
                buf_printf(out, "%lld", (long long)*number);
}

static MUST res catalogue_word(struct catalogue_file *file, const struct catalogue_key *key, const char *value,
                               int64_t *ret_place)
{
        char choices[100] = "";
        size_t n = 0;

        for (int64_t i = 0; key->words[i]; i++) {
                if (strcmp(key->words[i], value) == 0) {
                        *ret_place = i;
                        return RES_OK;
                }
                n += (size_t)snprintf(choices + n, sizeof choices - n, "%s%s", i ? ", " : "", key->words[i]);
        }
        return catalogue_file_fail(file, "%s = %.60s: write one of %s.", key->name, value, choices);
}

/* One of the words, kept as text. */
static res catalogue_read_word(struct catalogue_file *file, struct arena *arena, const struct catalogue_key *key,
                               void *field, const char *value)
{
        const char **text = field;
        int64_t place = 0;

        (void)arena;
        TRY(catalogue_word(file, key, value, &place));
        *text = key->words[place];
        return RES_OK;
}

/* One of the words, kept as its number from 1 on. */
static res catalogue_read_place(struct catalogue_file *file, struct arena *arena, const struct catalogue_key *key,
                                void *field, const char *value)
{
        int64_t *number = field, place = 0;

        (void)arena;
        TRY(catalogue_word(file, key, value, &place));
        *number = place + 1;
        return RES_OK;
}

static void catalogue_write_place(struct buf *out, const struct catalogue_key *key, const void *field)
{
        const int64_t *number = field;

        buf_add_text(out, *number > 0 ? key->words[*number - 1] : "");
}

static const struct {
        const char *word;
        size_t offset;
} catalogue_methods[] = {
        {"DNS", offsetof(struct catalogue_row, product.allows_dns)},
        {"FILE", offsetof(struct catalogue_row, product.allows_file)},
        {"AUTO", offsetof(struct catalogue_row, product.allows_auto)},
        {"CA", offsetof(struct catalogue_row, product.allows_ca)},
};
#define CATALOGUE_METHODS (sizeof catalogue_methods / sizeof *catalogue_methods)

static bool *catalogue_method(void *row, struct str word)
{
        for (size_t i = 0; i < CATALOGUE_METHODS; i++)
                if (str_equals(word, catalogue_methods[i].word))
                        return (bool *)((char *)row + catalogue_methods[i].offset);
        return NULL;
}

/* `field` is the row itself: the words are flags of it. */
static res catalogue_read_methods(struct catalogue_file *file, struct arena *arena, const struct catalogue_key *key,
                                  void *field, const char *value)
{
        struct str rest = str_of(value);

        (void)arena;
        for (size_t i = 0; i < CATALOGUE_METHODS; i++) /* those of a row that this one is like */
                *(bool *)((char *)field + catalogue_methods[i].offset) = false;
        while (rest.p) {
                struct str word = str_trim(str_cut(&rest, ' '));
                bool *flag = str_is_empty(word) ? NULL : catalogue_method(field, word);
                if (!str_is_empty(word) && !flag)
                        return catalogue_file_fail(file, "%s: \"%.*s\" is none of DNS, FILE, AUTO, CA.", key->name,
                                                   (int)word.n, word.p);
                if (flag)
                        *flag = true;
        }
        return RES_OK;
}

static void catalogue_write_methods(struct buf *out, const struct catalogue_key *key, const void *field)
{
        const char *blank = "";

        (void)key;
        for (size_t i = 0; i < CATALOGUE_METHODS; i++) {
                const bool *flag = (const bool *)((const char *)field + catalogue_methods[i].offset);
                if (!*flag)
                        continue;
                buf_printf(out, "%s%s", blank, catalogue_methods[i].word);
                blank = " ";
        }
}

static res catalogue_read_strs(struct catalogue_file *file, struct arena *arena, const struct catalogue_key *key,
                               void *field, const char *value)
{
        struct strs *list = field;
        struct str rest = str_of(value);
        struct str *v = arena_array_of(arena, strlen(value) / 2 + 1, struct str);
        size_t n = 0;

        (void)file;
        (void)key;
        while (rest.p) {
                struct str item = str_trim(str_cut(&rest, ' '));
                if (!str_is_empty(item))
                        v[n++] = str_dup(arena, item);
        }
        *list = (struct strs){v, n};
        return RES_OK;
}

static void catalogue_write_strs(struct buf *out, const struct catalogue_key *key, const void *field)
{
        const struct strs *list = field;

        (void)key;
        for (size_t i = 0; i < list->n; i++) {
                buf_add_text(out, i ? " " : "");
                buf_add_str(out, list->v[i]);
        }
}

/* Several of the key's words. */
static res catalogue_read_words(struct catalogue_file *file, struct arena *arena, const struct catalogue_key *key,
                                void *field, const char *value)
{
        struct strs *list = field;
        int64_t place;

        TRY(catalogue_read_strs(file, arena, key, field, value));
        for (size_t i = 0; i < list->n; i++)
                TRY(catalogue_word(file, key, arena_strndup(arena, list->v[i].p, list->v[i].n), &place));
        return RES_OK;
}

/* Whole numbers between the key's limits, rising: "12 24 36". */
static res catalogue_read_ints(struct catalogue_file *file, struct arena *arena, const struct catalogue_key *key,
                               void *field, const char *value)
{
        struct ints *list = field;
        struct str rest = str_of(value);
        int64_t *v = arena_array_of(arena, strlen(value) / 2 + 1, int64_t);
        size_t n = 0;

        while (rest.p) {
                struct str item = str_trim(str_cut(&rest, ' '));
                if (str_is_empty(item))
                        continue;
                TRY(catalogue_file_number(file, key->name, arena_strndup(arena, item.p, item.n), key->min, key->max,
                                          v + n));
                if (n > 0 && v[n] <= v[n - 1])
                        return catalogue_file_fail(file, "%s = %.60s: write the numbers in rising order.", key->name,
                                                   value);
                n++;
        }
        *list = (struct ints){v, n};
        return RES_OK;
}

static void catalogue_write_ints(struct buf *out, const struct catalogue_key *key, const void *field)
{
        const struct ints *list = field;

        (void)key;
        for (size_t i = 0; i < list->n; i++)
                buf_printf(out, "%s%lld", i ? " " : "", (long long)list->v[i]);
}

const struct catalogue_kind catalogue_kind_text = {catalogue_read_text, catalogue_write_text};
const struct catalogue_kind catalogue_kind_name = {catalogue_read_name, catalogue_write_text};
const struct catalogue_kind catalogue_kind_names = {catalogue_read_names, catalogue_write_text};
const struct catalogue_kind catalogue_kind_bool = {catalogue_read_bool, catalogue_write_bool};
const struct catalogue_kind catalogue_kind_number = {catalogue_read_number, catalogue_write_number};
const struct catalogue_kind catalogue_kind_word = {catalogue_read_word, catalogue_write_text};
const struct catalogue_kind catalogue_kind_place = {catalogue_read_place, catalogue_write_place};
const struct catalogue_kind catalogue_kind_methods = {catalogue_read_methods, catalogue_write_methods};
const struct catalogue_kind catalogue_kind_strs = {catalogue_read_strs, catalogue_write_strs};
const struct catalogue_kind catalogue_kind_words = {catalogue_read_words, catalogue_write_strs};
const struct catalogue_kind catalogue_kind_ints = {catalogue_read_ints, catalogue_write_ints};
