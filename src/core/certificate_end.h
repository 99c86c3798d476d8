/* The states in which a certificate may be cancelled or deleted, and the sweep that lets them expire. */
#pragma once

#include "core/certificate.h"
#include "core/job.h"

bool certificate_may_cancel(int64_t status);
bool certificate_may_cancel_order(int64_t status);
/* ERR_NONE, or why not. */
enum err certificate_may_delete(int64_t status);
/* Inside a transaction: nobody looks after it any more. */
MUST res certificate_end_jobs(struct act *act, struct store_tx *tx, struct str id);
/* Inside a transaction: a row in a state that may be cancelled becomes cancelled. */
MUST res certificate_cancel_in(struct act *act, struct store_tx *tx, const struct certificate_row *row, const char *why);
/* Job JOB_EXPIRE: every minute, issued certificates whose notAfter has passed become expired. */
void certificate_expire_job(struct act *act, const struct job_row *job, void *context);
