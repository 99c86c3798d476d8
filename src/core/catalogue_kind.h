/* Kinds of values in products.ini.  Used by catalogue_product.c alone. */
#pragma once

#include <stddef.h>

#include "core/catalogue_product.h"

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

/* text; name of small letters; names; yes or no; number; one of the words, as text; its place from 1 on */
extern const struct catalogue_kind catalogue_kind_text, catalogue_kind_name, catalogue_kind_names, catalogue_kind_bool,
        catalogue_kind_number, catalogue_kind_word, catalogue_kind_place;
/* flags for the methods; list of any words; list out of the key's words; list of rising numbers */
extern const struct catalogue_kind catalogue_kind_methods, catalogue_kind_strs, catalogue_kind_words, catalogue_kind_ints;
