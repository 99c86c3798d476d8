/* An application that fails: one place that gives back what was held, tells the owner and writes the record. */
#pragma once

#include "core/act.h"
#include "store/job.h"

struct failure {
        const struct job_row *deadline_job; /* only if the deadline has passed and it is not being issued; NULL = at once */
        const char *cause;  /* what happened and what to do, for people */
};

/* Pending → review failed (LIFE-04): quota back (SIL-13), jobs ended, log, notice.  Anything not pending is left alone. */
MUST res certificate_fail(struct act *act, struct str certificate_id, const struct failure *failure);
