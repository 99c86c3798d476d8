/*
 * Work at a time.  A job is a row with a due time and a lease; the dispatcher claims due ones and hands them to the
 * job threads.  A job that ends without being finished or put off comes back when its lease ends, so every kind can
 * be run twice without harm.
 */
#pragma once

#include "core/act.h"
#include "store/job.h"
#include "store/store.h"

enum job_kind {
        JOB_VALIDATE, /* look at what a certificate has to show (DCV-09) */
        JOB_ISSUE,    /* CAA, then into the next round of issue */
        JOB_REVOKE,   /* the proof that a request to revoke waits for is overdue (RVK-17) */
        JOB_DELETE,   /* a deletion that looks first */
        JOB_DEADLINE, /* the validation's time is over (LIFE-14) */
        JOB_EXPIRE,   /* sweep: issued certificates that ended (LIFE-09) */
        JOB_CRL,      /* sweep: CRLs that are due */
        JOB_ORDER,    /* sweep: unpaid orders whose time is over */
        JOB_LISTENER, /* the listener's own certificate */
        JOB_SUCCESSOR, /* an order's next certificate (PUR-03), or its next term (PUR-10) */
        JOB_ACME,     /* sweep: challenges whose look a crash cut off, certificates whose round of issue it did */
        JOB_REPLACE,  /* the next step of a replacement */
        JOB_RECONCILE, /* sweep: the signer's log against the database */
        JOB_KIND_COUNT
};

/* Inside a transaction: there is one job a kind and subject, due at the earlier of both times. */
MUST res job_put(struct store_tx *tx, enum job_kind kind, int64_t account_id, struct str subject, int64_t due_at,
                 int64_t now_sec);
/* Inside a transaction: not done, due again at due_at. */
MUST res job_again(struct store_tx *tx, const struct core *core, int64_t job_id, int64_t due_at, const char *why);
/* The same in a transaction of its own: a sweep that comes back. Failures are logged; the lease ends anyway. */
void job_postpone(struct act *act, const struct job_row *job, int64_t due_at);
struct str job_name(enum job_kind kind); /* as in the row */
/* Inside a transaction: done, or not needed any more. */
MUST res job_end(struct store_tx *tx, enum job_kind kind, struct str subject);

struct job_runner;
/* What to do for one job; registered before the start by whoever knows (core's own kinds are in the table of job.c). */
typedef void job_fn(struct act *act, const struct job_row *job, void *context);

MUST res job_runner_new(struct core *core, unsigned threads, struct job_runner **ret_runner);
void job_runner_set(struct job_runner *runner, enum job_kind kind, job_fn *fn, void *context);
/* Frees the leases that this node held before it died, makes the sweeps' rows, starts the threads. */
MUST res job_runner_start(struct job_runner *runner);
/* A job was put with a due time of now: look at once. NULL is fine. */
void job_runner_wake(struct job_runner *runner);
/* Waits for the jobs in hand. */
void job_runner_stop(struct job_runner *runner);
void job_runner_free(struct job_runner *runner);
