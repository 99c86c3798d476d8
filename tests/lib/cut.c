/*
 * A library for LD_PRELOAD that notes what is done to the files below $CHANCERY_CUT_DIR, each note under one lock with the
 * act itself, so that the order is the true one for all programs.  No program asks the system for more than it did
 * before: jails stay as they are.
 */
#include "cut.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FDS 1024

static struct cut_trace *trace;
static const char *root;
static size_t root_len;
static struct {
        char *path; /* NULL: none of ours */
        uint64_t at;
        int is_dir;
} open_fd[FDS];

#define NEXT(name) static void *static_##name
#define REAL(name) ((__typeof__(name) *)real(#name, &(static_##name)))

static void *real(const char *name, void **kept)
{
        if (!*kept)
                *kept = dlsym(RTLD_NEXT, name);
        return *kept;
}

__attribute__((constructor)) static void begin(void)
{
        const char *path = getenv("CHANCERY_CUT");
        const int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
        void *mapped = fd >= 0 ? mmap(NULL, sizeof(*trace), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;

        if (fd >= 0)
                close(fd);
        root = getenv("CHANCERY_CUT_DIR");
        root_len = root ? strlen(root) : 0;
        if (mapped != MAP_FAILED && root)
                trace = mapped;
}

/* The shared-memory file of SQLite is never read after a start, and is mapped besides. */
static int is_ours(const char *path)
{
        const size_t n = strlen(path);

        return trace && strncmp(path, root, root_len) == 0 && (path[root_len] == '/' || path[root_len] == 0) &&
               !(n > 4 && strcmp(path + n - 4, "-shm") == 0);
}

/* A program that took a user of its own may reach the directory by a descriptor that it holds: /proc/self/fd/N/… */
static const char *whole(const char *path, char room[PATH_MAX])
{
        static const char held[] = "/proc/self/fd/";
        char *rest;

        if (!trace || strncmp(path, held, sizeof(held) - 1) != 0)
                return path;
        const long fd = strtol(path + sizeof(held) - 1, &rest, 10);
        if (fd < 0 || fd >= FDS || !open_fd[fd].path)
                return path;
        snprintf(room, PATH_MAX, "%s%s", open_fd[fd].path, rest);
        return room;
}

static void lock(void)
{
        while (atomic_flag_test_and_set(&trace->lock))
                ;
}

static void unlock(void)
{
        const int saved = errno;

        atomic_flag_clear(&trace->lock);
        errno = saved;
}

static void note(enum cut_kind kind, const char *path, const char *path2, uint64_t offset, const void *data, size_t n)
{
        struct cut_record record = {.kind = kind,
                                    .path_len = (uint32_t)strlen(path),
                                    .path2_len = path2 ? (uint32_t)strlen(path2) : 0,
                                    .offset = offset,
                                    .n = n};
        const uint64_t used = atomic_load(&trace->used);
        const size_t size = (sizeof(record) + record.path_len + record.path2_len + n + 7) & ~(size_t)7;
        uint8_t *at = trace->record + used;

        if (used + size > CUT_ROOM) {
                atomic_fetch_add(&trace->lost, 1);
                return;
        }
        memcpy(at, &record, sizeof(record));
        memcpy(at + sizeof(record), path, record.path_len);
        if (path2)
                memcpy(at + sizeof(record) + record.path_len, path2, record.path2_len);
        if (n)
                memcpy(at + sizeof(record) + record.path_len + record.path2_len, data, n);
        atomic_store(&trace->used, used + size);
}

static const char *path_of(int fd)
{
        return trace && fd >= 0 && fd < FDS ? open_fd[fd].path : NULL;
}

/* ---- names ------------------------------------------------------------------------------------------------- */

static void remember(int fd, const char *path)
{
        struct stat info;

        if (fd >= FDS)
                return;
        open_fd[fd].path = strdup(path);
        open_fd[fd].at = 0;
        open_fd[fd].is_dir = fstat(fd, &info) == 0 && S_ISDIR(info.st_mode);
}

#define OPEN(name) \
        va_list args; \
        NEXT(name); \
        va_start(args, flags); \
        const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0; \
        va_end(args); \
        char room[PATH_MAX]; \
        const char *named = whole(path, room); \
        if (!is_ours(named)) \
                return REAL(name)(path, flags, mode); \
        lock(); \
        const int is_new = (flags & O_CREAT) && faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) != 0; \
        const int fd = REAL(name)(path, flags, mode); \
        if (fd >= 0) \
                remember(fd, named); \
        if (fd >= 0 && is_new) \
                note(CUT_CREATE, named, NULL, 0, NULL, 0); \
        else if (fd >= 0 && (flags & O_TRUNC)) \
                note(CUT_TRUNCATE, named, NULL, 0, NULL, 0); \
        unlock(); \
        return fd

int open(const char *path, int flags, ...)
{
        OPEN(open);
}

int open64(const char *path, int flags, ...)
{
        OPEN(open64);
}

int close(int fd)
{
        NEXT(close);
        if (path_of(fd)) {
                free(open_fd[fd].path);
                open_fd[fd].path = NULL;
        }
        return REAL(close)(fd);
}

#define NAMED(kind, path, path2, call) \
        char room[PATH_MAX], room2[PATH_MAX]; \
        const char *const also = path2, *const named = whole(path, room), \
                          *const named2 = also ? whole(also, room2) : NULL; \
        if (!is_ours(named)) \
                return call; \
        lock(); \
        const int done = call; \
        if (done == 0) \
                note(kind, named, named2, 0, NULL, 0); \
        unlock(); \
        return done

int mkdir(const char *path, mode_t mode)
{
        NEXT(mkdir);
        NAMED(CUT_MKDIR, path, NULL, REAL(mkdir)(path, mode));
}

int unlink(const char *path)
{
        NEXT(unlink);
        NAMED(CUT_UNLINK, path, NULL, REAL(unlink)(path));
}

int rename(const char *from, const char *to)
{
        NEXT(rename);
        NAMED(CUT_RENAME, from, to, REAL(rename)(from, to));
}

int link(const char *from, const char *to)
{
        NEXT(link);
        NAMED(CUT_LINK, from, to, REAL(link)(from, to));
}

/* ---- bytes ------------------------------------------------------------------------------------------------- */

#define WRITTEN(call, offset) \
        const char *path = path_of(fd); \
        if (!path) \
                return call; \
        lock(); \
        const ssize_t done = call; \
        if (done > 0) \
        note(CUT_WRITE, path, NULL, offset, p, (size_t)done)

ssize_t write(int fd, const void *p, size_t n)
{
        NEXT(write);
        WRITTEN(REAL(write)(fd, p, n), open_fd[fd].at);
        if (done > 0)
                open_fd[fd].at += (uint64_t)done;
        unlock();
        return done;
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
        NEXT(pwrite);
        WRITTEN(REAL(pwrite)(fd, p, n, at), (uint64_t)at);
        unlock();
        return done;
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
        NEXT(pwrite64);
        WRITTEN(REAL(pwrite64)(fd, p, n, at), (uint64_t)at);
        unlock();
        return done;
}

#define DONE(kind, offset, call) \
        const char *path = path_of(fd); \
        if (!path) \
                return call; \
        lock(); \
        const int done = call; \
        if (done == 0) \
                note(kind, path, NULL, offset, NULL, 0); \
        unlock(); \
        return done

int ftruncate(int fd, off_t n)
{
        NEXT(ftruncate);
        DONE(CUT_TRUNCATE, (uint64_t)n, REAL(ftruncate)(fd, n));
}

int ftruncate64(int fd, off64_t n)
{
        NEXT(ftruncate64);
        DONE(CUT_TRUNCATE, (uint64_t)n, REAL(ftruncate64)(fd, n));
}

int fsync(int fd)
{
        NEXT(fsync);
        DONE(open_fd[fd].is_dir ? CUT_SYNC_DIR : CUT_SYNC, 0, REAL(fsync)(fd));
}

int fdatasync(int fd)
{
        NEXT(fdatasync);
        DONE(open_fd[fd].is_dir ? CUT_SYNC_DIR : CUT_SYNC, 0, REAL(fdatasync)(fd));
}
