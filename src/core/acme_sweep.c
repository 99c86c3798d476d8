/*
 * Orders write no job for the case that we die; what is under way says so itself – an authorization being looked at, a certificate being
 * signed – and is looked for here.  What is young is in somebody's hands as a rule; at the start it is in nobody's.
 */
#include "core/acme_sweep.h"

#include "base/log.h"
#include "core/authorization.h"
#include "core/issue.h"

#define SWEEP_EVERY_SEC 15

void acme_sweep_job(struct act *act, const struct job_row *job, void *context)
{
        bool *is_begun = context;
        res looks = authorization_sweep(act, !*is_begun), rounds = issue_sweep(act, !*is_begun);

        if (!res_is_ok(looks) || !res_is_ok(rounds))
                log_line(LOG_WARNING, "acme_sweep", "looks=%s rounds=%s", err_name(looks.err), err_name(rounds.err));
        *is_begun |= res_is_ok(looks) && res_is_ok(rounds);
        job_postpone(act, job, act->now_sec + SWEEP_EVERY_SEC);
}
