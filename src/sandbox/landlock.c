/*
 * Landlock: which files may still be opened.  The signer, the vault and the prober may open none (what they need is
 * open; a plan can name exceptions).  The server may open everything that it could before, but not DIR/keys and DIR/log:
 * since rules only allow, and whole trees at a time, it is given every neighbour on the way down to DIR instead of
 * the way itself, and in DIR the files that are there, so the database has to be open by then.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/fd.h"
#include "sandbox/sandbox_inner.h"

/* Younger than this machine's headers (Linux 6.2): cutting files. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ull << 14)
#endif

#define ACCESS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ACCESS_WRITE \
        (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | \
         LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SYM | \
         LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_CHAR | \
         LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_TRUNCATE)
#define ACCESS_FILE \
        (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_EXECUTE | \
         LANDLOCK_ACCESS_FS_TRUNCATE)

struct ruleset {
        int fd;
        uint64_t handled; /* what this kernel knows */
};

static int landlock_version(void)
{
        return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

bool sandbox_has_landlock(void)
{
        return landlock_version() >= 1;
}

static res ruleset_make(int version, struct ruleset *ret_ruleset)
{
        uint64_t handled = ACCESS_READ | ACCESS_WRITE | LANDLOCK_ACCESS_FS_EXECUTE;

        if (version < 3)
                handled &= ~LANDLOCK_ACCESS_FS_TRUNCATE;
        struct landlock_ruleset_attr attr = {.handled_access_fs = handled};
        *ret_ruleset = (struct ruleset){(int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0), handled};
        ENSURE(ret_ruleset->fd >= 0, ERR_IO);
        return RES_OK;
}

/* Missing files are no failure: what is not there, or not for us, needs no leave. */
static res allow(const struct ruleset *ruleset, const char *path, uint64_t access, int follow)
{
        struct stat info;
        CLEAN(fd_close) int fd = open(path, O_PATH | O_CLOEXEC | follow);

        if (fd < 0 || fstat(fd, &info) != 0 || S_ISLNK(info.st_mode))
                return RES_OK;
        if (!S_ISDIR(info.st_mode))
                access &= ACCESS_FILE;
        struct landlock_path_beneath_attr rule = {.allowed_access = access & ruleset->handled, .parent_fd = fd};
        ENSURE(syscall(SYS_landlock_add_rule, ruleset->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0, ERR_IO);
        return RES_OK;
}

static res allow_list(const struct ruleset *ruleset, const char *const *paths, uint64_t access)
{
        for (size_t i = 0; paths && paths[i]; i++)
                TRY(allow(ruleset, paths[i], access, /* follow= */ 0));
        return RES_OK;
}

/* Everything in `dir` but the names in `without`. */
static res allow_entries(const struct ruleset *ruleset, const char *dir, const char *const *without)
{
        DIR *open_dir = opendir(dir);
        res result = RES_OK;

        if (!open_dir) /* closed to us anyway */
                return RES_OK;
        for (const struct dirent *entry = readdir(open_dir); entry && res_is_ok(result); entry = readdir(open_dir)) {
                char path[PATH_MAX + 258];
                bool skip = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
                for (size_t i = 0; without[i]; i++)
                        skip = skip || strcmp(entry->d_name, without[i]) == 0;
                snprintf(path, sizeof(path), "%s/%s", strcmp(dir, "/") == 0 ? "" : dir, entry->d_name);
                if (!skip)
                        result = allow(ruleset, path, ACCESS_READ | ACCESS_WRITE, O_NOFOLLOW);
        }
        closedir(open_dir);
        return result;
}

/* The path of DIR without links; where the way is closed to us it is known from the descriptor that holds DIR. */
static bool path_of(const char *data_dir, char real[PATH_MAX])
{
        ssize_t n;

        if (realpath(data_dir, real))
                return true;
        n = readlink(data_dir, real, PATH_MAX - 1);
        if (n > 0)
                real[n] = 0;
        return n > 0 && real[0] == '/';
}

/* Walk down to DIR, and allow at each step everything beside the way. */
static res allow_all_but_keys(const struct ruleset *ruleset, const char *data_dir)
{
        static const char *const closed[] = {"keys", "log", NULL};
        char real[PATH_MAX], above[PATH_MAX] = "/", inside[PATH_MAX];

        ENSURE(path_of(data_dir, real), ERR_IO);
        for (char *name = real + 1; *name;) {
                char *slash = strchr(name, '/');
                if (slash)
                        *slash = 0;
                const char *const way[] = {name, NULL};
                TRY(allow_entries(ruleset, above, way));
                if (slash)
                        *slash = '/';
                size_t n = (size_t)((slash ? slash : name + strlen(name)) - real);
                memcpy(above, real, n);
                above[n] = 0;
                name = slash ? slash + 1 : name + strlen(name);
        }
        TRY(allow_entries(ruleset, data_dir, closed));
        ENSURE(snprintf(inside, sizeof(inside), "%s/.", data_dir) < (int)sizeof(inside), ERR_IO);
        return allow(ruleset, inside, LANDLOCK_ACCESS_FS_READ_DIR, O_NOFOLLOW); /* to sync it */
}

static res add_rules(const struct ruleset *ruleset, const struct sandbox_plan *plan)
{
        static const char *const of_sanitizers[] = {"/proc", "/usr", "/lib", "/lib64", "/dev", "/etc", NULL};

        if (plan->role == SANDBOX_SERVER)
                TRY(allow_all_but_keys(ruleset, plan->data_dir));
        if (SANDBOX_SANITIZED) /* their reports read the maps and the symbols */
                TRY(allow_list(ruleset, of_sanitizers, ACCESS_READ));
        TRY(allow_list(ruleset, plan->readable, ACCESS_READ));
        return allow_list(ruleset, plan->writable, ACCESS_READ | ACCESS_WRITE);
}

MUST res sandbox_landlock(const struct sandbox_plan *plan, bool *ret_works)
{
        int version = landlock_version();
        struct ruleset ruleset = {.fd = -1};

        *ret_works = version >= 1;
        if (!*ret_works)
                return RES_OK;
        TRY(ruleset_make(version, &ruleset));
        CLEAN(fd_close) int fd = ruleset.fd;
        TRY(add_rules(&ruleset, plan));
        ENSURE(syscall(SYS_landlock_restrict_self, fd, 0) == 0, ERR_IO);
        return RES_OK;
}
