/*
 * Reading the catalogue's files: INI sections by inih with the line number at hand, and plain lists.
 * Whatever is wrong is told once, as "file:line: what; mend", and reading stops.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/res.h"
#include "base/str.h"

struct catalogue_file {
        const char *path;
        int line;        /* of the entry being handled */
        struct buf *why; /* "" until something is wrong */
        res (*entry)(struct catalogue_file *file, const char *section, const char *key, const char *value);
        void *to; /* what `entry` fills */
        void *stream;
        res result;
};

/* "path:line: …" into why; ERR_CONFIG. */
MUST res catalogue_file_fail(struct catalogue_file *file, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
/* Call file->entry for each `key = value` below a section.  Set path, why, entry and to before. */
MUST res catalogue_file_read(struct catalogue_file *file);
/*
 * Append a list file's entries, one a line, lower-cased, `#` begins a comment, a dot in front of an entry is
 * dropped.  `alphabet`: the bytes an entry may have.
 */
MUST res catalogue_file_list(struct arena *arena, const char *path, const char *alphabet, struct strs *list,
                             struct buf *why);
/* Values, refused with a sentence: yes or no; a whole number between min and max. */
MUST res catalogue_file_bool(struct catalogue_file *file, const char *key, const char *value, bool *ret_value);
MUST res catalogue_file_number(struct catalogue_file *file, const char *key, const char *value, int64_t min,
                               int64_t max, int64_t *ret_value);
