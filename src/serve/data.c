/*
 * The data directory.  The one rule that matters: a master key is made only where nothing was sealed yet.  If the
 * file is lost, the answer is to bring it back from the backup, and never to make another one over data that only
 * the old one opens.
 */
#include "serve/data.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/random.h"
#include "base/secret.h"

#define MASTER_MAX 256

static res say(struct buf *why, enum err err, const char *what, const char *path)
{
        buf_printf(why, "%s %s: %s", what, path, strerror(errno));
        return FAIL(err);
}

/*
 * The name must outlive a power cut as surely as what is below it.  One that was there may have been made by a start that
 * was cut short before it synced; where its parent is not ours to read, somebody else made it long ago.
 */
static res make_directory(const char *dir, const char *below, struct buf *why)
{
        char path[PATH_MAX];
        size_t n = (size_t)snprintf(path, sizeof(path), "%s%s", dir, below);

        while (n > 1 && n < sizeof(path) && path[n - 1] == '/')
                path[--n] = 0;
        const bool made = mkdir(path, 0700) == 0;

        if (!made && errno != EEXIST)
                return say(why, ERR_CONFIG, "cannot make", path);
        if (!res_is_ok(fd_sync_parent(path)) && made)
                return say(why, ERR_CONFIG, "cannot sync the parent of", path);
        return RES_OK;
}

/* Made by a service that ran as somebody else, most likely as root. */
static res say_whose(const char *dir, const char *path, struct buf *why)
{
        struct stat info = {0};

        if (stat(path, &info) != 0)
                (void)stat(dir, &info);
        buf_printf(why,
                   "%s belongs to a service that runs as user %u, and this one is user %u; start it as that user again, or stop it "
                   "and give the directory away: chown -R %u %s",
                   dir, (unsigned)info.st_uid, (unsigned)geteuid(), (unsigned)geteuid(), dir);
        return FAIL(ERR_CONFIG);
}

static res take_lock(const char *dir, int *ret_fd, struct buf *why)
{
        char path[PATH_MAX];
        CLEAN(fd_close) int fd = -1;

        snprintf(path, sizeof(path), "%s/lock", dir);
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0 && errno == EACCES)
                return say_whose(dir, path, why);
        if (fd < 0)
                return say(why, ERR_CONFIG, "cannot open", path);
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
                buf_printf(why, "another chancery serve is running on %s; stop it first, or give another --data", dir);
                return FAIL(ERR_CONFIG);
        }
        *ret_fd = fd_take(&fd);
        return RES_OK;
}

MUST res data_open(const struct conf *conf, int *ret_lock_fd, struct buf *why)
{
        TRY(make_directory(conf->data_dir, "", why));
        if (access(conf->data_dir, R_OK | W_OK | X_OK) != 0 && errno == EACCES)
                return say_whose(conf->data_dir, conf->data_dir, why);
        TRY(make_directory(conf->data_dir, "/keys", why));
        TRY(make_directory(conf->data_dir, "/log", why));
        return take_lock(conf->data_dir, ret_lock_fd, why);
}

static bool exists(const char *pattern)
{
        glob_t found = {0};
        bool any = glob(pattern, GLOB_NOSORT, NULL, &found) == 0 && found.gl_pathc > 0;

        globfree(&found);
        return any;
}

static bool sealed_data_exists(const char *dir)
{
        char pattern[PATH_MAX];

        snprintf(pattern, sizeof(pattern), "%s/keys/*.sealed", dir);
        if (exists(pattern))
                return true;
        snprintf(pattern, sizeof(pattern), "%s/chancery.db", dir);
        return exists(pattern);
}

static res write_key(const char *path)
{
        uint8_t key[DATA_MASTER_BYTES];
        CLEAN(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400);

        ENSURE(fd >= 0, ERR_IO);
        random_bytes(key, sizeof(key));
        ssize_t n = write(fd, key, sizeof(key));
        secret_wipe(key, sizeof(key));
        ENSURE(n == (ssize_t)sizeof(key) && fsync(fd) == 0, ERR_IO);
        return RES_OK;
}

/*
 * A start that was cut short between link and unlink left the key two names, and what has two names is not given away
 * (owner.c).  Only the very same file is removed: another of that name is somebody else's.
 */
static void end_second_name(const char *path)
{
        char beside[PATH_MAX];
        struct stat of_key, of_beside;

        if (snprintf(beside, sizeof(beside), "%s.new", path) < (int)sizeof(beside) && lstat(path, &of_key) == 0 &&
            lstat(beside, &of_beside) == 0 && of_key.st_dev == of_beside.st_dev && of_key.st_ino == of_beside.st_ino)
                (void)unlink(beside);
}

/* Whole under its final name or not there: written beside and linked, which like O_EXCL never replaces. */
static res make_master(const char *path, struct buf *why)
{
        char beside[PATH_MAX];

        if (snprintf(beside, sizeof(beside), "%s.new", path) >= (int)sizeof(beside))
                return say(why, ERR_CONFIG, "too long a path:", path);
        (void)unlink(beside); /* of a start that was cut short; we hold the lock */
        if (!res_is_ok(write_key(beside)))
                return say(why, ERR_CONFIG, "cannot write", beside);
        bool linked = link(beside, path) == 0;
        int saved = errno;
        (void)unlink(beside);
        errno = saved;
        if (!linked || !res_is_ok(fd_sync_parent(path)))
                return say(why, ERR_CONFIG, "cannot make", path);
        return RES_OK;
}

static res master_path(const struct conf *conf, char path[PATH_MAX], bool *ret_may_make, struct buf *why)
{
        static const char credential[] = "credential:";
        const char *directory = getenv("CREDENTIALS_DIRECTORY");

        *ret_may_make = true;
        if (!conf->keys_master) {
                snprintf(path, PATH_MAX, "%s/keys/master", conf->data_dir);
                return RES_OK;
        }
        if (strncmp(conf->keys_master, credential, sizeof(credential) - 1) != 0) {
                snprintf(path, PATH_MAX, "%s", conf->keys_master);
                return RES_OK;
        }
        *ret_may_make = false;
        const char *name = conf->keys_master + sizeof(credential) - 1;
        if (!directory || !*name || strchr(name, '/')) {
                buf_printf(why,
                           "keys.master = %s needs a plain name and $CREDENTIALS_DIRECTORY, which systemd sets "
                           "(LoadCredential=)",
                           conf->keys_master);
                return FAIL(ERR_CONFIG);
        }
        snprintf(path, PATH_MAX, "%s/%s", directory, name);
        return RES_OK;
}

static res check_master(int fd, const char *path, struct buf *why)
{
        struct stat info;

        if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size >= DATA_MASTER_BYTES &&
            info.st_size <= MASTER_MAX)
                return RES_OK;
        buf_printf(why, "the master key %s must be a file of %d to %d bytes", path, DATA_MASTER_BYTES, MASTER_MAX);
        return FAIL(ERR_CONFIG);
}

MUST res data_master_key(const struct conf *conf, int *ret_fd, struct buf *why)
{
        char path[PATH_MAX];
        bool may_make;
        CLEAN(fd_close) int fd = -1;

        TRY(master_path(conf, path, &may_make, why));
        if (may_make)
                end_second_name(path);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT && may_make) {
                if (sealed_data_exists(conf->data_dir)) {
                        buf_printf(why,
                                   "%s is missing, and %s holds data sealed under it; bring the file back from the "
                                   "backup",
                                   path, conf->data_dir);
                        return FAIL(ERR_CONFIG);
                }
                TRY(make_master(path, why));
                fd = open(path, O_RDONLY | O_CLOEXEC);
        }
        if (fd < 0)
                return say(why, ERR_CONFIG, "cannot open", path);
        TRY(check_master(fd, path, why));
        (void)fd_sync_parent(path).err; /* its name too, if the start that made it was cut short */
        *ret_fd = fd_take(&fd);
        return RES_OK;
}
