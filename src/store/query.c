/*
 * One run of a statement: bind in order, step, read.  The first failure sticks, so that a caller binds without
 * asking after each value.  Rows are read and bound by a table of columns, so that no struct is copied field by field.
 */
#include <assert.h>

#include "store/sqlite.h"

static void query_fail(struct query *q, int rc)
{
        if (q->error == ERR_NONE)
                q->error = conn_failure(q->c, rc).err;
}

void query_int(struct query *q, int64_t v)
{
        if (q->error != ERR_NONE)
                return;
        int rc = sqlite3_bind_int64(q->stmt, ++q->bound, v);
        if (rc != SQLITE_OK)
                query_fail(q, rc);
}

void query_str(struct query *q, struct str v)
{
        if (q->error != ERR_NONE)
                return;
        int rc = sqlite3_bind_text64(q->stmt, ++q->bound, v.p ? v.p : "", v.n, SQLITE_STATIC, SQLITE_UTF8);
        if (rc != SQLITE_OK)
                query_fail(q, rc);
}

void query_bytes(struct query *q, struct bytes v)
{
        if (q->error != ERR_NONE)
                return;
        int rc = sqlite3_bind_blob64(q->stmt, ++q->bound, v.p ? (const void *)v.p : "", v.n, SQLITE_STATIC);
        if (rc != SQLITE_OK)
                query_fail(q, rc);
}

static const void *member_of(const void *row, const struct column *column)
{
        return (const char *)row + column->offset;
}

void query_row(struct query *q, const struct column *columns, const void *row)
{
        for (; columns->name; columns++) {
                const void *member = member_of(row, columns);
                switch (columns->kind) {
                case COLUMN_INT:
                        query_int(q, *(const int64_t *)member);
                        break;
                case COLUMN_TEXT:
                        query_str(q, *(const struct str *)member);
                        break;
                case COLUMN_BYTES:
                        query_bytes(q, *(const struct bytes *)member);
                        break;
                }
        }
}

void query_done(struct query *q)
{
        if (q->stmt)
                sqlite3_reset(q->stmt);
        q->stmt = NULL;
}

res query_step(struct query *q, bool *ret_row)
{
        int rc;

        if (q->error != ERR_NONE) {
                query_done(q);
                return FAIL(q->error);
        }
        assert(q->stmt && q->bound == sqlite3_bind_parameter_count(q->stmt));
        rc = sqlite3_step(q->stmt);
        *ret_row = rc == SQLITE_ROW;
        if (rc == SQLITE_ROW)
                return RES_OK;
        if (rc != SQLITE_DONE)
                query_fail(q, rc);
        query_done(q);
        return FAIL(q->error);
}

int64_t query_get_int(const struct query *q, int i)
{
        return sqlite3_column_int64(q->stmt, i);
}

struct str query_get_str(const struct query *q, int i)
{
        const char *text = (const char *)sqlite3_column_text(q->stmt, i);

        return (struct str){text ? text : "", (size_t)sqlite3_column_bytes(q->stmt, i)};
}

struct bytes query_get_bytes(const struct query *q, int i)
{
        const uint8_t *bytes = sqlite3_column_blob(q->stmt, i);

        return (struct bytes){bytes ? bytes : (const uint8_t *)"", (size_t)sqlite3_column_bytes(q->stmt, i)};
}

static struct str copy_text(struct arena *a, struct str s)
{
        return (struct str){s.n ? arena_strndup(a, s.p, s.n) : "", s.n};
}

static struct bytes copy_bytes(struct arena *a, struct bytes b)
{
        return (struct bytes){b.n ? arena_copy(a, b.p, b.n) : (const void *)"", b.n};
}

static void query_read(const struct query *q, struct arena *a, const struct column *columns, void *ret_row)
{
        for (int i = 0; columns[i].name; i++) {
                void *member = (char *)ret_row + columns[i].offset;
                switch (columns[i].kind) {
                case COLUMN_INT:
                        *(int64_t *)member = query_get_int(q, i);
                        break;
                case COLUMN_TEXT:
                        *(struct str *)member = copy_text(a, query_get_str(q, i));
                        break;
                case COLUMN_BYTES:
                        *(struct bytes *)member = copy_bytes(a, query_get_bytes(q, i));
                        break;
                }
        }
}

void row_copy(struct arena *a, const struct column *columns, void *row)
{
        for (int i = 0; columns[i].name; i++) {
                void *member = (char *)row + columns[i].offset;

                if (columns[i].kind == COLUMN_TEXT)
                        *(struct str *)member = copy_text(a, *(struct str *)member);
                else if (columns[i].kind == COLUMN_BYTES)
                        *(struct bytes *)member = copy_bytes(a, *(struct bytes *)member);
        }
}

res query_run(struct query *q)
{
        bool row = true;

        while (row)
                TRY(query_step(q, &row));
        return RES_OK;
}

res query_run_count(struct query *q, int64_t *ret_changed)
{
        sqlite3 *db = q->c->db;

        TRY(query_run(q));
        *ret_changed = sqlite3_changes64(db);
        return RES_OK;
}

res query_run_one(struct query *q)
{
        int64_t changed = 0;

        TRY(query_run_count(q, &changed));
        ENSURE(changed > 0, ERR_NOT_FOUND);
        return RES_OK;
}

res query_get(struct query *q, struct arena *a, const struct column *columns, void *ret_row)
{
        bool row = false;

        TRY(query_step(q, &row));
        ENSURE(row, ERR_NOT_FOUND);
        query_read(q, a, columns, ret_row);
        query_done(q);
        return RES_OK;
}

res query_value(struct query *q, int64_t *ret_value)
{
        bool row = false;

        TRY(query_step(q, &row));
        ENSURE(row, ERR_NOT_FOUND);
        *ret_value = query_get_int(q, 0);
        query_done(q);
        return RES_OK;
}

/* Rows grow in the arena by doubling: what is left behind is at most as large as what is kept. */
static void *list_grow(struct arena *a, void *rows, size_t row_size, size_t n, size_t *capacity)
{
        void *grown;

        if (n < *capacity)
                return rows;
        *capacity = *capacity ? *capacity * 2 : 8;
        grown = arena_alloc_array(a, *capacity, row_size);
        if (n)
                memcpy(grown, rows, n * row_size);
        return grown;
}

res query_list(struct query *q, struct arena *a, const struct column *columns, size_t row_size, const void **ret_rows,
               size_t *ret_n)
{
        void *rows = NULL;
        size_t n = 0, capacity = 0;
        bool row = false;

        for (;;) {
                TRY(query_step(q, &row));
                if (!row)
                        break;
                rows = list_grow(a, rows, row_size, n, &capacity);
                query_read(q, a, columns, (char *)rows + n * row_size);
                n++;
        }
        *ret_rows = rows;
        *ret_n = n;
        return RES_OK;
}
