/*
 * What a program may still do once it is warm: no new privileges, a seccomp filter that lists the system
 * calls it needs, Landlock where the kernel has it, small resource limits.  A program enters once, after
 * everything was fetched and opened; a forbidden call ends it (SIGSYS) and the parent starts it again.
 */
#pragma once

#include "base/buf.h"
#include "base/conf.h"
#include "base/res.h"

enum sandbox_role {
        SANDBOX_SIGNER, /* files below DIR/keys and DIR/log that are open, clock, entropy: no network, exec, open outside DIR */
        SANDBOX_VAULT,  /* no files at all */
        SANDBOX_PROBER, /* network outwards; files only for the resolver */
        SANDBOX_SERVER, /* everything but keys/, log/, programs, new sockets, and what a broken-in one would want next */
        SANDBOX_ROLE_COUNT
};

struct sandbox_plan {
        enum sandbox_role role;
        const char *data_dir;
        const char *const *readable; /* further files and directories it reads later, NULL-terminated; may be NULL */
        const char *const *writable; /* directories below which it writes, NULL-terminated; may be NULL */
};

/*
 * Enter for good.  `notes` (may be NULL) gets one line of text about what this kernel lacks ("landlock=no").
 * ERR_IO when a part that must work does not.  The seccomp filter covers all threads that are started later, and
 * the calling one: enter before the first thread.
 */
MUST res sandbox_enter(const struct sandbox_plan *plan, struct buf *notes);

/* Does this kernel close files by Landlock? */
bool sandbox_has_landlock(void);

/*
 * Started as root, each program becomes the user that the parent named (control.user), for good, without other groups and
 * without a way back.  uid 0: none was named, nothing happens.  What was not opened or read before must be readable by that user;
 * conf->data_dir and conf->catalogue_dir are still reached where the way to them is closed to it.  Call it before
 * anything of another program is read.  ERR_IO; ERR_IPC_LOST: the parent is gone.
 */
MUST res sandbox_take_user(unsigned uid, unsigned gid, struct conf *conf);
