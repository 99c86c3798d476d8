/* Inside the store only: the store itself, its writer and its checkpointer. */
#pragma once

#include <assert.h>
#include <pthread.h>
#include <semaphore.h>

#include "store/sqlite.h"

#define GROUP_MAX 256            /* functions in one transaction: past 64 a commit is hardly cheaper for each */
#define GROUP_TRIES 3            /* runs of a function whose group is lost by another's failure */
#define CHECKPOINT_PAGES 4000    /* new in the log before they are copied home, beside the writers */
#define CHECKPOINT_HARD_PAGES 16384 /* in the log before it is finished with the writers held, to start over (64 MB) */
#define LOG_PAGE_BYTES (4096 + 24)   /* a page, and its frame's header */
/* What stays of the log's file when it starts over: cut off, it would have to grow anew each time, with a slower sync for each piece. */
#define LOG_KEEP_BYTES 100663296
static_assert((CHECKPOINT_HARD_PAGES + CHECKPOINT_PAGES) * LOG_PAGE_BYTES < LOG_KEEP_BYTES, "all that is written before it starts over");
#define SEARCH_DUE_SLOTS 256
#define SEARCH_DUE_EVERY 256     /* inserts of an account between two looks whether a segment is full */

struct waiter;

struct store_tx {
        struct store *store;
        struct store_conn *conn;
        int64_t search_account; /* != 0: look, after the commit, whether this account's search wants a segment */
};

struct store {
        char *path, *vfs;
        struct store_options options;
        struct store_conn *writer;

        pthread_mutex_t queue_lock; /* queue and leading */
        struct waiter *queue_head, *queue_tail;
        bool leading;

        pthread_mutex_t write_lock; /* held by the leader for its group, by the checkpointer for a hard checkpoint */
        pthread_mutex_t write_gate; /* passed on the way to write_lock: one leader after the other would keep the checkpointer out */
        int64_t next_id[STORE_ID_COUNT]; /* 0 = not looked up yet; under write_lock */
        atomic_uint search_due[SEARCH_DUE_SLOTS];

        pthread_mutex_t readers_lock;
        pthread_key_t reader_key;
        struct store_conn *readers_free;
        struct store_conn *readers_all[1024];
        size_t readers_count;

        pthread_t checkpointer;
        pthread_mutex_t checkpoint_lock;
        pthread_cond_t checkpoint_wanted;
        bool checkpoint_due, stopping, checkpointer_runs;
        struct store_conn *checkpoint_conn;

        atomic_int pages_home; /* of the log, copied home so far */
        atomic_llong groups, functions, lost_groups, checkpoints, wal_pages;
};

void store_lock_writes(struct store *store);
void store_unlock_writes(struct store *store);
MUST res checkpoint_start(struct store *store);
void checkpoint_stop(struct store *store);
/* After the commit: is a segment of the account's search due?  (search.c) */
res search_after_commit(struct store *store, int64_t account_id);
