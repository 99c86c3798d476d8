/*
 * Migrations: files NNNN_name.sql of one numbered sequence, each run once, in order, in a transaction of its own
 * together with the note that it ran.  The text is portable; for SQLite three words are exchanged:
 * a BIGINT PRIMARY KEY becomes the row id (saves an index), BYTEA becomes BLOB, and a table whose primary key is
 * marked "-- clustered" lies in the order of that key (saves another).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "store/sqlite.h"

#define MIGRATION_FILE_MAX (1024 * 1024)

struct migration {
        char name[256];
        int64_t number;
        struct buf text;
};

struct migrations {
        char *dir; /* for sentences */
        int n;
        struct migration v[];
};

static const char sql_table[] = "CREATE TABLE IF NOT EXISTS schema_migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL)";

static int is_migration(const struct dirent *entry)
{
        size_t n = strlen(entry->d_name);

        return n > 9 && strspn(entry->d_name, "0123456789") == 4 && entry->d_name[4] == '_' &&
               strcmp(entry->d_name + n - 4, ".sql") == 0;
}

static res read_file(const char *path, struct buf *text)
{
        CLEAN(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
        uint8_t chunk[8192];
        ssize_t n;

        ENSURE(fd >= 0, ERR_IO);
        while ((n = read(fd, chunk, sizeof(chunk))) > 0)
                buf_add(text, chunk, (size_t)n);
        ENSURE(n == 0, ERR_IO);
        return buf_check(text);
}

static void add_replacing(struct buf *out, const char *sql, const char *word, const char *by)
{
        for (const char *at; (at = strstr(sql, word)) != NULL; sql = at + strlen(word)) {
                buf_add(out, sql, (size_t)(at - sql));
                buf_add_text(out, by);
        }
        buf_add_text(out, sql);
}

/* One statement of the file, up to and without its final semicolon. */
static res statement_translate(struct str sql, struct buf *out)
{
        CLEAN(buf_done) struct buf first = {0}, second = {0};

        buf_init(&first, MIGRATION_FILE_MAX);
        buf_init(&second, MIGRATION_FILE_MAX);
        buf_add_str(&first, sql);
        add_replacing(&second, buf_c(&first), " BIGINT PRIMARY KEY", " INTEGER PRIMARY KEY");
        add_replacing(out, buf_c(&second), " BYTEA ", " BLOB ");
        if (strstr(buf_c(&first), "-- clustered"))
                buf_add_text(out, " WITHOUT ROWID");
        TRY(buf_check(&first));
        TRY(buf_check(&second));
        return buf_check(out);
}

static res run_statements(struct store_conn *c, struct str text)
{
        static const struct str end = {";\n", 2};
        const char *at;

        while ((at = memmem(text.p, text.n, end.p, end.n)) != NULL) {
                CLEAN(buf_done) struct buf sql = {0};
                size_t n = (size_t)(at - text.p);

                buf_init(&sql, MIGRATION_FILE_MAX);
                TRY(statement_translate((struct str){text.p, n}, &sql));
                TRY(conn_exec(c, buf_c(&sql)));
                text = (struct str){at + end.n, text.n - n - end.n};
        }
        return RES_OK;
}

static res highest_run(struct store_conn *c, int64_t *ret_number)
{
        sqlite3_stmt *stmt = NULL;
        int rc = sqlite3_prepare_v2(c->db, "SELECT COALESCE(MAX(number), 0) FROM schema_migration", -1, &stmt, NULL);

        if (rc == SQLITE_OK)
                rc = sqlite3_step(stmt);
        if (rc == SQLITE_ROW)
                *ret_number = sqlite3_column_int64(stmt, 0);
        sqlite3_finalize(stmt);
        return rc == SQLITE_ROW ? RES_OK : conn_failure(c, rc);
}

static res run_text(struct store_conn *c, const struct migration *migration)
{
        CLEAN(buf_done) struct buf note = {0};

        buf_init(&note, 1024);
        TRY(run_statements(c, buf_str(&migration->text)));
        /* The name is digits, '_' and what the file system holds: quoted by doubling. */
        buf_printf(&note, "INSERT INTO schema_migration (number, name) VALUES (%lld, '", (long long)migration->number);
        add_replacing(&note, migration->name, "'", "''");
        buf_add_text(&note, "')");
        TRY(buf_check(&note));
        return conn_exec(c, buf_c(&note));
}

static res run_one(struct store_conn *c, const struct migration *migration, int64_t done, struct buf *why)
{
        if (migration->number <= done)
                return RES_OK;
        TRY(conn_exec(c, "BEGIN IMMEDIATE"));
        res r = run_text(c, migration);
        if (res_is_ok(r))
                r = conn_exec(c, "COMMIT");
        if (res_is_ok(r))
                return RES_OK;
        buf_printf(why, "migration %s: %s", migration->name, sqlite3_errmsg(c->db));
        if (!sqlite3_get_autocommit(c->db))
                (void)sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
        return r;
}

res migrate_run(struct store_conn *c, const struct migrations *migrations, struct buf *why)
{
        int n = migrations->n;
        int64_t done = 0;

        TRY(conn_exec(c, sql_table));
        TRY(highest_run(c, &done));
        if (n == 0 || done > migrations->v[n - 1].number) {
                buf_printf(why, n == 0 ? "no migrations in %s" : "the database was made by a newer version than %s knows",
                           migrations->dir);
                return FAIL(ERR_STORE);
        }
        for (int i = 0; i < n; i++)
                TRY(run_one(c, &migrations->v[i], done, why));
        return RES_OK;
}

/* ---- reading them ------------------------------------------------------------------------------------ */

static res read_one(const char *dir, const char *name, struct migration *migration, struct buf *why)
{
        CLEAN(buf_done) struct buf path = {0};

        buf_init(&migration->text, MIGRATION_FILE_MAX);
        buf_init(&path, 4096);
        buf_printf(&path, "%s/%s", dir, name);
        TRY(buf_check(&path));
        TRY(str_to_int64((struct str){name, 4}, &migration->number));
        snprintf(migration->name, sizeof(migration->name), "%s", name);
        res r = read_file(buf_c(&path), &migration->text);
        if (!res_is_ok(r))
                buf_printf(why, "%s cannot be read", buf_c(&path));
        return r;
}

static void names_free(struct dirent **names, int n)
{
        for (int i = 0; i < n; i++)
                free(names[i]);
        free(names);
}

static res read_all(const char *dir, struct dirent **names, int n, struct migrations **ret_migrations, struct buf *why)
{
        CLEAN(migrations_free_ptr)
        struct migrations *migrations = calloc(1, sizeof(*migrations) + (size_t)n * sizeof(struct migration));

        ENSURE(migrations, ERR_MEMORY);
        migrations->dir = strdup(dir);
        ENSURE(migrations->dir, ERR_MEMORY);
        for (; migrations->n < n; migrations->n++)
                TRY(read_one(dir, names[migrations->n]->d_name, &migrations->v[migrations->n], why));
        *ret_migrations = migrations;
        migrations = NULL;
        return RES_OK;
}

res migrations_read(const char *dir, struct buf *why, struct migrations **ret_migrations)
{
        struct dirent **names = NULL;
        int n = scandir(dir, &names, is_migration, alphasort);

        if (n < 0) {
                buf_printf(why, "migrations in %s: %s", dir, strerror(errno));
                return FAIL(ERR_IO);
        }
        res r = read_all(dir, names, n, ret_migrations, why);
        names_free(names, n);
        return r;
}

void migrations_free(struct migrations *migrations)
{
        if (!migrations)
                return;
        for (int i = 0; i < migrations->n; i++)
                buf_done(&migrations->v[i].text);
        free(migrations->dir);
        free(migrations);
}

void migrations_free_ptr(struct migrations **migrations)
{
        migrations_free(*migrations);
}
