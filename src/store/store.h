/*
 * The store: one SQLite file, one write connection, one read connection a thread.
 *
 * Writing.  A transaction is a function handed to store_run().  Whoever comes first leads: it opens the
 * transaction, runs its own function and those of all who wait, each inside a SAVEPOINT of its own, commits once
 * for all and wakes them (group commit).  So a lone writer pays no thread switch, and sixty-four share one fsync.
 *
 * Reading.  store_read() lends the calling thread its own connection; inside a transaction store_tx_conn() gives
 * the write connection.  Every reading function takes such a `struct store_conn *`, so it is written once for both.
 *
 * Rows come as structs of struct str, struct bytes and int64_t; text is copied into the caller's arena, followed
 * by a NUL byte, never NULL (absent is "").  The functions of a table stand in its own header, store/<table>.h.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/res.h"
#include "base/str.h"

struct store;
struct store_conn; /* a connection: of a reader, or the writer's inside a transaction */
struct store_tx;   /* an open transaction: the right to write */

struct migrations; /* the files of a directory, in memory */

struct store_options {
        const char *path;           /* the database file */
        const char *migrations_dir; /* NNNN_name.sql, each run once, in order */
        const struct migrations *migrations; /* read before; NULL = read migrations_dir now */
        bool threads_later;         /* no thread yet: store_start() is called when there may be some */
        const char *vfs;            /* NULL = the system's; tests put a failing one here */
        /* Called when a sync failed: what is on the disk is no longer known.  Must end the process; NULL = _exit(1). */
        void (*on_fatal)(const char *why);
};

/*
 * Open, migrate, and prepare every statement once, so that a bad one stops the program here.
 * On failure `why` holds the sentence for people.  ERR_STORE, ERR_STORE_FULL, ERR_STORE_BUSY, ERR_IO.
 */
MUST res store_open_with(const struct store_options *options, struct buf *why, struct store **ret_store);
MUST res store_open(const char *path, const char *migrations_dir, struct buf *why, struct store **ret_store);
/* For a process that may read them now and not later.  ERR_IO, ERR_MEMORY; `why` holds the sentence. */
MUST res migrations_read(const char *dir, struct buf *why, struct migrations **ret_migrations);
void migrations_free(struct migrations *migrations); /* not before the store is open; NULL is fine */
void migrations_free_ptr(struct migrations **migrations);
/* The thread that copies the log home, if it was put off (threads_later).  Before the first write. */
MUST res store_start(struct store *store);
/* After the last writer and reader is done: checkpoints, closes every connection.  NULL is fine. */
void store_close(struct store *store);
void store_close_ptr(struct store **store); /* for CLEAN() */

/*
 * Run fn(tx, arg) in a transaction; returns when it is durable.  fn may run on another thread than the caller's
 * (the leader's), and more than once: it may not touch thread-locals, do IPC, crypto or network, call store_run(), and may change
 * what arg points to only so that a second run gives the same (the caller sleeps meanwhile, so its arena may be used).
 * If fn fails, its own changes are rolled back, nobody else's, and its failure is returned.
 *   ERR_STORE_FULL     no room; nothing stored.  The store goes on by itself once there is room.
 *   ERR_STORE_RETRY    the whole group was rolled back by somebody's failure, three times in a row; nothing stored.
 *   ERR_STORE_BUSY     another process holds the file.
 *   ERR_STORE          anything else of the database; nothing stored.
 */
typedef res store_fn(struct store_tx *tx, void *arg);
MUST res store_run(struct store *store, store_fn *fn, void *arg);

/*
 * Several transactions at once, each on its own as by store_run(), in one group as a rule: one sleep and one wake for all.
 * They run in their order, and are all durable, or refused for good, when it returns.
 */
struct store_work {
        store_fn *fn;
        void *arg;
        res result;             /* as store_run() would return it */
        int64_t search_account; /* the store's own */
};
void store_run_many(struct store *store, struct store_work *works, size_t n);

/* The calling thread's reader, made at first use, given back when the thread ends.  ERR_STORE, ERR_MEMORY. */
MUST res store_read(struct store *store, struct store_conn **ret_conn);
/* Give the calling thread's reader back before it ends (it would be anyway), e.g. before store_close. */
void store_read_done(struct store *store);
/* The write connection, for reading inside the transaction. */
struct store_conn *store_tx_conn(struct store_tx *tx);

/*
 * Several reads of one moment: what others commit between begin and end is not seen.  Cheaper, too, than as many single
 * reads.  May be nested; does nothing on the write connection, whose transaction is one moment anyway.  Keep it short:
 * while it lasts the write-ahead log cannot start over.
 */
MUST res store_snapshot_begin(struct store_conn *c);
void store_snapshot_end(struct store_conn *c);

/* A fresh row id of the table: higher than all before, never given twice, also when the transaction rolls back. */
enum store_id {
        STORE_ID_ACCOUNT, STORE_ID_USER, STORE_ID_API_KEY, STORE_ID_ORDER, STORE_ID_CERTIFICATE, STORE_ID_CERT_KEY,
        STORE_ID_ISSUED, STORE_ID_VALIDATION, STORE_ID_EVIDENCE, STORE_ID_LEDGER, STORE_ID_JOB, STORE_ID_NOTICE,
        STORE_ID_BENEFIT,
        STORE_ID_CSR,
        STORE_ID_ACME_ACCOUNT, STORE_ID_EXTERNAL_ACCOUNT, STORE_ID_ACME_ORDER, STORE_ID_ACME_AUTHORIZATION,
        STORE_ID_UPLOAD_UPDATE,
        STORE_ID_COUNT
};
MUST res store_new_id(struct store_tx *tx, enum store_id table, int64_t *ret_id);

/* What the committer did so far, for the benches and the metrics. */
struct store_figures {
        int64_t groups;      /* transactions committed */
        int64_t functions;   /* functions in them */
        int64_t lost_groups; /* rolled back as a whole */
        int64_t checkpoints;
        int64_t wal_pages;   /* in the write-ahead log at the last commit */
};
void store_get_figures(struct store *store, struct store_figures *ret_figures);

/* Every SQL statement of the store, for the tests that walk them.  NULL past the end. */
struct store_statement {
        const char *name; /* "certificate_get" */
        const char *sql;  /* portable: $1, $2, … */
        bool is_system;   /* works over all accounts on purpose, or on what belongs to none */
};
const struct store_statement *store_statement_at(size_t i);
