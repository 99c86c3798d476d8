/*
 * Printing.  Texts that come from a server are foreign: control bytes never reach a terminal.
 */
#include "ctl/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "ctl/client.h"

/* Columns on the terminal; a byte that is no character counts as one. */
static size_t text_width(const char *text)
{
        mbstate_t state = {0};
        size_t width = 0, left = strlen(text);

        while (left > 0) {
                wchar_t wc;
                size_t n = mbrtowc(&wc, text, left, &state);
                int w = 1;

                if (n == 0 || n > left) {
                        n = 1;
                        state = (mbstate_t){0};
                } else {
                        w = wcwidth(wc);
                }
                width += w > 0 ? (size_t)w : 0;
                text += n;
                left -= n;
        }
        return width;
}

static void put_text(FILE *file, const char *text)
{
        for (; *text != '\0'; text++)
                (void)fputc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, file);
}

static void put_blanks(FILE *file, size_t n)
{
        while (n-- > 0)
                (void)fputc(' ', file);
}

static size_t column_width(const char *const *cells, size_t columns, size_t rows, size_t column)
{
        size_t widest = 0;

        for (size_t row = 0; row < rows; row++) {
                size_t width = text_width(cells[row * columns + column]);

                widest = width > widest ? width : widest;
        }
        return widest;
}

void output_table(FILE *file, const char *const *cells, size_t columns, size_t rows, const char *indent)
{
        for (size_t row = 0; row < rows; row++) {
                (void)fputs(indent, file);
                for (size_t column = 0; column < columns; column++) {
                        const char *cell = cells[row * columns + column];

                        put_text(file, cell);
                        if (column + 1 < columns)
                                put_blanks(file, column_width(cells, columns, rows, column) - text_width(cell) + 2);
                }
                (void)fputc('\n', file);
        }
}

#define PAIR_WIDTH 15

const char **output_cells(struct ctl *ctl, const char *const *heading, size_t columns, size_t count)
{
        const char **cells = arena_array_of(ctl->arena, (count + 1) * columns, const char *);

        memcpy(cells, heading, columns * sizeof *cells);
        return cells;
}

void output_members(struct ctl *ctl, const json_t *list, const char *const *heading, const char *const *members, size_t columns)
{
        size_t count = json_array_size(list);
        const char **cells = output_cells(ctl, heading, columns, count);

        for (size_t i = 0; i < count; i++)
                for (size_t k = 0; k < columns; k++)
                        cells[(i + 1) * columns + k] = json_text(json_array_get(list, i), members[k]);
        output_table(stdout, cells, columns, count + 1, "");
}

void output_pair(FILE *file, const char *name, const char *value)
{
        size_t n = strlen(name);

        if (value[0] == '\0')
                return;
        (void)fputs(name, file);
        put_blanks(file, n < PAIR_WIDTH ? PAIR_WIDTH - n : 1);
        put_text(file, value);
        (void)fputc('\n', file);
}

res output_json(struct ctl *ctl, const json_t *json, bool pretty)
{
        char *text = json_dumps(json, pretty ? JSON_INDENT(2) : JSON_COMPACT);

        if (text == NULL)
                return ctl_fail(ctl, ERR_MEMORY, "out of memory");
        (void)puts(text);
        free(text);
        /* A script that reads the first line must not wait for the second. */
        return output_finish(ctl);
}

static bool progress_shown; /* what stands on the terminal now; there is one terminal */

void output_progress(const char *format, ...)
{
        va_list args;
        char line[256];

        if (!isatty(STDERR_FILENO))
                return;
        va_start(args, format);
        (void)vsnprintf(line, sizeof(line), format, args);
        va_end(args);
        (void)fputs("\r\033[K", stderr);
        put_text(stderr, line);
        (void)fflush(stderr);
        progress_shown = true;
}

void output_progress_end(void)
{
        if (progress_shown)
                (void)fputs("\r\033[K", stderr);
        progress_shown = false;
}

res output_finish(struct ctl *ctl)
{
        if (fflush(stdout) == 0 && ferror(stdout) == 0)
                return RES_OK;
        return ctl_fail(ctl, ERR_IO, "cannot write the output: %s", strerror(errno));
}
