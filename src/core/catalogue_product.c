/*
 * The table of a product's keys.  Each kind of value knows how to be read and how to be written again, so that
 * the text an order keeps is the same whatever blanks and order the file had.
 */
#include "core/catalogue_product.h"

#include <stddef.h>
#include <stdio.h>

#include "base/limits.h"

#define CATALOGUE_TEXT_BYTES 4096 /* a row is under 1 KB */

struct catalogue_key;

struct catalogue_kind {
        res (*read)(struct catalogue_file *file, struct arena *arena, const struct catalogue_key *key, void *field,
                    const char *value);
        void (*write)(struct buf *out, const struct catalogue_key *key, const void *field);
};

struct catalogue_key {
        const char *name;
        const struct catalogue_kind *kind;
        size_t offset; /* in struct catalogue_row */
        bool optional; /* the brand, or "no", answers when it is absent */
        int64_t min, max;
        const char *const *words; /* what the value may be, NULL ends; for numbers: the name of 1, 2, … */
};

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

        (void)key;
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
        while (rest.p) {
                struct str word = str_trim(str_cut(&rest, ' '));
                bool *flag = str_is_empty(word) ? NULL : catalogue_method(field, word);
                if (!str_is_empty(word) && !flag)
                        return catalogue_file_fail(file, "%s: \"%.*s\" is none of DNS, FILE, AUTO.", key->name,
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

static const struct catalogue_kind kind_text = {catalogue_read_text, catalogue_write_text};
static const struct catalogue_kind kind_name = {catalogue_read_name, catalogue_write_text};
static const struct catalogue_kind kind_names = {catalogue_read_names, catalogue_write_text};
static const struct catalogue_kind kind_bool = {catalogue_read_bool, catalogue_write_bool};
static const struct catalogue_kind kind_number = {catalogue_read_number, catalogue_write_number};
static const struct catalogue_kind kind_word = {catalogue_read_word, catalogue_write_text};
static const struct catalogue_kind kind_place = {catalogue_read_place, catalogue_write_place};
static const struct catalogue_kind kind_methods = {catalogue_read_methods, catalogue_write_methods};
static const struct catalogue_kind kind_strs = {catalogue_read_strs, catalogue_write_strs};

static const char *const words_level[] = {"DV", "OV", "EV", NULL};
static const char *const words_record[] = {"TXT", "CNAME", NULL};
static const char *const words_domains[] = {"single", "multi", "wildcard", "multi-wildcard", NULL};

#define KEY(name_, kind_, member, ...) \
        { \
                .name = (name_), .kind = &(kind_), .offset = offsetof(struct catalogue_row, member), ##__VA_ARGS__ \
        }
static const struct catalogue_key catalogue_keys[] = {
        KEY("name", kind_text, product.name),
        KEY("brand", kind_text, product.brand),
        KEY("source", kind_name, product.source, .optional = true),
        KEY("level", kind_word, product.level, .words = words_level),
        KEY("free", kind_bool, product.is_free),
        KEY("default", kind_bool, product.is_default, .optional = true),
        KEY("domains", kind_place, product.domain_type, .words = words_domains),
        KEY("max-domains", kind_number, product.domain_max, .min = 1, .max = LIMIT_NAMES_PER_CERT),
        KEY("validity-months", kind_number, product.validity_months, .min = 1, .max = 60),
        KEY("life-days", kind_number, product.life_days, .min = 1, .max = 3650),
        KEY("deadline-days", kind_number, product.deadline_days, .min = 1, .max = 365),
        KEY("dns-record", kind_word, product.dns_record, .words = words_record),
        {.name = "methods", .kind = &kind_methods, .offset = 0},
        KEY("ip", kind_bool, product.allows_ip),
        KEY("www", kind_bool, product.www_free, .optional = true),
        KEY("parent", kind_bool, product.parent_free, .optional = true),
        KEY("issuer-rsa", kind_name, product.issuer_rsa),
        KEY("issuer-ecc", kind_name, product.issuer_ecc),
        KEY("profile", kind_name, product.profile),
        KEY("caa", kind_strs, product.caa_identities, .optional = true),
        KEY("words", kind_names, words, .optional = true),
        KEY("suffixes", kind_names, suffixes, .optional = true),
};
#define CATALOGUE_KEYS (sizeof catalogue_keys / sizeof *catalogue_keys)

static size_t catalogue_key_place(const char *name)
{
        size_t i = 0;

        while (i < CATALOGUE_KEYS && strcmp(catalogue_keys[i].name, name) != 0)
                i++;
        return i;
}

res catalogue_product_set(struct catalogue_file *file, struct arena *arena, struct catalogue_row *row, const char *key,
                          const char *value)
{
        size_t i = catalogue_key_place(key);
        const struct catalogue_key *known = catalogue_keys + i;

        if (i == CATALOGUE_KEYS)
                return catalogue_file_fail(file, "a product has no key \"%.60s\"; the head of the file lists them.",
                                           key);
        if (row->seen & (1UL << i))
                return catalogue_file_fail(file, "\"%s\" stands twice in [product %s]; leave one of them out.", key,
                                           row->product.package_type);
        row->seen |= 1UL << i;
        return known->kind->read(file, arena, known, (char *)row + known->offset, value);
}

bool catalogue_product_has(const struct catalogue_row *row, const char *key)
{
        return (row->seen & (1UL << catalogue_key_place(key))) != 0;
}

res catalogue_product_check(struct catalogue_file *file, const struct catalogue_row *row)
{
        const struct product *product = &row->product;
        bool is_many = product->domain_type == 2 || product->domain_type == 4;

        for (size_t i = 0; i < CATALOGUE_KEYS; i++)
                if (!catalogue_keys[i].optional && !(row->seen & (1UL << i)))
                        return catalogue_file_fail(file, "[product %s] has no \"%s\"; add it.", product->package_type,
                                                   catalogue_keys[i].name);
        if (!is_many && product->domain_max != 1)
                return catalogue_file_fail(file,
                                           "[product %s]: max-domains must be 1 unless domains is multi or "
                                           "multi-wildcard.",
                                           product->package_type);
        if (!product->allows_dns && !product->allows_file && !product->allows_auto)
                return catalogue_file_fail(file, "[product %s]: methods names none of DNS, FILE, AUTO.",
                                           product->package_type);
        if (product->is_default && !product->is_free)
                return catalogue_file_fail(file, "[product %s]: only a free product can be the default.",
                                           product->package_type);
        return RES_OK;
}

const char *catalogue_product_text(struct arena *arena, const struct catalogue_row *row)
{
        CLEAN(buf_done) struct buf out = {0};

        buf_init(&out, CATALOGUE_TEXT_BYTES);
        buf_printf(&out, "[product %s]\n", row->product.package_type);
        for (size_t i = 0; i < CATALOGUE_KEYS; i++) {
                buf_printf(&out, "%s = ", catalogue_keys[i].name);
                catalogue_keys[i].kind->write(&out, catalogue_keys + i, (const char *)row + catalogue_keys[i].offset);
                buf_add_byte(&out, '\n');
        }
        return arena_strndup(arena, buf_c(&out), out.n);
}
