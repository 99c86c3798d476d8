/*
 * Entering the jail: no new privileges first (the filters need it), then small limits, then files, then calls.
 */
#include "sandbox/sandbox.h"

#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static res limit_resources(enum sandbox_role role)
{
        const struct rlimit none = {0, 0};

        ENSURE(setrlimit(RLIMIT_CORE, &none) == 0, ERR_IO);
        if (role != SANDBOX_SERVER && role != SANDBOX_PROBER)
                ENSURE(setrlimit(RLIMIT_NPROC, &none) == 0, ERR_IO); /* no process, no thread */
        return RES_OK;
}

MUST res sandbox_enter(const struct sandbox_plan *plan, struct buf *notes)
{
        ENSURE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, ERR_IO);
        TRY(limit_resources(plan->role));
        if (notes)
                buf_add_text(notes, "landlock=no seccomp=no");
        return RES_OK;
}

MUST res sandbox_take_uid(unsigned uid, unsigned gid)
{
        ENSURE(setgroups(0, NULL) == 0, ERR_IO);
        ENSURE(setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0, ERR_IO);
        return RES_OK;
}
