/*
 * A VFS over another, which it leaves alone but for the file of the write-ahead log.  What SQLite relies on holds: whatever it
 * does to that file other than appending the next frame – reading, truncating, syncing, asking for the size – finds what was written
 * before in the file, in the order in which it was written.  The frame that ends a commit says so in its header (a database
 * size that is not zero), so the commit is in the file when the write of that frame's page returns, synced or not; its failure is
 * that write's failure, upon which SQLite rolls back, and what was gathered is forgotten.
 */
#include "store/wal.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_HEADER 24 /* https://www.sqlite.org/fileformat2.html#walformat: page, size after commit, salts, checksums */
#define PAGE_MIN 512
#define VFS_MAX 4 /* the system's, by descriptor, and what tests put there */
#define NAME_MAX_BYTES 64

struct wal_file {
        sqlite3_file base; /* what SQLite sees */
        sqlite3_file *real;
        uint8_t *gathered; /* WAL_GATHER_BYTES, from the first frame on */
        int n;
        sqlite3_int64 at; /* of gathered[0] in the file */
        bool wants_page;  /* a frame's header came last … */
        bool ends_commit; /* … and it is a commit's last */
};

static struct wal_file *wal_of(sqlite3_file *file)
{
        return (struct wal_file *)file;
}

static int real_write(struct wal_file *f, const void *p, int n, sqlite3_int64 at)
{
        return f->real->pMethods->xWrite(f->real, p, n, at);
}

/* What could not be written stays: whoever asked, if not a write, asked about something that has to be there. */
static int settle(struct wal_file *f)
{
        int rc;

        f->wants_page = false;
        if (f->n == 0)
                return SQLITE_OK;
        rc = real_write(f, f->gathered, f->n, f->at);
        if (rc == SQLITE_OK)
                f->n = 0;
        return rc;
}

/* After a failed write SQLite takes back the transaction, and with it all that was gathered. */
static int settle_or_forget(struct wal_file *f)
{
        int rc = settle(f);

        f->n = 0;
        return rc;
}

static bool is_page_size(int n)
{
        return n >= PAGE_MIN && (n & (n - 1)) == 0;
}

/* Is this what comes next of a frame? */
static bool is_next_piece(const struct wal_file *f, int n, sqlite3_int64 at)
{
        if (f->n > 0 && at != f->at + f->n)
                return false;
        return f->wants_page ? is_page_size(n) : n == FRAME_HEADER;
}

static int gather(struct wal_file *f, const uint8_t *p, int n, sqlite3_int64 at)
{
        if (f->n == 0)
                f->at = at;
        memcpy(f->gathered + f->n, p, (size_t)n);
        f->n += n;
        if (n == FRAME_HEADER && !f->wants_page) {
                f->ends_commit = (p[4] | p[5] | p[6] | p[7]) != 0;
                f->wants_page = true;
                return SQLITE_OK;
        }
        f->wants_page = false;
        return f->ends_commit ? settle_or_forget(f) : SQLITE_OK;
}

static int wal_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
        struct wal_file *f = wal_of(file);
        bool wants_page = f->wants_page;

        if (!f->gathered)
                f->gathered = malloc(WAL_GATHER_BYTES);
        if (f->gathered && is_next_piece(f, n, at) && n <= WAL_GATHER_BYTES) {
                if (f->n + n > WAL_GATHER_BYTES) {
                        int rc = settle_or_forget(f);
                        if (rc != SQLITE_OK)
                                return rc;
                        f->wants_page = wants_page;
                }
                return gather(f, p, n, at);
        }
        int rc = settle_or_forget(f);
        return rc == SQLITE_OK ? real_write(f, p, n, at) : rc;
}

static int wal_read(sqlite3_file *file, void *p, int n, sqlite3_int64 at)
{
        struct wal_file *f = wal_of(file);
        int rc = settle(f);

        return rc == SQLITE_OK ? f->real->pMethods->xRead(f->real, p, n, at) : rc;
}

static int wal_truncate(sqlite3_file *file, sqlite3_int64 size)
{
        struct wal_file *f = wal_of(file);
        int rc = settle(f);

        return rc == SQLITE_OK ? f->real->pMethods->xTruncate(f->real, size) : rc;
}

static int wal_sync_file(sqlite3_file *file, int flags)
{
        struct wal_file *f = wal_of(file);
        int rc = settle(f);

        return rc == SQLITE_OK ? f->real->pMethods->xSync(f->real, flags) : rc;
}

static int wal_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
        struct wal_file *f = wal_of(file);
        int rc = settle(f);

        return rc == SQLITE_OK ? f->real->pMethods->xFileSize(f->real, ret_size) : rc;
}

/* What is left is of a transaction that was never committed: SQLite does not ask whether it arrived. */
static int wal_close(sqlite3_file *file)
{
        struct wal_file *f = wal_of(file);

        (void)settle(f);
        free(f->gathered);
        f->gathered = NULL;
        return f->real->pMethods->xClose(f->real);
}

static int wal_lock(sqlite3_file *file, int how) { return wal_of(file)->real->pMethods->xLock(wal_of(file)->real, how); }
static int wal_unlock(sqlite3_file *file, int how) { return wal_of(file)->real->pMethods->xUnlock(wal_of(file)->real, how); }
static int wal_reserved(sqlite3_file *file, int *ret_is) { return wal_of(file)->real->pMethods->xCheckReservedLock(wal_of(file)->real, ret_is); }
static int wal_control(sqlite3_file *file, int op, void *arg) { return wal_of(file)->real->pMethods->xFileControl(wal_of(file)->real, op, arg); }
static int wal_sector(sqlite3_file *file) { return wal_of(file)->real->pMethods->xSectorSize(wal_of(file)->real); }
static int wal_traits(sqlite3_file *file) { return wal_of(file)->real->pMethods->xDeviceCharacteristics(wal_of(file)->real); }

static const sqlite3_io_methods methods = {
        .iVersion = 1, .xClose = wal_close, .xRead = wal_read, .xWrite = wal_write, .xTruncate = wal_truncate, .xSync = wal_sync_file,
        .xFileSize = wal_size, .xLock = wal_lock, .xUnlock = wal_unlock, .xCheckReservedLock = wal_reserved, .xFileControl = wal_control,
        .xSectorSize = wal_sector, .xDeviceCharacteristics = wal_traits,
};

/* -- the VFS ------------------------------------------------------------------------------------------------ */

struct wal_vfs {
        sqlite3_vfs vfs, *base;
        char name[NAME_MAX_BYTES];
};

/* The real file lies behind ours, in the room that SQLite gives by szOsFile. */
static size_t real_offset(void)
{
        return (sizeof(struct wal_file) + 15) & ~(size_t)15;
}

/* Other files are the base's own from here on: it never meets a method of ours. */
static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *ret_flags)
{
        struct wal_vfs *over = (struct wal_vfs *)vfs;
        struct wal_file *f = wal_of(file);
        int rc;

        if (!(flags & SQLITE_OPEN_WAL))
                return over->base->xOpen(over->base, path, file, flags, ret_flags);
        memset(f, 0, real_offset() + (size_t)over->base->szOsFile);
        f->real = (sqlite3_file *)(void *)((char *)file + real_offset());
        rc = over->base->xOpen(over->base, path, f->real, flags, ret_flags);
        if (f->real->pMethods)
                f->base.pMethods = &methods;
        return rc;
}

static struct wal_vfs *vfs_of(struct wal_vfs *all, sqlite3_vfs *base)
{
        struct wal_vfs *v = all;

        for (; v < all + VFS_MAX && v->base; v++) {
                if (v->base == base)
                        return v;
        }
        if (v == all + VFS_MAX || snprintf(v->name, sizeof v->name, "wal-%s", base->zName) >= (int)sizeof v->name)
                return NULL;
        v->vfs = *base;
        v->vfs.pNext = NULL;
        v->vfs.zName = v->name;
        v->vfs.xOpen = vfs_open;
        v->vfs.szOsFile = (int)real_offset() + base->szOsFile;
        if (sqlite3_vfs_register(&v->vfs, /* makeDflt= */ 0) != SQLITE_OK)
                return NULL;
        v->base = base;
        return v;
}

const char *wal_vfs_over(const char *base)
{
        static struct wal_vfs all[VFS_MAX];
        static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
        sqlite3_vfs *found = sqlite3_vfs_find(base);
        struct wal_vfs *v;

        if (!found)
                return NULL;
        pthread_mutex_lock(&lock);
        v = vfs_of(all, found);
        pthread_mutex_unlock(&lock);
        return v ? v->name : NULL;
}
