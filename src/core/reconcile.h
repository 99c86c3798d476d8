/*
 * The small audit, each minute: what the signer signed since the last round is held against the database, and what the database
 * got since then against the signer's log; of what is older a page each, in turn, so that everything is looked at again in
 * time.  (The whole audit, with lint and signatures: core/audit.)  A certificate that only one of them knows is a finding: it is
 * logged, stands in `finding` until both agree again, and is counted by /health.  Mended is what a start mends too: a certificate that was
 * signed after its application had been given up is revoked, and one whose bytes never arrived is asked for again.
 */
#pragma once

#include "core/act.h"
#include "store/finding.h"

struct job_row;

struct reconcile_report {
        int64_t signed_count, row_count; /* looked at in this round */
        int64_t new_count, mended_count; /* findings that nobody knew of before; what could be mended */
        const struct finding_row *findings; /* all that stand */
        size_t finding_count;
};
/* One round; in act->arena.  ERR_IPC_LOST and its like: the signer could not be asked; ERR_STORE; ERR_STORE_BUSY: the server stops. */
MUST res reconcile_run(struct act *act, struct reconcile_report *ret_report);
/* Job JOB_RECONCILE, a sweep. */
void reconcile_job(struct act *act, const struct job_row *job, void *context);
