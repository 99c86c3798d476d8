/*
 * Deletion (DEL): by state, for good.  The row stays for the record, unseen; tags, bindings, search and counts forget it, and
 * the private key is wiped unless another certificate or the CSR library has it too.  A primary domain's slot stays held
 * until the certificate would have ended (DEL-12).
 */
#pragma once

#include "core/act.h"
#include "store/life_task.h"
#include "store/store.h"

/* SIL-53: a certificate that something serves goes only on a second word. */
enum deletion_bound { DELETION_ASKS, DELETION_ANYWAY };
/* ERR_CERT_NOT_FOUND; ERR_CERT_DELETE_ISSUED, ERR_CERT_DELETE_REVIEW, ERR_CERT_STATE by state; ERR_DELETE_BOUND with the targets. */
MUST res deletion_run(struct act *act, struct str certificate_id, enum deletion_bound bound);

struct deletion_one { /* of many */
        struct str certificate_id;
        enum err err;     /* ERR_NONE: gone, or a task */
        const char *why;  /* what to do about it */
        int64_t task_id;  /* 0 = none */
};
/* Each by itself, in the order given.  ERR_TASK_COUNT. */
MUST res deletion_run_many(struct act *act, struct strs certificate_ids, enum deletion_bound bound, const struct deletion_one **ret_ones);
/* As tasks that look first: a bound one is not deleted (status 4).  ERR_TASK_COUNT. */
MUST res deletion_file(struct act *act, struct strs certificate_ids, const struct deletion_one **ret_ones);
/* ERR_TASK. */
MUST res deletion_task_get(struct act *act, struct str task_id, struct life_task_row *ret_row);
/* Job JOB_DELETE. */
struct job_row;
void deletion_job(struct act *act, const struct job_row *job, void *context);
