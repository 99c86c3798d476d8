/*
 * Whose the files in DIR are.  DIR itself is root's and sticky, its group may make files in it: so the server has its database
 * there, and the signer root.pem, but neither can rename or remove what is another's, keys/ least of all.  A directory
 * made by a service that ran otherwise is put in order at the next start.
 *
 * This runs as root over names that a broken-in program may have made: every file is opened without following a link and
 * looked at, and only then given away, by its descriptor.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "serve/users.h"

#define MODE_DATA (S_ISVTX | 0770)
#define MODE_INNER 0700

struct entry {
        const char *name;
        enum msg_peer owner; /* MSG_PEER_PARENT: root */
        bool is_dir;
};

static const struct entry entries[] = {
        {"lock", MSG_PEER_PARENT, false},
        {"chancery.db", MSG_PEER_SERVER, false},
        {"chancery.db-wal", MSG_PEER_SERVER, false},
        {"chancery.db-shm", MSG_PEER_SERVER, false},
        {"chancery.db-journal", MSG_PEER_SERVER, false},
        {"root.pem", MSG_PEER_SIGNER, false},
        {"keys", MSG_PEER_SIGNER, true},
        {"log", MSG_PEER_SIGNER, true},
};

static res say(struct buf *why, const char *what, const char *name)
{
        buf_printf(why, "%s %s: %s", what, name, strerror(errno));
        return FAIL(ERR_CONFIG);
}

/* One plain file below `dir`. */
static res own_file(int dir, const char *name, struct user user, struct buf *why)
{
        struct stat info;
        CLEAN(fd_close) int fd = openat(dir, name, O_PATH | O_CLOEXEC | O_NOFOLLOW);

        if (fd < 0 && errno == ENOENT)
                return RES_OK;
        if (fd < 0 || fstat(fd, &info) != 0)
                return say(why, "cannot open", name);
        if (info.st_uid == user.uid && info.st_gid == user.gid)
                return RES_OK;
        if (!S_ISREG(info.st_mode) || info.st_nlink != 1) {
                buf_printf(why, "%s in the data directory is not a plain file with one name; look who put it there", name);
                return FAIL(ERR_CONFIG);
        }
        if (fchownat(fd, "", user.uid, user.gid, AT_EMPTY_PATH) != 0)
                return say(why, "cannot give away", name);
        return RES_OK;
}

/* What an operator keeps in a directory of his own there is not ours.  The master key stays root's: programs get it as a descriptor. */
static res own_inner(int dir, struct user user, struct buf *why)
{
        CLEAN(fd_close) int copy = fcntl(dir, F_DUPFD_CLOEXEC, 0);
        DIR *open_dir = copy < 0 ? NULL : fdopendir(copy);
        res result = RES_OK;

        if (!open_dir)
                return say(why, "cannot read", "the data directory");
        copy = -1; /* open_dir's now */
        for (const struct dirent *e = readdir(open_dir); e && res_is_ok(result); e = readdir(open_dir)) {
                bool is_master = strcmp(e->d_name, "master") == 0;
                if (e->d_type != DT_DIR)
                        result = own_file(dir, e->d_name, is_master ? (struct user){0, 0} : user, why);
        }
        closedir(open_dir);
        return result;
}

static res own_dir(int dir, struct user user, mode_t mode, const char *name, struct buf *why)
{
        struct stat info;

        if (fstat(dir, &info) != 0)
                return say(why, "cannot look at", name);
        if ((info.st_uid != user.uid || info.st_gid != user.gid) && fchown(dir, user.uid, user.gid) != 0)
                return say(why, "cannot give away", name);
        if ((info.st_mode & 07777) != mode && fchmod(dir, mode) != 0)
                return say(why, "cannot change the mode of", name);
        return RES_OK;
}

static res own_entry(const struct users *users, int dir, const struct entry *entry, struct buf *why)
{
        struct user user = users->of[entry->owner];

        if (!entry->is_dir)
                return own_file(dir, entry->name, user, why);
        CLEAN(fd_close) int inner = openat(dir, entry->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (inner < 0)
                return say(why, "cannot open", entry->name);
        TRY(own_inner(inner, user, why));
        return own_dir(inner, user, MODE_INNER, entry->name, why);
}

MUST res users_own_data(const struct users *users, const char *data_dir, struct buf *why)
{
        CLEAN(fd_close) int dir = -1;

        if (!users->apart)
                return RES_OK;
        dir = open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0)
                return say(why, "cannot open", data_dir);
        for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++)
                TRY(own_entry(users, dir, &entries[i], why));
        return own_dir(dir, (struct user){0, users->group}, MODE_DATA, data_dir, why);
}
