/*
 * The signer's own log of everything that it signed: DIR/log/issued.log, only ever appended to.  A record is
 * written and synced before the certificate leaves the program, so that what anybody holds is in here; a serial
 * that is in here is never signed again.  Records are chained by hash: a changed byte breaks the chain from there on.
 */
#pragma once

#include "base/buf.h"
#include "base/res.h"
#include "ipc/msg.h"

struct journal;

struct journal_entry {
        struct msg_log_item item;
        struct bytes der; /* borrowed from the journal until its next call */
};

/*
 * Open, or begin, the log below log_dir.  A record cut by a crash is set aside (issued.torn.<offset>) and cut off: nobody
 * was answered for it.  ERR_CONFIG with a sentence in why: more than a crash can have cut is unreadable.  ERR_IO.
 */
MUST res journal_open(const char *log_dir, struct journal **ret_journal, struct buf *why);
void journal_free(struct journal *journal); /* what was not synced is lost */
void journal_free_ptr(struct journal **journal);

/* Also finds what was added but not synced yet.  ERR_NOT_FOUND, ERR_IO. */
MUST res journal_find(struct journal *journal, const uint8_t serial[MSG_SERIAL_SIZE], struct journal_entry *ret_entry);
bool journal_has(struct journal *journal, const uint8_t serial[MSG_SERIAL_SIZE], const char *issuer);
/* Add one whose serial is not there; entry.cert_len and zero are filled in.  It is durable only after journal_sync(). */
MUST res journal_add(struct journal *journal, const struct msg_log_entry *entry, struct bytes der);
/*
 * One write and one fdatasync for everything added.  ERR_STORE_FULL: the disk is full, what was added is forgotten
 * and nothing of it may leave the program.  ERR_IO: a sync failed; what the disk holds is unknown: end the process.
 */
MUST res journal_sync(struct journal *journal);
/* Read the synced record at offset (0 = the first); *ret_next is the offset after it. ERR_NOT_FOUND at the end. */
MUST res journal_read(struct journal *journal, uint64_t offset, struct journal_entry *ret_entry, uint64_t *ret_next);
int64_t journal_last_signed_at(const struct journal *journal); /* 0 = nothing yet */
uint64_t journal_count(const struct journal *journal);
