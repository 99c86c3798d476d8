/*
 * A file system under SQLite that misbehaves on demand: the n-th read, write or sync fails, or the power goes at the n-th
 * event.  Every file is a real one; beside it the shim remembers what was synced and which writes came after, so that
 * at a cut it can write out a directory as a disk might show it: the synced bytes, and of the later writes any subset
 * of sectors.
 */
#pragma once

#include <assert.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHIM_FILES 8
#define SHIM_SECTOR 512

enum shim_event { SHIM_READ, SHIM_WRITE, SHIM_SYNC, SHIM_TRUNCATE };

struct shim_write {
        uint8_t *p;
        size_t n;
        sqlite3_int64 at;
        struct shim_write *next;
};

struct shim_disk { /* one path */
        char path[200];
        uint8_t *synced;
        size_t synced_n;
        struct shim_write *later, **last;
};

static struct {
        sqlite3_vfs vfs, *real;
        pthread_mutex_t lock;
        struct shim_disk disks[SHIM_FILES];
        /* called before each event with the lock held; returns SQLITE_OK or the code to fail with */
        int (*on_event)(enum shim_event event, const char *path);
        sqlite3_io_methods methods;
        bool remembers;
        int traits; /* SQLITE_IOCAP_…; 0 promises nothing: no atomic or ordered writes */
} shim = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct shim_file {
        sqlite3_file base;
        struct shim_disk *disk; /* NULL = not remembered */
        sqlite3_file *real;
};

static inline sqlite3_file *shim_real(sqlite3_file *file)
{
        return ((struct shim_file *)file)->real;
}

static inline int shim_tell(sqlite3_file *file, enum shim_event event)
{
        struct shim_disk *disk = ((struct shim_file *)file)->disk;

        return shim.on_event ? shim.on_event(event, disk ? disk->path : "") : SQLITE_OK;
}

/* Memory comes in steps, so that an image that grows by sectors is not copied for each. */
#define SHIM_STEP ((size_t)1024 * 1024)
static inline size_t shim_room(size_t n)
{
        return (n + SHIM_STEP - 1) / SHIM_STEP * SHIM_STEP;
}

static inline void shim_put(uint8_t **image, size_t *n, const uint8_t *p, size_t size, size_t at)
{
        if (at + size > *n) {
                if (!*image || shim_room(at + size) > shim_room(*n))
                        *image = realloc(*image, shim_room(at + size));
                assert(*image);
                memset(*image + *n, 0, at + size - *n);
                *n = at + size;
        }
        if (size > 0)
                memcpy(*image + at, p, size);
}

static inline void shim_remember(struct shim_disk *disk, const void *p, int n, sqlite3_int64 at)
{
        struct shim_write *write = calloc(1, sizeof(*write));

        assert(write);
        write->p = malloc((size_t)n);
        assert(write->p);
        memcpy(write->p, p, (size_t)n);
        write->n = (size_t)n;
        write->at = at;
        *disk->last = write;
        disk->last = &write->next;
}

static inline void shim_settle(struct shim_disk *disk)
{
        for (struct shim_write *w = disk->later, *next; w; w = next) {
                next = w->next;
                shim_put(&disk->synced, &disk->synced_n, w->p, w->n, (size_t)w->at);
                free(w->p);
                free(w);
        }
        disk->later = NULL;
        disk->last = &disk->later;
}

static inline int shim_read(sqlite3_file *file, void *p, int n, sqlite3_int64 at)
{
        pthread_mutex_lock(&shim.lock);
        int rc = shim_tell(file, SHIM_READ);
        pthread_mutex_unlock(&shim.lock);
        return rc == SQLITE_OK ? shim_real(file)->pMethods->xRead(shim_real(file), p, n, at) : rc;
}

static inline int shim_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
        struct shim_disk *disk = ((struct shim_file *)file)->disk;

        pthread_mutex_lock(&shim.lock);
        int rc = shim_tell(file, SHIM_WRITE);
        if (rc == SQLITE_OK && disk && shim.remembers)
                shim_remember(disk, p, n, at);
        pthread_mutex_unlock(&shim.lock);
        return rc == SQLITE_OK ? shim_real(file)->pMethods->xWrite(shim_real(file), p, n, at) : rc;
}

static inline int shim_sync(sqlite3_file *file, int flags)
{
        struct shim_disk *disk = ((struct shim_file *)file)->disk;

        (void)flags; /* the kernel's cache is not what is tested: no real sync */
        pthread_mutex_lock(&shim.lock);
        int rc = shim_tell(file, SHIM_SYNC);
        if (rc == SQLITE_OK && disk)
                shim_settle(disk);
        pthread_mutex_unlock(&shim.lock);
        return rc;
}

/* Taken as durable at once, with what was written before. */
static inline int shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
        struct shim_disk *disk = ((struct shim_file *)file)->disk;

        pthread_mutex_lock(&shim.lock);
        int rc = shim_tell(file, SHIM_TRUNCATE);
        if (rc == SQLITE_OK && disk) {
                shim_settle(disk);
                if ((size_t)size < disk->synced_n)
                        disk->synced_n = (size_t)size;
        }
        pthread_mutex_unlock(&shim.lock);
        return rc == SQLITE_OK ? shim_real(file)->pMethods->xTruncate(shim_real(file), size) : rc;
}

static inline int shim_close(sqlite3_file *file)
{
        sqlite3_file *real = shim_real(file);
        int rc = real->pMethods ? real->pMethods->xClose(real) : SQLITE_OK;

        sqlite3_free(real);
        return rc;
}
static inline int shim_size(sqlite3_file *f, sqlite3_int64 *size) { return shim_real(f)->pMethods->xFileSize(shim_real(f), size); }
static inline int shim_lock_file(sqlite3_file *f, int how) { return shim_real(f)->pMethods->xLock(shim_real(f), how); }
static inline int shim_unlock_file(sqlite3_file *f, int how) { return shim_real(f)->pMethods->xUnlock(shim_real(f), how); }
static inline int shim_reserved(sqlite3_file *f, int *is) { return shim_real(f)->pMethods->xCheckReservedLock(shim_real(f), is); }
static inline int shim_control(sqlite3_file *f, int op, void *arg) { return shim_real(f)->pMethods->xFileControl(shim_real(f), op, arg); }
static inline int shim_sector(sqlite3_file *f) { (void)f; return SHIM_SECTOR; }
static inline int shim_traits(sqlite3_file *f) { (void)f; return shim.traits; }
static inline int shim_map(sqlite3_file *f, int page, int size, int extend, void volatile **p) { return shim_real(f)->pMethods->xShmMap(shim_real(f), page, size, extend, p); }
static inline int shim_shm_lock(sqlite3_file *f, int at, int n, int flags) { return shim_real(f)->pMethods->xShmLock(shim_real(f), at, n, flags); }
static inline void shim_barrier(sqlite3_file *f) { shim_real(f)->pMethods->xShmBarrier(shim_real(f)); }
static inline int shim_unmap(sqlite3_file *f, int drop) { return shim_real(f)->pMethods->xShmUnmap(shim_real(f), drop); }

static inline struct shim_disk *shim_disk_of(const char *path)
{
        struct shim_disk *free_one = NULL;

        for (size_t i = 0; i < SHIM_FILES; i++) {
                if (shim.disks[i].path[0] && strcmp(shim.disks[i].path, path) == 0)
                        return &shim.disks[i];
                if (!free_one && !shim.disks[i].path[0])
                        free_one = &shim.disks[i];
        }
        assert(free_one);
        snprintf(free_one->path, sizeof(free_one->path), "%s", path);
        free_one->last = &free_one->later;
        return free_one;
}

static inline int shim_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *ret_flags)
{
        struct shim_file *f = (struct shim_file *)file;

        (void)vfs;
        memset(f, 0, sizeof(*f));
        f->real = sqlite3_malloc(shim.real->szOsFile);
        if (!f->real)
                return SQLITE_NOMEM;
        memset(f->real, 0, (size_t)shim.real->szOsFile);
        int rc = shim.real->xOpen(shim.real, path, f->real, flags, ret_flags);
        if (rc != SQLITE_OK) {
                sqlite3_free(f->real);
                return rc;
        }
        if (path && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL))) {
                pthread_mutex_lock(&shim.lock);
                f->disk = shim_disk_of(path);
                pthread_mutex_unlock(&shim.lock);
        }
        f->base.pMethods = &shim.methods;
        return SQLITE_OK;
}

static inline int shim_delete(sqlite3_vfs *vfs, const char *path, int sync_dir)
{
        (void)vfs;
        pthread_mutex_lock(&shim.lock);
        struct shim_disk *disk = shim_disk_of(path);
        shim_settle(disk);
        disk->synced_n = 0;
        disk->path[0] = '\0';
        pthread_mutex_unlock(&shim.lock);
        return shim.real->xDelete(shim.real, path, sync_dir);
}

static inline void shim_register(void)
{
        shim.real = sqlite3_vfs_find(NULL);
        shim.vfs = *shim.real;
        shim.vfs.zName = "shim";
        shim.vfs.szOsFile = sizeof(struct shim_file);
        shim.vfs.xOpen = shim_open;
        shim.vfs.xDelete = shim_delete;
        shim.methods = (sqlite3_io_methods){
                .iVersion = 2, .xClose = shim_close, .xRead = shim_read, .xWrite = shim_write, .xTruncate = shim_truncate, .xSync = shim_sync,
                .xFileSize = shim_size, .xLock = shim_lock_file, .xUnlock = shim_unlock_file, .xCheckReservedLock = shim_reserved,
                .xFileControl = shim_control, .xSectorSize = shim_sector, .xDeviceCharacteristics = shim_traits, .xShmMap = shim_map,
                .xShmLock = shim_shm_lock, .xShmBarrier = shim_barrier, .xShmUnmap = shim_unmap,
        };
        assert(sqlite3_vfs_register(&shim.vfs, 0) == SQLITE_OK);
}

static inline void shim_forget(void)
{
        for (size_t i = 0; i < SHIM_FILES; i++) {
                if (shim.disks[i].last)
                        shim_settle(&shim.disks[i]);
                free(shim.disks[i].synced);
                shim.disks[i] = (struct shim_disk){0};
        }
}
