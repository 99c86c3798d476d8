/* Job JOB_ACME: what a crash cut off in the middle of an order goes on. */
#pragma once

#include "core/job.h"

/* context: a bool, false before the first. */
void acme_sweep_job(struct act *act, const struct job_row *job, void *context);
