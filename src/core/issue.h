/*
 * Issuing, written ahead, in rounds: one transaction stores serials and requests, one batch goes to the signer, one
 * transaction stores the certificates.  Nobody sees a certificate before that; a crash at any point leaves a row in
 * state 'signing' that the next round asks for again with the same serial.
 */
#pragma once

#include "core/act.h"
#include "core/job.h"

struct issue_queue;
struct cert_key_row;
struct certificate_row;
struct evidence_row;
struct issued_row;
struct store_conn;

MUST res issue_queue_new(struct core *core, struct issue_queue **ret_queue);
MUST res issue_queue_start(struct issue_queue *queue);
/* Waits for the round in hand; what is queued comes back as jobs at the next start. */
void issue_queue_stop(struct issue_queue *queue);
void issue_queue_free(struct issue_queue *queue);

/* One certificate whose names are proved and whose CAA permits. */
struct issue_ticket {
        int64_t account_id;
        char certificate_id[9];
        int64_t caa_checked_at;
        int64_t job_id; /* 0: there is none, and one is put when it is needed */
        bool is_begun;  /* by issue_begin_with: it has no job, nor a term that was bought */
        struct issue_begun *begun; /* the same in memory, so that the round reads nothing; or NULL */
};
/* What ticket->begun holds is the queue's from here on. */
void issue_queue_push(struct issue_queue *queue, const struct issue_ticket *ticket);

/*
 * Where a certificate is made proved and CAA-checked: serial, dates and request in the same transaction, so that the round that
 * its ticket goes to has nothing to store before it signs.  Whoever does this knows what it has just stored; nothing of it is
 * read again.
 */
struct issue_known {
        const struct certificate_row *certificate;
        const struct cert_key_row *key;      /* stored in this transaction, so it has passed the gate */
        const struct evidence_row *evidence; /* of each name: evidence_id, name, method, proved_at */
        size_t evidence_count;
        int64_t term_end_at;                 /* the order's; 0 = none */
        int64_t caa_checked_at;
};
MUST res issue_begin_with(struct act *act, struct store_tx *tx, const struct issue_known *known, struct issued_row *ret_issued);
/* Copies. */
struct issue_begun *issue_begun_new(const struct certificate_row *certificate, const struct issued_row *issued);
void issue_begun_free(struct issue_begun *begun); /* NULL is fine */

/*
 * A round that is over rings (core/bell.h) bell_key(certificate_id) for each of its tickets: with its struct certificate_row where it
 * was issued just now, with NULL where what became of it is to be read.
 */

/*
 * One round with up to LIMIT_ISSUE_BATCH different tickets, on the caller's thread; what became of each is in the store.
 * false: the store failed, nothing is lost, and the same tickets are to be tried again.  Else what they hold is freed.
 */
bool issue_round(struct core *core, const struct issue_ticket *tickets, size_t count);

/*
 * StatusMsg of a certificate that is proved, while its issuer, profile or method is switched off (issuance.off); what
 * follows it says which.  It is tried again every few seconds, and the deadline does not end it.
 */
#define ISSUE_OFF_STATUS "Issuing is switched off by the operator; it goes on by itself"
#define ISSUE_FRESH_SEC 3600 /* a request that waits longer is made anew: CAA is asked again, the dates begin now */

/* Is it being signed right now (or was it, when we stopped)? */
MUST res issue_signing(struct act *act, struct store_conn *conn, const struct certificate_row *row, struct issued_row *ret_issued,
                       bool *ret_is_signing);
/*
 * What was on its way to the signer for a certificate that is not wanted any more – cancelled, failed, deleted, or submitted again –
 * is given up, and revoked, should the signer have made it just before it, or we, died.
 */
MUST res issue_drop_signing(struct act *act, struct store_tx *tx, struct str certificate_id);

/* What issue_begin_with began and no round has ended, because we died or the queue was full: it gets a job; at_start: however young. */
MUST res issue_sweep(struct act *act, bool at_start);

/* Job JOB_ISSUE: ask CAA for every name (RFC 8659; one that forbids is enough), then push. */
void issue_prepare_job(struct act *act, const struct job_row *job, void *context);
