/*
 * Opening, closing, readers and ids.  Readers are handed out one a thread and go back to a list when the thread
 * ends, so there are never more than there were threads at once.
 */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "store/group.h"

#define READERS_MAX (sizeof(((struct store *)NULL)->readers_all) / sizeof(struct store_conn *))

static const struct sql statements[] = {
        [STORE_ID_ACCOUNT] = SQL_SYSTEM("account_max_id", "SELECT COALESCE(MAX(account_id), 0) FROM account"),
        [STORE_ID_USER] = SQL_SYSTEM("user_max_id", "SELECT COALESCE(MAX(user_id), 0) FROM app_user"),
        [STORE_ID_API_KEY] = SQL_SYSTEM("api_key_max_id", "SELECT COALESCE(MAX(key_id), 0) FROM api_key"),
        [STORE_ID_ORDER] = SQL_SYSTEM("order_max_id", "SELECT COALESCE(MAX(order_id), 0) FROM cert_order"),
        [STORE_ID_CERTIFICATE] = SQL_SYSTEM("certificate_max_id", "SELECT COALESCE(MAX(seq), 0) FROM certificate"),
        [STORE_ID_CERT_KEY] = SQL_SYSTEM("key_max_id", "SELECT COALESCE(MAX(key_id), 0) FROM cert_key"),
        [STORE_ID_ISSUED] = SQL_SYSTEM("issued_max_id", "SELECT COALESCE(MAX(issued_id), 0) FROM issued"),
        [STORE_ID_VALIDATION] = SQL_SYSTEM("validation_max_id", "SELECT COALESCE(MAX(validation_id), 0) FROM validation"),
        [STORE_ID_EVIDENCE] = SQL_SYSTEM("evidence_max_id", "SELECT COALESCE(MAX(evidence_id), 0) FROM evidence"),
        [STORE_ID_LEDGER] = SQL_SYSTEM("ledger_max_id", "SELECT COALESCE(MAX(entry_id), 0) FROM ledger"),
        [STORE_ID_JOB] = SQL_SYSTEM("job_max_id", "SELECT COALESCE(MAX(job_id), 0) FROM job"),
        [STORE_ID_CSR] = SQL_SYSTEM("csr_max_id", "SELECT COALESCE(MAX(csr_id), 0) FROM csr"),
        [STORE_ID_UPLOAD_UPDATE] = SQL_SYSTEM("upload_update_max_id", "SELECT COALESCE(MAX(update_id), 0) FROM upload_update"),
        [STORE_ID_NOTICE] = SQL_SYSTEM("notice_max_id", "SELECT COALESCE(MAX(notice_id), 0) FROM notice"),
        [STORE_ID_BENEFIT] = SQL_SYSTEM("benefit_max_id", "SELECT COALESCE(MAX(package_seq), 0) FROM benefit_package"),
        [STORE_ID_ACME_ACCOUNT] = SQL_SYSTEM("acme_account_max_id", "SELECT COALESCE(MAX(acme_id), 0) FROM acme_account"),
        [STORE_ID_EXTERNAL_ACCOUNT] = SQL_SYSTEM("external_account_max_id", "SELECT COALESCE(MAX(external_id), 0) FROM external_account"),
        [STORE_ID_ACME_ORDER] = SQL_SYSTEM("acme_order_max_id", "SELECT COALESCE(MAX(order_id), 0) FROM acme_order"),
        [STORE_ID_ACME_AUTHORIZATION] = SQL_SYSTEM("acme_authorization_max_id", "SELECT COALESCE(MAX(authorization_id), 0) FROM acme_authorization"),
};
const struct sql_set sql_store = SQL_SET(SQL_SET_STORE, statements);

/* A thread ended: its reader is free again. */
struct reader_loan {
        struct store *store;
        struct store_conn *conn;
};

static void reader_return(void *arg)
{
        struct reader_loan *loan = arg;

        pthread_mutex_lock(&loan->store->readers_lock);
        loan->conn->next = loan->store->readers_free;
        loan->store->readers_free = loan->conn;
        pthread_mutex_unlock(&loan->store->readers_lock);
        free(loan);
}

static void locks_init(struct store *store)
{
        pthread_mutex_init(&store->queue_lock, NULL);
        pthread_mutex_init(&store->write_lock, NULL);
        pthread_mutex_init(&store->write_gate, NULL);
        pthread_mutex_init(&store->readers_lock, NULL);
        pthread_mutex_init(&store->checkpoint_lock, NULL);
        pthread_cond_init(&store->checkpoint_wanted, NULL);
}

/* SQLite would count every allocation under one lock for all connections. */
static void sqlite_set_up(void)
{
        (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static res store_new(const struct store_options *options, struct store **ret_store)
{
        CLEAN(store_close_ptr) struct store *store = calloc(1, sizeof(*store));

        ENSURE(store, ERR_MEMORY);
        locks_init(store);
        if (pthread_key_create(&store->reader_key, reader_return) != 0) {
                free(store);
                store = NULL;
                return FAIL(ERR_MEMORY);
        }
        store->options = *options;
        store->path = strdup(options->path);
        store->vfs = options->vfs ? strdup(options->vfs) : NULL;
        ENSURE(store->path && (store->vfs || !options->vfs), ERR_MEMORY);
        store->options.path = store->path;
        store->options.vfs = store->vfs;
        *ret_store = store;
        store = NULL;
        return RES_OK;
}

/*
 * A new database is the owner's alone; SQLite gives its other files the same mode.  Only before the first connection:
 * closing a descriptor gives up every lock that this process has on the file.
 */
static res make_file(const char *path)
{
        CLEAN(fd_close) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

        ENSURE(fd >= 0, errno == ENOSPC ? ERR_STORE_FULL : ERR_STORE);
        return RES_OK;
}

static res store_migrate(struct store *store, struct buf *why)
{
        CLEAN(migrations_free_ptr) struct migrations *read_now = NULL;
        const struct migrations *migrations = store->options.migrations;

        if (!migrations) {
                TRY(migrations_read(store->options.migrations_dir, why, &read_now));
                migrations = read_now;
        }
        return migrate_run(store->writer, migrations, why);
}

static res store_prepare(struct store *store, struct buf *why)
{
        TRY(make_file(store->path));
        TRY(conn_open(&store->options, CONN_WRITER, &store->writer));
        store->writer->bypasses_group = true;
        TRY(store_migrate(store, why));
        TRY(conn_check_statements(store->writer, why));
        store->writer->bypasses_group = false;
        return store->options.threads_later ? RES_OK : checkpoint_start(store);
}

res store_start(struct store *store)
{
        return checkpoint_start(store);
}

res store_open_with(const struct store_options *options, struct buf *why, struct store **ret_store)
{
        static pthread_once_t once = PTHREAD_ONCE_INIT;
        CLEAN(store_close_ptr) struct store *store = NULL;
        res r;

        pthread_once(&once, sqlite_set_up);
        TRY(store_new(options, &store));
        r = store_prepare(store, why);
        if (!res_is_ok(r)) {
                if (why->n == 0)
                        buf_printf(why, "%s: %s", options->path,
                                   store->writer ? sqlite3_errmsg(store->writer->db) : "cannot be opened");
                return r;
        }
        *ret_store = store;
        store = NULL;
        return RES_OK;
}

res store_open(const char *path, const char *migrations_dir, struct buf *why, struct store **ret_store)
{
        return store_open_with(&(struct store_options){.path = path, .migrations_dir = migrations_dir}, why, ret_store);
}

void store_close(struct store *store)
{
        if (!store)
                return;
        store_read_done(store);
        checkpoint_stop(store);
        pthread_key_delete(store->reader_key);
        for (size_t i = 0; i < store->readers_count; i++)
                conn_close(store->readers_all[i]);
        conn_close(store->writer); /* last: SQLite copies the log home and removes it */
        pthread_mutex_destroy(&store->queue_lock);
        pthread_mutex_destroy(&store->write_lock);
        pthread_mutex_destroy(&store->write_gate);
        pthread_mutex_destroy(&store->readers_lock);
        pthread_mutex_destroy(&store->checkpoint_lock);
        pthread_cond_destroy(&store->checkpoint_wanted);
        free(store->path);
        free(store->vfs);
        free(store);
}

void store_close_ptr(struct store **store)
{
        store_close(*store);
}

/* A free reader, or a new one; under readers_lock. */
static res reader_borrow(struct store *store, struct store_conn **ret_conn)
{
        struct store_conn *conn = store->readers_free;

        if (conn) {
                store->readers_free = conn->next;
                *ret_conn = conn;
                return RES_OK;
        }
        ENSURE(store->readers_count < READERS_MAX, ERR_STORE_BUSY);
        TRY(conn_open(&store->options, CONN_READER, &conn));
        store->readers_all[store->readers_count++] = conn;
        *ret_conn = conn;
        return RES_OK;
}

static res reader_loan_new(struct store *store, struct reader_loan **ret_loan)
{
        struct reader_loan *loan = calloc(1, sizeof(*loan));
        res r;

        ENSURE(loan, ERR_MEMORY);
        loan->store = store;
        pthread_mutex_lock(&store->readers_lock);
        r = reader_borrow(store, &loan->conn);
        pthread_mutex_unlock(&store->readers_lock);
        if (!res_is_ok(r)) {
                free(loan);
                return r;
        }
        *ret_loan = loan;
        return RES_OK;
}

res store_read(struct store *store, struct store_conn **ret_conn)
{
        struct reader_loan *loan = pthread_getspecific(store->reader_key);

        if (!loan) {
                TRY(reader_loan_new(store, &loan));
                if (pthread_setspecific(store->reader_key, loan) != 0) {
                        reader_return(loan);
                        return FAIL(ERR_MEMORY);
                }
        }
        *ret_conn = loan->conn;
        return RES_OK;
}

void store_read_done(struct store *store)
{
        struct reader_loan *loan = pthread_getspecific(store->reader_key);

        if (!loan)
                return;
        (void)pthread_setspecific(store->reader_key, NULL);
        reader_return(loan);
}

struct store_conn *store_tx_conn(struct store_tx *tx)
{
        return tx->conn;
}

res store_new_id(struct store_tx *tx, enum store_id table, int64_t *ret_id)
{
        int64_t *next = &tx->store->next_id[table];

        if (*next == 0) {
                struct query q = query_of(tx->conn, &sql_store, table);
                int64_t highest = 0;

                TRY(query_value(&q, &highest));
                *next = highest + 1;
        }
        *ret_id = (*next)++;
        return RES_OK;
}

void store_get_figures(struct store *store, struct store_figures *ret_figures)
{
        *ret_figures = (struct store_figures){
                .groups = atomic_load(&store->groups),
                .functions = atomic_load(&store->functions),
                .lost_groups = atomic_load(&store->lost_groups),
                .checkpoints = atomic_load(&store->checkpoints),
                .wal_pages = atomic_load(&store->wal_pages),
        };
}
