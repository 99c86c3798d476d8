/*
 * Debian's inih tells its handler no line number, so the lines are counted where they are read.
 */
#include "core/catalogue_file.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>

#define CATALOGUE_LINE_BYTES 200     /* inih's INI_MAX_LINE: a longer line would be cut in two */
#define CATALOGUE_LIST_ENTRIES 10000 /* a list of words is looked through for each application */

static void catalogue_fclose(FILE **file)
{
        if (*file)
                (void)fclose(*file);
}

__attribute__((format(printf, 2, 0))) static void catalogue_file_explain(struct catalogue_file *file,
                                                                         const char *format, va_list args)
{
        char sentence[400];

        (void)vsnprintf(sentence, sizeof sentence, format, args);
        buf_printf(file->why, "%s:%d: %s", file->path, file->line, sentence);
}

res catalogue_file_fail(struct catalogue_file *file, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        catalogue_file_explain(file, format, args);
        va_end(args);
        return FAIL(ERR_CONFIG);
}

/* inih's ini_reader. */
static char *catalogue_next_line(char *line, int size, void *to)
{
        struct catalogue_file *file = to;
        size_t n;

        if (!res_is_ok(file->result) || !fgets(line, size, file->stream))
                return NULL;
        file->line++;
        n = strlen(line);
        if (n + 1 == (size_t)size && line[n - 1] != '\n') {
                file->result = catalogue_file_fail(file, "the line is longer than %d bytes; shorten it.", size - 2);
                return NULL;
        }
        return line;
}

/* inih's ini_handler: 1 = good. */
static int catalogue_handle(void *to, const char *section, const char *key, const char *value)
{
        struct catalogue_file *file = to;

        if (res_is_ok(file->result))
                file->result = file->entry(file, section, key, value);
        return res_is_ok(file->result);
}

res catalogue_file_read(struct catalogue_file *file)
{
        CLEAN(catalogue_fclose) FILE *stream = fopen(file->path, "re");
        int bad_line;

        if (!stream) {
                buf_printf(file->why, "%s: %s; catalogue.dir must name the catalogue's directory.", file->path,
                           strerror(errno));
                return FAIL(ERR_CONFIG);
        }
        file->stream = stream;
        file->line = 0;
        file->result = RES_OK;
        bad_line = ini_parse_stream(catalogue_next_line, file, catalogue_handle, file);
        file->stream = NULL;
        TRY(file->result);
        if (bad_line < 0)
                return FAIL(ERR_MEMORY);
        file->line = bad_line;
        if (bad_line > 0)
                return catalogue_file_fail(file, "this is neither [section] nor key = value.");
        return RES_OK;
}

static MUST res catalogue_list_add(struct catalogue_file *file, struct arena *arena, struct str line,
                                   const char *alphabet, struct str *slots, size_t *count)
{
        struct str entry = str_trim(str_cut(&line, '#'));
        char *copy;

        if (entry.n > 0 && entry.p[0] == '.')
                entry = (struct str){entry.p + 1, entry.n - 1};
        if (str_is_empty(entry))
                return RES_OK;
        copy = arena_strndup(arena, entry.p, entry.n);
        str_lower_ascii(copy, entry.n);
        if (strspn(copy, alphabet) != entry.n)
                return catalogue_file_fail(file, "\"%.60s\" holds other bytes than %s.", copy, alphabet);
        if (*count == CATALOGUE_LIST_ENTRIES)
                return catalogue_file_fail(file, "the list has more than %d entries.", CATALOGUE_LIST_ENTRIES);
        slots[(*count)++] = (struct str){copy, entry.n};
        return RES_OK;
}

static void catalogue_list_join(struct arena *arena, struct strs *list, const struct str *added, size_t count)
{
        struct str *all = arena_array_of(arena, list->n + count + 1, struct str);

        if (list->n > 0)
                memcpy(all, list->v, list->n * sizeof *all);
        if (count > 0)
                memcpy(all + list->n, added, count * sizeof *all);
        *list = (struct strs){all, list->n + count};
}

static void catalogue_free_slots(struct str **slots)
{
        free(*slots);
}

res catalogue_file_list(struct arena *arena, const char *path, const char *alphabet, struct strs *list, struct buf *why)
{
        struct catalogue_file file = {.path = path, .why = why};
        CLEAN(catalogue_fclose) FILE *stream = fopen(path, "re");
        CLEAN(catalogue_free_slots) struct str *slots = calloc(CATALOGUE_LIST_ENTRIES, sizeof *slots);
        char line[CATALOGUE_LINE_BYTES];
        size_t count = 0;

        ENSURE(slots, ERR_MEMORY);
        if (!stream) {
                buf_printf(why, "%s: %s; name a list that is there.", path, strerror(errno));
                return FAIL(ERR_CONFIG);
        }
        while (fgets(line, sizeof line, stream)) {
                size_t n = strcspn(line, "\r\n");
                file.line++;
                if (line[n] == '\0' && !feof(stream))
                        return catalogue_file_fail(&file, "the line is longer than %zu bytes; shorten it.",
                                                   sizeof line - 2);
                TRY(catalogue_list_add(&file, arena, (struct str){line, n}, alphabet, slots, &count));
        }
        if (ferror(stream)) {
                buf_printf(why, "%s: %s.", path, strerror(errno));
                return FAIL(ERR_CONFIG);
        }
        catalogue_list_join(arena, list, slots, count);
        return RES_OK;
}

res catalogue_file_bool(struct catalogue_file *file, const char *key, const char *value, bool *ret_value)
{
        bool yes = strcmp(value, "yes") == 0;

        if (!yes && strcmp(value, "no") != 0)
                return catalogue_file_fail(file, "%s = %.60s: write yes or no.", key, value);
        *ret_value = yes;
        return RES_OK;
}

res catalogue_file_number(struct catalogue_file *file, const char *key, const char *value, int64_t min, int64_t max,
                          int64_t *ret_value)
{
        int64_t number = 0;

        if (!res_is_ok(str_to_int64(str_of(value), &number)) || number < min || number > max)
                return catalogue_file_fail(file, "%s = %.60s: write a whole number from %lld to %lld.", key, value,
                                           (long long)min, (long long)max);
        *ret_value = number;
        return RES_OK;
}
