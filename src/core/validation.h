/*
 * Proving control of a name: what has to be shown, the looks at it, what follows.  Rules DCV, CAA, DIAG.
 * The state machine is the table in validation.c.
 */
#pragma once

#include "core/act.h"
#include "store/validation.h"

struct validation_result { /* one name, CheckCertificateDomainVerification */
        struct str domain;
        struct str method;     /* wire's VerifyType: DNS, FILE */
        int64_t local_check;   /* 1 or the negative codes of api.md §5 */
        int64_t ca_check;      /* 2 ok, -1 not yet */
        const char *reason;    /* phrase: "txt record not found", … (DIAG-02..07, DIAG-19) */
        struct strs found;
        bool too_often;
        bool issued;
};
struct validation_results {
        const struct validation_result *v;
        size_t n;
};
/* Look now (DIAG) and, when everything passes, go on to issue.  Once in 10 s (SIL-10): else the last look with too_often. */
MUST res validation_check(struct act *act, struct str certificate_id, struct validation_results *ret_results);
/* Ask for a look at once, without waiting for it. */
MUST res validation_complete(struct act *act, struct str certificate_id);

struct job_row;
/* Job JOB_VALIDATE: the periodic look. */
void validation_job(struct act *act, const struct job_row *job, void *context);
/* Job JOB_DEADLINE: what is not validated by then fails. */
void validation_deadline_job(struct act *act, const struct job_row *job, void *context);
