/*
 * Connections.  Every one is set up alike: WAL, a sync at each commit, foreign keys on, little cache (the kernel's
 * page cache is shared by all of them, ours is not).  Statements are written portably; the one thing that SQLite
 * reads otherwise, the numbering of $n, is rewritten here.
 */
#include "store/sqlite.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/group.h"
#include "store/wal.h"

#define BUSY_TIMEOUT_MS 5000
#define SQL_TEXT_MAX 8192
#define TEXT(number) #number
#define TEXT_OF(macro) TEXT(macro)

static const char *const settings[] = {
        [CONN_WRITER] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                        "PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=" TEXT_OF(LOG_KEEP_BYTES) "; PRAGMA temp_store=MEMORY;"
                        "PRAGMA cache_size=-16384; PRAGMA cache_spill=OFF;",
        [CONN_READER] = "PRAGMA query_only=ON; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-2048;",
        [CONN_CHECKPOINT] = "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-64;",
};

static const char *const controls[CONTROL_END] = {
        [CONTROL_BEGIN] = "BEGIN IMMEDIATE",
        [CONTROL_SAVEPOINT] = "SAVEPOINT one",
        [CONTROL_RELEASE] = "RELEASE one",
        [CONTROL_ROLLBACK_TO] = "ROLLBACK TO one",
        [CONTROL_COMMIT] = "COMMIT",
        [CONTROL_SNAPSHOT] = "BEGIN",
};

static void fatal_default(const char *why)
{
        fprintf(stderr, "store: %s\n", why);
        _exit(1);
}

static bool prepared_init(struct store_conn *c)
{
        for (size_t i = 0; i < SQL_SET_END; i++) {
                c->prepared[i] = calloc(sql_sets[i]->n, sizeof(sqlite3_stmt *));
                if (!c->prepared[i])
                        return false;
        }
        return true;
}

/*
 * A directory that is reached by a descriptor alone (the way to it is closed to us) has no path that SQLite could look for
 * links in: such a name is taken as it is.
 */
#define BY_DESCRIPTOR "/proc/self/fd/"

static int name_as_it_is(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
        (void)vfs;
        return snprintf(out, (size_t)size, "%s", name) < size ? SQLITE_OK : SQLITE_CANTOPEN;
}

static sqlite3_vfs by_descriptor;

static void by_descriptor_register(void)
{
        by_descriptor = *sqlite3_vfs_find(NULL);
        by_descriptor.zName = "by-descriptor";
        by_descriptor.xFullPathname = name_as_it_is;
        (void)sqlite3_vfs_register(&by_descriptor, /* makeDflt= */ 0);
}

static const char *base_vfs_for(const struct store_options *options)
{
        static pthread_once_t once = PTHREAD_ONCE_INIT;

        if (options->vfs || strncmp(options->path, BY_DESCRIPTOR, strlen(BY_DESCRIPTOR)) != 0)
                return options->vfs;
        pthread_once(&once, by_descriptor_register);
        return by_descriptor.zName;
}

res conn_open(const struct store_options *options, enum conn_kind kind, struct store_conn **ret_conn)
{
        CLEAN(conn_close_ptr) struct store_conn *c = calloc(1, sizeof(*c));
        int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
        const char *vfs;
        int rc;

        ENSURE(c, ERR_MEMORY);
        ENSURE(prepared_init(c), ERR_MEMORY);
        c->is_writer = kind == CONN_WRITER;
        c->on_fatal = options->on_fatal ? options->on_fatal : fatal_default;
        if (c->is_writer)
                flags |= SQLITE_OPEN_CREATE;
        vfs = wal_vfs_over(base_vfs_for(options));
        ENSURE(vfs, ERR_STORE);
        rc = sqlite3_open_v2(options->path, &c->db, flags, vfs);
        if (rc != SQLITE_OK)
                return conn_failure(c, rc);
        sqlite3_busy_timeout(c->db, BUSY_TIMEOUT_MS);
        TRY(conn_exec(c, settings[kind]));
        *ret_conn = c;
        c = NULL;
        return RES_OK;
}

void conn_close(struct store_conn *c)
{
        if (!c)
                return;
        for (size_t i = 0; i < SQL_SET_END; i++) {
                for (size_t k = 0; c->prepared[i] && k < sql_sets[i]->n; k++)
                        sqlite3_finalize(c->prepared[i][k]);
                free(c->prepared[i]);
        }
        for (size_t i = 0; i < CONTROL_END; i++)
                sqlite3_finalize(c->control[i]);
        sqlite3_close(c->db);
        free(c);
}

void conn_close_ptr(struct store_conn **c)
{
        conn_close(*c);
}

static bool is_no_room(struct store_conn *c, int rc)
{
        if ((rc & 0xff) == SQLITE_FULL)
                return true;
        /* The shared-memory file grows too, and tells it as an I/O error. */
        return (rc & 0xff) == SQLITE_IOERR && c->db && sqlite3_system_errno(c->db) == ENOSPC;
}

res conn_failure(struct store_conn *c, int rc)
{
        if (rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC) {
                c->on_fatal("a sync of the database failed; what is on the disk is not known");
                abort();
        }
        if (is_no_room(c, rc))
                return FAIL(ERR_STORE_FULL);
        switch (rc) {
        case SQLITE_CONSTRAINT_UNIQUE:
        case SQLITE_CONSTRAINT_PRIMARYKEY:
        case SQLITE_CONSTRAINT_ROWID:
                return FAIL(ERR_STORE_CONFLICT);
        default:
                break;
        }
        switch (rc & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return FAIL(ERR_STORE_BUSY);
        case SQLITE_NOMEM:
                return FAIL(ERR_MEMORY);
        default:
                return FAIL(ERR_STORE);
        }
}

res conn_exec(struct store_conn *c, const char *sql)
{
        int rc = sqlite3_exec(c->db, sql, NULL, NULL, NULL);

        return rc == SQLITE_OK ? RES_OK : conn_failure(c, rc);
}

res conn_control(struct store_conn *c, enum control what)
{
        sqlite3_stmt **kept = &c->control[what];
        int rc = SQLITE_OK;

        if (!*kept)
                rc = sqlite3_prepare_v3(c->db, controls[what], -1, SQLITE_PREPARE_PERSISTENT, kept, NULL);
        if (rc == SQLITE_OK) {
                const int stepped = sqlite3_step(*kept);

                rc = sqlite3_reset(*kept);
                if (rc == SQLITE_OK && stepped != SQLITE_DONE && stepped != SQLITE_ROW)
                        rc = stepped;
        }
        return rc == SQLITE_OK ? RES_OK : conn_failure(c, rc);
}

res store_snapshot_begin(struct store_conn *c)
{
        if (c->is_writer)
                return RES_OK;
        if (c->snapshots == 0)
                TRY(conn_control(c, CONTROL_SNAPSHOT));
        c->snapshots++;
        return RES_OK;
}

void store_snapshot_end(struct store_conn *c)
{
        if (c->is_writer || --c->snapshots > 0)
                return;
        /* Nothing was written, so nothing can be lost: whether it ends well is of no interest, only that it ends. */
        if (!sqlite3_get_autocommit(c->db) && !res_is_ok(conn_control(c, CONTROL_COMMIT)))
                (void)sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
}

/* "$3" → "?3": SQLite would number $n by appearance.  NULL if the text is too long. */
static char *sql_rewrite(const char *sql, char *out, size_t out_size)
{
        size_t n = strlen(sql);

        if (n >= out_size)
                return NULL;
        for (size_t i = 0; i <= n; i++)
                out[i] = sql[i] == '$' ? '?' : sql[i];
        return out;
}

static res prepare(struct store_conn *c, const struct sql *sql, unsigned flags, sqlite3_stmt **ret_stmt)
{
        char text[SQL_TEXT_MAX];
        int rc;

        ENSURE(sql_rewrite(sql->statement.sql, text, sizeof(text)), ERR_STORE);
        rc = sqlite3_prepare_v3(c->db, text, -1, flags, ret_stmt, NULL);
        return rc == SQLITE_OK ? RES_OK : conn_failure(c, rc);
}

/* Does the statement select what its row's table says? */
static bool columns_fit(sqlite3_stmt *stmt, const struct column *row)
{
        int i = 0;

        for (; row[i].name; i++) {
                const char *name = sqlite3_column_name(stmt, i);
                if (!name || strcmp(name, row[i].name) != 0)
                        return false;
        }
        return sqlite3_column_count(stmt) == i;
}

static res check_statement(struct store_conn *c, const struct sql *sql, struct buf *why)
{
        sqlite3_stmt *stmt = NULL;
        res r = prepare(c, sql, 0, &stmt);
        bool fits = res_is_ok(r) && (!sql->row || columns_fit(stmt, sql->row));

        sqlite3_finalize(stmt);
        if (fits)
                return RES_OK;
        buf_printf(why, "statement %s: %s", sql->statement.name,
                   res_is_ok(r) ? "its columns are not those of its row" : sqlite3_errmsg(c->db));
        return FAIL(ERR_STORE);
}

res conn_check_statements(struct store_conn *c, struct buf *why)
{
        for (size_t i = 0; i < SQL_SET_END; i++) {
                assert(sql_sets[i]->id == i);
                for (size_t k = 0; k < sql_sets[i]->n; k++)
                        TRY(check_statement(c, &sql_sets[i]->v[k], why));
        }
        return RES_OK;
}

/* The kept statement of this connection, prepared at first use. */
static res statement_of(struct store_conn *c, const struct sql_set *set, size_t statement, sqlite3_stmt **ret_stmt)
{
        sqlite3_stmt **kept = &c->prepared[set->id][statement];

        if (!*kept)
                TRY(prepare(c, &set->v[statement], SQLITE_PREPARE_PERSISTENT, kept));
        assert(!sqlite3_stmt_busy(*kept));
        *ret_stmt = *kept;
        return RES_OK;
}

struct query query_of(struct store_conn *c, const struct sql_set *set, size_t statement)
{
        struct query q = {.c = c, .sql = &set->v[statement]};

        /* The group's transaction is gone: whatever came now would be committed by itself. */
        if (c->is_writer && !c->bypasses_group && sqlite3_get_autocommit(c->db)) {
                q.error = ERR_STORE_RETRY;
                return q;
        }
        q.error = statement_of(c, set, statement, &q.stmt).err;
        return q;
}
