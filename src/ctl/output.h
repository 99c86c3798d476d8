/* What people and programs see: tables, lines, JSON, and a progress line that only a terminal gets. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "ctl/command.h"

/* Print rows × columns of cells, the first row being the heading, columns two blanks apart.  Control bytes become '?'. */
void output_table(FILE *file, const char *const *cells, size_t columns, size_t rows, const char *indent);
/* Cells for `count` rows below the heading, to be filled from the second row on; output_table gets count + 1 rows. */
const char **output_cells(struct ctl *ctl, const char *const *heading, size_t columns, size_t count);
/* A table of nothing but members that are text, one a column, of the objects in `list`. */
void output_members(struct ctl *ctl, const json_t *list, const char *const *heading, const char *const *members, size_t columns);
/* "Name:  value" with the values in one column. */
void output_pair(FILE *file, const char *name, const char *value);
/* One JSON document on a line of its own; `pretty` indents. */
MUST res output_json(struct ctl *ctl, const json_t *json, bool pretty);
/* The line that is written over itself on a terminal's stderr; nothing elsewhere. */
void output_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));
void output_progress_end(void);
/* Flush stdout and tell whether everything arrived: a full disk must not look like success.  ERR_IO. */
MUST res output_finish(struct ctl *ctl);
