/*
 * A library for LD_PRELOAD that fails one chosen call (fault.h).  It stands before libc and SQLite, so that it fails the
 * calls of the libraries that we use as well as our own.  Without a plan in the environment it only passes on.
 */
#include "fault.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <unwind.h>

static struct fault_plan *plan;
static enum fault_program self = FAULT_OTHER;

/* What a call is passed on to. */
#define REAL(name) ((__typeof__(name) *)real(#name, &(static_##name)))
#define NEXT(name) static void *static_##name

static void *real(const char *name, void **kept)
{
        if (!*kept)
                *kept = dlsym(RTLD_NEXT, name);
        return *kept;
}

static enum fault_program who(void)
{
        static const char *const names[] = {[FAULT_SERVER] = "chancery-server",
                                            [FAULT_SIGNER] = "chancery-signer",
                                            [FAULT_VAULT] = "chancery-vault",
                                            [FAULT_PROBER] = "chancery-prober"};
        char line[256] = "";
        const int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
        const ssize_t n = read(fd, line, sizeof(line) - 2);
        const char *slash = strrchr(line, '/'), *name = slash ? slash + 1 : line, *argument = line + strlen(line) + 1;

        close(fd);
        if (n <= 0)
                return FAULT_OTHER;
        if (strcmp(name, "chancery-vault") == 0 && strcmp(argument, "keymaker") == 0)
                return FAULT_KEYMAKER;
        if (strcmp(name, "chancery") == 0 && strcmp(argument, "serve") == 0)
                return FAULT_PARENT;
        for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
                if (names[i] && strcmp(name, names[i]) == 0)
                        return (enum fault_program)i;
        return FAULT_OTHER;
}

__attribute__((constructor)) static void begin(void)
{
        const char *path = getenv("CHANCERY_FAULT");
        const int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
        void *mapped = fd >= 0 ? mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;

        if (fd >= 0)
                close(fd);
        self = who();
        if (mapped != MAP_FAILED)
                plan = mapped; /* from here on calls are counted */
}

/* ---- sites ------------------------------------------------------------------------------------------------ */

#define WAY_MAX 64

struct way {
        uintptr_t pc[WAY_MAX];
        int n;
};

static _Unwind_Reason_Code note_frame(struct _Unwind_Context *context, void *arg)
{
        struct way *way = arg;

        if (way->n == WAY_MAX)
                return _URC_END_OF_STACK;
        way->pc[way->n++] = _Unwind_GetIP(context);
        return _URC_NO_REASON;
}

/* Where a program lies in memory differs from start to start; an address in its file does not. */
static uint64_t site_of(unsigned class, struct way *way)
{
        uint64_t hash = 14695981039346656037u ^ (self * FAULT_CLASS_COUNT + class);

        _Unwind_Backtrace(note_frame, way);
        for (int i = 0; i < way->n; i++) {
                struct dl_find_object object;
                uintptr_t base = 0;

                if (_dl_find_object((void *)way->pc[i], &object) == 0)
                        base = (uintptr_t)object.dlfo_map_start;
                hash = (hash ^ (way->pc[i] - base)) * 1099511628211u;
                hash ^= hash >> 29;
        }
        return hash ? hash : 1;
}

static void describe(const struct way *way, char text[FAULT_WAY])
{
        int at = 0;

        for (int i = 0; i < way->n && at < FAULT_WAY - 1; i++) {
                Dl_info info;
                const char *slash;
                if (!dladdr((void *)way->pc[i], &info))
                        continue;
                slash = strrchr(info.dli_fname, '/');
                if (strcmp(slash ? slash + 1 : info.dli_fname, "libfault.so") == 0)
                        continue;
                at += snprintf(text + at, (size_t)(FAULT_WAY - at), "%s+0x%zx ", slash ? slash + 1 : info.dli_fname,
                               (size_t)(way->pc[i] - (uintptr_t)info.dli_fbase));
        }
}

static void note_site(uint64_t hash, unsigned class, const struct way *way)
{
        for (uint64_t i = 0; i < FAULT_SITES; i++) {
                struct fault_site *site = &plan->sites[(hash + i) % FAULT_SITES];
                uint64_t there = 0;

                if (atomic_compare_exchange_strong(&site->hash, &there, hash)) {
                        site->program = self;
                        site->class = class;
                        describe(way, site->way);
                        there = hash;
                }
                if (there == hash) {
                        atomic_fetch_add(&site->n, 1);
                        return;
                }
        }
        atomic_fetch_add(&plan->overflow, 1);
}

static int is_meant(unsigned class)
{
        const uint64_t wanted = atomic_load(&plan->site);
        const int armed = plan->program == self && plan->class == class && atomic_load(&plan->left) > 0;

        if (!atomic_load(&plan->record) && !(armed && wanted))
                return armed;
        struct way way = {.n = 0};
        const uint64_t hash = site_of(class, &way);

        if (atomic_load(&plan->record))
                note_site(hash, class, &way);
        return armed && (!wanted || wanted == hash);
}

int fault_hit(unsigned class)
{
        if (!plan)
                return 0;
        atomic_fetch_add(&plan->seen[self][class], 1);
        if (!is_meant(class))
                return 0;
        const int64_t left = atomic_fetch_sub(&plan->left, 1);
        const int64_t burst = plan->burst > 1 ? plan->burst : 1;

        /* left goes 3, 2, 1, 0: fails at 1; with a burst of b it stands b - 1 higher and fails while it is at most b */
        if (left < 1 || left > burst)
                return 0;
        atomic_fetch_add(&plan->fired, 1);
        return 1;
}

static int fails(unsigned class)
{
        if (!fault_hit(class))
                return 0;
        errno = plan->error;
        return 1;
}

/* ---- files ------------------------------------------------------------------------------------------------ */

/* Pipes, sockets and events are no disk; standard error is the log. */
static int is_file(int fd)
{
        struct stat info;

        return fd > STDERR_FILENO && fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

static int write_fails(int fd)
{
        const int saved = errno;
        const int file = plan && is_file(fd);

        errno = saved;
        return file && fails(FAULT_WRITE);
}

ssize_t write(int fd, const void *p, size_t n)
{
        NEXT(write);
        return write_fails(fd) ? -1 : REAL(write)(fd, p, n);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
        NEXT(pwrite);
        return write_fails(fd) ? -1 : REAL(pwrite)(fd, p, n, at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
        NEXT(pwrite64);
        return write_fails(fd) ? -1 : REAL(pwrite64)(fd, p, n, at);
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
        NEXT(writev);
        return write_fails(fd) ? -1 : REAL(writev)(fd, v, n);
}

int ftruncate(int fd, off_t n)
{
        NEXT(ftruncate);
        return write_fails(fd) ? -1 : REAL(ftruncate)(fd, n);
}

int ftruncate64(int fd, off64_t n)
{
        NEXT(ftruncate64);
        return write_fails(fd) ? -1 : REAL(ftruncate64)(fd, n);
}

int fsync(int fd)
{
        NEXT(fsync);
        return fails(FAULT_SYNC) ? -1 : REAL(fsync)(fd);
}

int fdatasync(int fd)
{
        NEXT(fdatasync);
        return fails(FAULT_SYNC) ? -1 : REAL(fdatasync)(fd);
}

#define OPEN(name, ...) \
        va_list args; \
        NEXT(name); \
        va_start(args, flags); \
        const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0; \
        va_end(args); \
        return fails(FAULT_OPEN) ? -1 : REAL(name)(__VA_ARGS__, flags, mode)

int open(const char *path, int flags, ...)
{
        OPEN(open, path);
}

int open64(const char *path, int flags, ...)
{
        OPEN(open64, path);
}

int openat(int dir, const char *path, int flags, ...)
{
        OPEN(openat, dir, path);
}

int rename(const char *from, const char *to)
{
        NEXT(rename);
        return fails(FAULT_OPEN) ? -1 : REAL(rename)(from, to);
}

int link(const char *from, const char *to)
{
        NEXT(link);
        return fails(FAULT_OPEN) ? -1 : REAL(link)(from, to);
}

int unlink(const char *path)
{
        NEXT(unlink);
        return fails(FAULT_OPEN) ? -1 : REAL(unlink)(path);
}

int mkdir(const char *path, mode_t mode)
{
        NEXT(mkdir);
        return fails(FAULT_OPEN) ? -1 : REAL(mkdir)(path, mode);
}

/* ---- sockets ---------------------------------------------------------------------------------------------- */

int socket(int domain, int type, int protocol)
{
        NEXT(socket);
        return fails(FAULT_CONNECT) ? -1 : REAL(socket)(domain, type, protocol);
}

int socketpair(int domain, int type, int protocol, int pair[2])
{
        NEXT(socketpair);
        return fails(FAULT_CONNECT) ? -1 : REAL(socketpair)(domain, type, protocol, pair);
}

int connect(int fd, const struct sockaddr *address, socklen_t n)
{
        NEXT(connect);
        return fails(FAULT_CONNECT) ? -1 : REAL(connect)(fd, address, n);
}

int accept4(int fd, struct sockaddr *address, socklen_t *n, int flags)
{
        NEXT(accept4);
        return fails(FAULT_CONNECT) ? -1 : REAL(accept4)(fd, address, n, flags);
}

ssize_t send(int fd, const void *p, size_t n, int flags)
{
        NEXT(send);
        return fails(FAULT_SEND) ? -1 : REAL(send)(fd, p, n, flags);
}

ssize_t sendto(int fd, const void *p, size_t n, int flags, const struct sockaddr *address, socklen_t size)
{
        NEXT(sendto);
        return fails(FAULT_SEND) ? -1 : REAL(sendto)(fd, p, n, flags, address, size);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
        NEXT(sendmsg);
        return fails(FAULT_SEND) ? -1 : REAL(sendmsg)(fd, message, flags);
}

int sendmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags)
{
        NEXT(sendmmsg);
        return fails(FAULT_SEND) ? -1 : REAL(sendmmsg)(fd, messages, n, flags);
}

/* ---- SQLite ------------------------------------------------------------------------------------------------ */

struct sqlite3;
struct sqlite3_stmt;
int sqlite3_exec(struct sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **), void *arg, char **error);
int sqlite3_step(struct sqlite3_stmt *statement);
int sqlite3_prepare_v3(struct sqlite3 *db, const char *sql, int n, unsigned flags, struct sqlite3_stmt **ret,
                       const char **tail);

/* sqlite3_exec() asks finalize how its steps ended, so a step of its own cannot be said to have failed: it fails as a whole. */
static int is_same_library(const void *a, const void *b)
{
        struct dl_find_object one, other;

        return _dl_find_object((void *)(uintptr_t)a, &one) == 0 && _dl_find_object((void *)(uintptr_t)b, &other) == 0 &&
               one.dlfo_map_start == other.dlfo_map_start;
}

int sqlite3_exec(struct sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **), void *arg, char **error)
{
        NEXT(sqlite3_exec);
        return fault_hit(FAULT_QUERY) ? plan->error : REAL(sqlite3_exec)(db, sql, row, arg, error);
}

int sqlite3_step(struct sqlite3_stmt *statement)
{
        NEXT(sqlite3_step);
        (void)REAL(sqlite3_step);
        if (is_same_library(__builtin_return_address(0), static_sqlite3_step))
                return REAL(sqlite3_step)(statement);
        return fault_hit(FAULT_QUERY) ? plan->error : REAL(sqlite3_step)(statement);
}

int sqlite3_prepare_v3(struct sqlite3 *db, const char *sql, int n, unsigned flags, struct sqlite3_stmt **ret,
                       const char **tail)
{
        NEXT(sqlite3_prepare_v3);
        return fault_hit(FAULT_QUERY) ? plan->error : REAL(sqlite3_prepare_v3)(db, sql, n, flags, ret, tail);
}
