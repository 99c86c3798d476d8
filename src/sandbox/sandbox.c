/*
 * Entering the jail: no new privileges first (the filters need it), then small limits, then files, then calls.
 */
#include "sandbox/sandbox.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/sandbox_inner.h"

static res limit_resources(enum sandbox_role role)
{
        const struct rlimit none = {0, 0};

        ENSURE(setrlimit(RLIMIT_CORE, &none) == 0, ERR_IO);
        if (role != SANDBOX_SERVER && !SANDBOX_SANITIZED)
                ENSURE(setrlimit(RLIMIT_NPROC, &none) == 0, ERR_IO); /* no process, no thread */
        return RES_OK;
}

MUST res sandbox_enter(const struct sandbox_plan *plan, struct buf *notes)
{
        bool landlock = false;

        tzset(); /* reads /etc/localtime now rather than when a library first asks for a date */
        ENSURE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, ERR_IO);
        TRY(limit_resources(plan->role));
        TRY(sandbox_landlock(plan, &landlock));
        sandbox_arm_violations(plan);
        TRY(sandbox_seccomp(plan));
        if (notes)
                buf_printf(notes, "landlock=%s seccomp=%s", landlock ? "yes" : "no",
                           SANDBOX_SANITIZED || plan->role == SANDBOX_SERVER ? "forbidding" : "allowing");
        return RES_OK;
}
