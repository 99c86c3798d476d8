/*
 * The audit: is what the CA signed what the database says?  The signer's own log is held against the database, in both
 * directions and byte by byte, and the entries of the revocation lists against the revoked rows; every certificate is read and
 * linted once more; the hash chains of the signer's log and of the operation log are worked out anew.  A signature takes longer
 * to verify than all the rest: it is verified where the database does not have the same bytes, and of the others one in
 * AUDIT_SAMPLE, drawn anew each time, or every one if that is asked for.  It changes nothing and may run beside the work.
 */
#pragma once

#include "core/act.h"

#define AUDIT_SAMPLE 16
#define AUDIT_SHOWN 1000 /* findings told one by one; what is more is only counted */

struct audit_finding {
        const char *kind;    /* a word that never changes: "unknown_to_database"; for a lint finding, the lint's name */
        const char *subject; /* serial number in hexadecimal, "log entry 17", … */
        const char *text;    /* one sentence */
};

struct audit_report {
        int64_t signed_count;  /* records of the signer's log */
        int64_t own_count;     /* of them the CA's own: roots, intermediates, responders, the listener */
        int64_t issued_count;  /* certificates in the database */
        int64_t signing_count; /* rows being signed now */
        int64_t dead_count;    /* rows given up */
        int64_t log_count;     /* entries of the operation log that fit */
        int64_t verified_count; /* signatures */
        int64_t finding_count;
        struct audit_finding findings[AUDIT_SHOWN];
        size_t shown;
};

/*
 * Everything in the report lives in act->arena.  Findings are no failure.  ERR_IPC_LOST and its like: the signer could
 * not be asked; ERR_STORE: the database could not be read; ERR_STORE_BUSY: the server stops.
 */
MUST res audit_run(struct act *act, bool every_signature, struct audit_report *ret_report);
