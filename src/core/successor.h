/* The next certificate of an order, applied for by itself before the running one ends (PUR-02, PUR-03, PUR-17, REN-08). */
#pragma once

#include "core/act.h"

struct job_row;
/* Job JOB_SUCCESSOR, its subject the running certificate's id. */
void successor_job(struct act *act, const struct job_row *job, void *context);
