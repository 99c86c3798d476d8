/*
 * Copying the write-ahead log home, in a thread and on a connection of its own, so that no commit waits for it.
 * A log that grows on because writers never pause is finished with the writers held for the little that is left;
 * the next writer then starts it over.
 */
#include "store/group.h"

/* Called by SQLite after each commit of the writer. */
static int on_commit(void *arg, sqlite3 *db, const char *name, int pages)
{
        struct store *store = arg;

        (void)db;
        (void)name;
        atomic_store(&store->wal_pages, pages);
        if (pages < atomic_load(&store->pages_home)) /* the log started over */
                atomic_store(&store->pages_home, 0);
        if (pages - atomic_load(&store->pages_home) < CHECKPOINT_PAGES)
                return SQLITE_OK;
        pthread_mutex_lock(&store->checkpoint_lock);
        store->checkpoint_due = true;
        pthread_cond_signal(&store->checkpoint_wanted);
        pthread_mutex_unlock(&store->checkpoint_lock);
        return SQLITE_OK;
}

/* Failures other than a failed sync are left for the next commit: nothing is lost while the log is there. */
static void checkpoint_once(struct store *store)
{
        struct store_conn *c = store->checkpoint_conn;
        int pages_home = 0;
        int rc = sqlite3_wal_checkpoint_v2(c->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, &pages_home);

        if (rc == SQLITE_OK && pages_home >= 0)
                atomic_store(&store->pages_home, pages_home);
        else if (rc != SQLITE_OK)
                (void)conn_failure(c, rc);
        atomic_fetch_add(&store->checkpoints, 1);
}

static void checkpoint_all(struct store *store)
{
        checkpoint_once(store);
        if (atomic_load(&store->wal_pages) < CHECKPOINT_HARD_PAGES)
                return;
        store_lock_writes(store);
        checkpoint_once(store);
        store_unlock_writes(store);
}

static bool wait_for_work(struct store *store)
{
        bool stopping;

        pthread_mutex_lock(&store->checkpoint_lock);
        while (!store->checkpoint_due && !store->stopping)
                pthread_cond_wait(&store->checkpoint_wanted, &store->checkpoint_lock);
        store->checkpoint_due = false;
        stopping = store->stopping;
        pthread_mutex_unlock(&store->checkpoint_lock);
        return !stopping;
}

static void *checkpointer(void *arg)
{
        struct store *store = arg;

        while (wait_for_work(store))
                checkpoint_all(store);
        return NULL;
}

res checkpoint_start(struct store *store)
{
        TRY(conn_open(&store->options, CONN_CHECKPOINT, &store->checkpoint_conn));
        ENSURE(pthread_create(&store->checkpointer, NULL, checkpointer, store) == 0, ERR_MEMORY);
        store->checkpointer_runs = true;
        sqlite3_wal_hook(store->writer->db, on_commit, store);
        return RES_OK;
}

void checkpoint_stop(struct store *store)
{
        pthread_mutex_lock(&store->checkpoint_lock);
        store->stopping = true;
        pthread_cond_signal(&store->checkpoint_wanted);
        pthread_mutex_unlock(&store->checkpoint_lock);
        if (store->checkpointer_runs)
                pthread_join(store->checkpointer, NULL);
        conn_close(store->checkpoint_conn);
}
