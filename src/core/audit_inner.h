/*
 * The audit's parts, for audit*.c and their test: what it knows while it walks, and the judgement of one record of the
 * signer's log and of one row of the database.
 */
#pragma once

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
        struct pki_kit *kit;
        struct audit_issuer issuer[AUDIT_ISSUERS];
        size_t issuer_count;
        struct audit_set signed_here;
        uint8_t chain[MSG_HASH_SIZE]; /* of the signer's log, as it should stand */
        struct audit_missing missing[AUDIT_SHOWN];
        size_t missing_count;
};

/* From the snapshot of issuers.  ERR_MEMORY, ERR_FORMAT. */
MUST res audit_begin(struct audit *audit, struct act *act, const struct issuers *issuers, struct audit_report *report);
void audit_done(struct audit *audit);

void audit_find(struct audit *audit, const char *kind, const char *subject, const char *format, ...)
        __attribute__((format(printf, 4, 5)));
/* One record of the signer's log; row is what the database has under its serial, NULL = nothing.  ERR_MEMORY. */
MUST res audit_take_record(struct audit *audit, const struct msg_log_item *item, struct bytes der, const struct issued_row *row);
/* No order stands behind it. */
bool audit_is_own(const struct audit *audit, const struct msg_log_entry *entry);
/* One row of the database, after all records. */
void audit_take_row(struct audit *audit, const struct issued_row *row);
/* At last: what is still not in the signer's log. */
void audit_take_missing(struct audit *audit);
