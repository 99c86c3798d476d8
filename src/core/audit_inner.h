/*
 * The audit's parts, for audit*.c and their test: what it knows while it walks, and the judgement of one record of the
 * signer's log and of one row of the database.
 */
#pragma once

#include <pthread.h>

#include "core/audit.h"
#include "ipc/msg.h"
#include "pki/cert.h"
#include "store/issued.h"

struct issuers;

/* ---- a set of serial numbers, of any size (audit_set.c) ---- */

struct audit_serial {
        uint8_t v[MSG_SERIAL_SIZE]; /* all zero: an empty place; no certificate has that serial (RFC 5280 §4.1.2.2) */
};
struct audit_set {
        struct audit_serial *places;
        size_t size, count;
};
void audit_set_done(struct audit_set *set); /* {0} is an empty set */
/* *ret_new tells whether it was not there.  ERR_MEMORY. */
MUST res audit_set_add(struct audit_set *set, const uint8_t serial[MSG_SERIAL_SIZE], bool *ret_new);
/* One after the other, from *at = 0; NULL after the last. */
const struct audit_serial *audit_set_next(const struct audit_set *set, size_t *at);
bool audit_set_has(const struct audit_set *set, const uint8_t serial[MSG_SERIAL_SIZE]);

/* ---- the audit ---- */

#define AUDIT_ISSUERS 64

struct audit_issuer {
        const char *name;
        struct pki_cert cert;
};

struct audit_missing { /* issued rows that the signer's log did not have when it was read */
        struct audit_serial serial;
        char certificate_id[16];
};

struct audit {
        struct act *act;
        struct audit_report *report;
        const struct pki_profiles *profiles;
        bool every_signature;
        uint64_t salt; /* which signatures a vouched certificate's is among: nobody can know before */
        pthread_mutex_t lock; /* all zero = unlocked; over report and signed_here while records are judged side by side */
        struct audit_issuer issuer[AUDIT_ISSUERS];
        size_t issuer_count;
        struct audit_set signed_here;
        struct audit_set revoked; /* as the rows say */
        uint8_t chain[MSG_HASH_SIZE]; /* of the signer's log, as it should stand */
        struct audit_missing missing[AUDIT_SHOWN];
        size_t missing_count;
};

/* From the snapshot of issuers.  ERR_MEMORY, ERR_FORMAT. */
MUST res audit_begin(struct audit *audit, struct act *act, const struct issuers *issuers, struct audit_report *report);
void audit_done(struct audit *audit);

void audit_find(struct audit *audit, const char *kind, const char *subject, const char *format, ...)
        __attribute__((format(printf, 4, 5)));
/* The next record of the signer's log is of the chain.  In order, by one thread.  ERR_MEMORY. */
MUST res audit_take_chain(struct audit *audit, const struct msg_log_item *item, struct bytes der);
/*
 * One record of the signer's log; row is what the database has under its serial, NULL = nothing.  On any thread, in any order.
 * ERR_MEMORY.
 */
MUST res audit_take_record(struct audit *audit, const struct msg_log_item *item, struct bytes der, const struct issued_row *row);
/* What the database says of a record that is not the CA's own: nothing (NULL), other bytes, another issuer.  serial: in hexadecimal. */
void audit_check_row(struct audit *audit, const struct msg_log_entry *entry, struct bytes der, const struct issued_row *row, const char *serial);
/* No order stands behind it. */
bool audit_is_own(const struct audit *audit, const struct msg_log_entry *entry);
/* The next record of a page of the signer's log, as MSG_SIGNER_LOG answers it.  ERR_IPC_FRAME. */
MUST res audit_page_cut(struct bytes *rest, struct msg_log_item *ret_item, struct bytes *ret_der);

/* ---- threads that judge the records of one page after the other (audit_crew.c) ---- */

struct audit_crew;
struct channel_reply;
MUST res audit_crew_new(struct audit *audit, struct audit_crew **ret_crew); /* ERR_MEMORY */
void audit_crew_free(struct audit_crew *crew);                              /* waits for what is being judged */
/* Takes the reply; waits while too many pages lie there.  Fails with the first failure of a thread. */
MUST res audit_crew_give(struct audit_crew *crew, struct channel_reply *page, uint32_t count);
MUST res audit_crew_finish(struct audit_crew *crew); /* until all that was given is judged */

/* One row of the database, after all records. */
void audit_take_row(struct audit *audit, const struct issued_row *row);
/* Remembers the serial of a revoked row.  ERR_MEMORY. */
MUST res audit_note_revoked(struct audit *audit, const struct issued_row *row);
/* After all rows: the packed entries from which revocation lists are made name the revoked rows, and no others. */
MUST res audit_take_listed(struct audit *audit);
/* At last: what is still not in the signer's log. */
void audit_take_missing(struct audit *audit);
