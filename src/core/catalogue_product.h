/* One product's row: a table of keys reads it, checks it and writes its canonical text.  Used by catalogue.c alone. */
#pragma once

#include "core/catalogue.h"
#include "core/catalogue_file.h"

struct catalogue_brand {
        const char *name, *source;
        bool www_free, parent_free;
        unsigned seen; /* keys met, by bit */
};

struct catalogue_row {
        struct product product;
        const char *words, *suffixes; /* names of lists, blank between them */
        unsigned long seen;           /* keys met, by their place in the table */
        unsigned long like;           /* keys of the row that this one is like */
        int line;                     /* of the section's first key */
};

/* Set one key of a row.  file->why explains: no such key, twice, bad value. */
MUST res catalogue_product_set(struct catalogue_file *file, struct arena *arena, struct catalogue_row *row,
                               const char *key, const char *value);
/* `like = N`: begin as a copy of another row, its ProductPid and its
 * recommendation left out, which belong to one row. */
void catalogue_product_like(struct catalogue_row *row, const struct catalogue_row *other);
/* What the rest of the row answers: standard, keys, hashes, terms, … where the file says nothing. */
void catalogue_product_fill(struct arena *arena, struct catalogue_row *row);
/* Every key that must be there is there, and they fit together. */
MUST res catalogue_product_check(struct catalogue_file *file, const struct catalogue_row *row);
bool catalogue_product_has(const struct catalogue_row *row, const char *key);
/* The text of an order's row, taken apart again.  ERR_CONFIG. */
MUST res catalogue_product_parse(struct arena *arena, struct str text, struct catalogue_row *row);
/* `key = value` lines in the table's order, brand's answers included: what an order keeps. */
const char *catalogue_product_text(struct arena *arena, const struct catalogue_row *row);
