/*
 * Leaving root for good.  The programs do it themselves, after reading settings and what is installed, and before a word of
 * anybody else: so a service started below a directory that only root may enter (/root) works all the same.  What is read
 * later lies below two directories; where the way to them is closed now they are reached by a descriptor that was
 * opened before.
 */
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/secret.h"
#include "sandbox/sandbox.h"

/* The descriptor stays open to the program's end: it is the name. */
static void reach(const char **path, int *fd, char held[32])
{
        char whole[PATH_MAX]; /* a relative path may be open to us where the way from the root is not: libraries walk that */

        if (*fd < 0 || realpath(*path, whole))
                return;
        snprintf(held, 32, "/proc/self/fd/%d", fd_take(fd));
        *path = held;
}

static res leave_root(unsigned uid, unsigned gid)
{
        ENSURE(uid != 0 && gid != 0, ERR_CONFIG);
        ENSURE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, ERR_IO);
        ENSURE(setgroups(0, NULL) == 0, ERR_IO);
        ENSURE(setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0, ERR_IO);
        ENSURE(setresuid(0, 0, 0) != 0 && setresgid(0, 0, 0) != 0, ERR_INTERNAL); /* no way back */
        return RES_OK;
}

/* A change of user takes both away. */
static res end_with_parent(pid_t parent)
{
        ENSURE(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0, ERR_IO);
        ENSURE(getppid() == parent, ERR_IPC_LOST);
        secret_harden_process();
        return RES_OK;
}

MUST res sandbox_take_user(unsigned uid, unsigned gid, struct conf *conf)
{
        pid_t parent = getppid();

        if (uid == 0)
                return RES_OK;
        CLEAN(fd_close) int data = open(conf->data_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        CLEAN(fd_close) int catalogue = open(conf->catalogue_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        TRY(leave_root(uid, gid));
        TRY(end_with_parent(parent));
        reach(&conf->data_dir, &data, conf->held_data);
        reach(&conf->catalogue_dir, &catalogue, conf->held_catalogue);
        return RES_OK;
}
