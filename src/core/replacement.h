/*
 * Replacement: all certificates that a method proved, that an issuer or a profile made, or that were issued in a span of time, are
 * made anew at one word of an operator, because something was wrong with how they came about (DigiCert 2024: underscores left off,
 * 83,267 certificates within a day; Entrust 2024: not in time).
 *
 *   waiting ──► open ──► ready ──► revoked        ended: it had come to its end by itself before
 *      │          └── the deadline ──┘ ▲
 *      └───────────────────────────────┘
 *
 * Its list is made first, page by page.  Then so many a minute are opened that applicants do not feel it: a successor is applied for as
 * its order would (core/successor); a certificate of an ACME client gets a renewal window that is open already, and its client
 * comes by itself (RFC 9773).  When the successor is issued the old one is revoked after a pause, and at the deadline whatever became of it.
 * Every step is a row, so a crash loses nothing, and each stands in the timeline; owners are told when it begins and when it ends.
 */
#pragma once

#include "core/act.h"
#include "core/revoke.h"
#include "store/replacement.h"

#define REPLACEMENT_PER_MINUTE 600
#define REPLACEMENT_PER_MINUTE_MIN 12 /* one every five seconds */
#define REPLACEMENT_PER_MINUTE_MAX 60000
#define REPLACEMENT_HOURS_MAX 8760

struct job_row;

struct replacement_new {
        struct str method;          /* http-01, dns-01, tls-alpn-01, dns-txt, dns-cname, file, approved; "" = any */
        struct str issuer, profile; /* "" = any */
        int64_t from_at, to_at;     /* issued from … to before; 0 = open */
        struct str note;            /* why: the owners read it */
        struct str reason_code;     /* "" = superseded */
        int64_t per_minute;         /* 0 = REPLACEMENT_PER_MINUTE */
        int64_t grace_hours;        /* from the successor's issue to the revocation */
        int64_t deadline_hours;     /* from now on; 0 = all are revoked at once, and none is made anew */
};
struct replacement_state {
        struct replacement_row row;
        int64_t waiting, open, ready, revoked, ended;
};

/* ERR_PARAM_VALUE, ERR_PARAM_MISSING.  *ret_count: of how many certificates; with is_dry_run nothing else happens, and *ret_id is 0. */
MUST res replacement_begin(struct act *act, const struct replacement_new *in, bool is_dry_run, int64_t *ret_id, int64_t *ret_count);
/* replacement_id 0 = the newest ones, at most `limit`.  ERR_NOT_FOUND. */
MUST res replacement_describe(struct act *act, int64_t replacement_id, int64_t limit, const struct replacement_state **ret_states, size_t *ret_n);
/* What is done stays done; no more is begun, and nothing more is revoked by it.  ERR_NOT_FOUND. */
MUST res replacement_stop(struct act *act, int64_t replacement_id);
const char *replacement_method_name(int64_t method); /* "" = any */

/* Job JOB_REPLACE, its subject the number: the next step. */
void replacement_job(struct act *act, const struct job_row *job, void *context);

/* For replacement_step.c: the next page of the list; *ret_last tells whether it was the last, *ret_after how far it reaches. */
MUST res replacement_page(struct act *act, struct arena *arena, const struct replacement_row *row, const struct replacement_item_row **ret_items,
                          size_t *ret_n, int64_t *ret_after, bool *ret_last);
/* What the replacement's method proved of this certificate's names, for the same account, before it began: that counts no more, at no door. */
MUST res replacement_void_proofs(struct act *act, struct store_tx *tx, const struct replacement_row *row, const struct replacement_item_row *item);
