/*
 * Migrations: files NNNN_name.sql of one numbered sequence, each run once, in order, in a transaction of its own
 * together with the note that it ran.  The text is portable; for SQLite three words are exchanged:
 * a BIGINT PRIMARY KEY becomes the row id (saves an index), BYTEA becomes BLOB, and a table whose primary key is
 * marked "-- clustered" lies in the order of that key (saves another).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "store/sqlite.h"

#define MIGRATION_FILE_MAX (1024 * 1024)

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

static res run_file(struct store_conn *c, const char *path, const char *name, int64_t number)
{
        CLEAN(buf_done) struct buf text = {0}, note = {0};

        buf_init(&text, MIGRATION_FILE_MAX);
        buf_init(&note, 1024);
        TRY(read_file(path, &text));
        TRY(run_statements(c, buf_str(&text)));
        /* The name is digits, '_' and what the file system holds: quoted by doubling. */
        buf_printf(&note, "INSERT INTO schema_migration (number, name) VALUES (%lld, '", (long long)number);
        add_replacing(&note, name, "'", "''");
        buf_add_text(&note, "')");
        TRY(buf_check(&note));
        return conn_exec(c, buf_c(&note));
}

static res run_one(struct store_conn *c, const char *dir, const char *name, int64_t done, struct buf *why)
{
        CLEAN(buf_done) struct buf path = {0};
        int64_t number = 0;
        res r;

        TRY(str_to_int64((struct str){name, 4}, &number));
        if (number <= done)
                return RES_OK;
        buf_init(&path, 4096);
        buf_printf(&path, "%s/%s", dir, name);
        TRY(buf_check(&path));
        TRY(conn_exec(c, "BEGIN IMMEDIATE"));
        r = run_file(c, buf_c(&path), name, number);
        if (res_is_ok(r))
                r = conn_exec(c, "COMMIT");
        if (res_is_ok(r))
                return RES_OK;
        buf_printf(why, "migration %s: %s", name, sqlite3_errmsg(c->db));
        if (!sqlite3_get_autocommit(c->db))
                (void)sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
        return r;
}

static void names_free(struct dirent **names, int n)
{
        for (int i = 0; i < n; i++)
                free(names[i]);
        free(names);
}

static res run_all(struct store_conn *c, const char *dir, struct dirent **names, int n, struct buf *why)
{
        int64_t done = 0, newest = 0;

        TRY(conn_exec(c, sql_table));
        TRY(highest_run(c, &done));
        if (n > 0)
                TRY(str_to_int64((struct str){names[n - 1]->d_name, 4}, &newest));
        if (n == 0 || done > newest) {
                buf_printf(why, n == 0 ? "no migrations in %s" : "the database was made by a newer version than %s knows", dir);
                return FAIL(ERR_STORE);
        }
        for (int i = 0; i < n; i++)
                TRY(run_one(c, dir, names[i]->d_name, done, why));
        return RES_OK;
}

res migrate_run(struct store_conn *c, const char *dir, struct buf *why)
{
        struct dirent **names = NULL;
        int n = scandir(dir, &names, is_migration, alphasort);
        res r;

        if (n < 0) {
                buf_printf(why, "migrations in %s: %s", dir, strerror(errno));
                return FAIL(ERR_IO);
        }
        r = run_all(c, dir, names, n, why);
        names_free(names, n);
        return r;
}
