/*
 * Inside the store only: connections, statements, rows.
 *
 * A file of a table has one `struct sql` a statement, in an array indexed by its own enum, and shows that array to
 * statements.c.  A connection prepares a statement when it first meets it and keeps it.  A query reads as
 *
 *         struct query q = query_of(c, &sql_account, ACCOUNT_GET);
 *         query_int(&q, account_id);
 *         return query_get(&q, arena, account_columns, ret_row);
 *
 * Errors on the way stick to the query and come out at its end, which also resets it: a query that was begun
 * has to end in one of query_run, query_run_one, query_get, query_value, query_list, query_done.
 */
#pragma once

#include <sqlite3.h>
#include <stdatomic.h>

#include "store/store.h"

enum column_kind { COLUMN_INT, COLUMN_TEXT, COLUMN_BYTES };
struct column {
        const char *name; /* NULL ends a table */
        enum column_kind kind;
        size_t offset;
};
#define COLUMN(type, member)                                                                       \
        {                                                                                          \
                #member,                                                                           \
                _Generic((((type *)0)->member), int64_t: COLUMN_INT, struct str: COLUMN_TEXT, struct bytes: COLUMN_BYTES), \
                offsetof(type, member)                                                             \
        }
#define COLUMNS_END {NULL, COLUMN_INT, 0}

struct sql {
        struct store_statement statement;
        const struct column *row; /* what it selects, in this order; checked when prepared; NULL = the code reads by number */
};
/* The account's own rows only: `account_id` is bound. */
#define SQL(name, text) {.statement = {name, text, false}, .row = NULL}
#define SQL_ROW(name, columns, text) {.statement = {name, text, false}, .row = (columns)}
/* Over all accounts, or of what belongs to none: on the named list of system statements. */
#define SQL_SYSTEM(name, text) {.statement = {name, text, true}, .row = NULL}
#define SQL_SYSTEM_ROW(name, columns, text) {.statement = {name, text, true}, .row = (columns)}

/* A certificate's seq, for tables that hang on it in its order; 0 = there is none.  Parameters as "$1". */
#define SQL_SEQ_OF(account, id) "COALESCE((SELECT seq FROM certificate WHERE account_id = " account " AND certificate_id = " id "), 0)"

enum sql_set_id {
        SQL_SET_STORE, SQL_SET_ACCOUNT, SQL_SET_API_KEY, SQL_SET_PROJECT, SQL_SET_ORDER, SQL_SET_CERTIFICATE,
        SQL_SET_CERTIFICATE_LIST, SQL_SET_SEARCH, SQL_SET_SEARCH_FIND, SQL_SET_FACET, SQL_SET_COUNT, SQL_SET_KEY, SQL_SET_ISSUED, SQL_SET_CRL_SHARD,
        SQL_SET_VALIDATION, SQL_SET_EVIDENCE, SQL_SET_QUOTA, SQL_SET_LEDGER, SQL_SET_LOG, SQL_SET_JOB,
        SQL_SET_NOTICE, SQL_SET_TAG, SQL_SET_INSTANCE, SQL_SET_BENEFIT,
        SQL_SET_CSR, SQL_SET_SUBMISSION, SQL_SET_UPLOAD, SQL_SET_FINDING, SQL_SET_REPLACEMENT,
        SQL_SET_REVOCATION, SQL_SET_BLOCKED_KEY, SQL_SET_REISSUE, SQL_SET_BINDING, SQL_SET_LIFE_TASK,
        SQL_SET_ACME_ACCOUNT, SQL_SET_EXTERNAL_ACCOUNT, SQL_SET_ACME_ORDER, SQL_SET_ACME_AUTHORIZATION, SQL_SET_END
};
struct sql_set {
        enum sql_set_id id;
        const struct sql *v;
        size_t n;
};
#define SQL_SET(id_, array) {(id_), (array), sizeof(array) / sizeof((array)[0])}

extern const struct sql_set sql_store, sql_account, sql_api_key, sql_project, sql_order, sql_certificate,
        sql_certificate_list, sql_search, sql_search_find, sql_facet, sql_count, sql_key, sql_issued, sql_crl_shard, sql_validation, sql_evidence,
        sql_quota, sql_ledger, sql_log, sql_job, sql_notice, sql_tag, sql_instance, sql_benefit,
        sql_csr, sql_submission, sql_upload;
extern const struct sql_set sql_finding, sql_replacement;
extern const struct sql_set sql_revocation, sql_blocked_key, sql_reissue, sql_binding, sql_life_task;
extern const struct sql_set sql_acme_account, sql_external_account, sql_acme_order, sql_acme_authorization;
/* In the order of enum sql_set_id. */
extern const struct sql_set *const sql_sets[SQL_SET_END];

/* What only the runner says; not portable text, so not in the sets. */
enum control { CONTROL_BEGIN, CONTROL_SAVEPOINT, CONTROL_RELEASE, CONTROL_ROLLBACK_TO, CONTROL_COMMIT, CONTROL_SNAPSHOT, CONTROL_END };

struct store_conn {
        sqlite3 *db;
        sqlite3_stmt *control[CONTROL_END];
        bool is_writer;
        bool bypasses_group; /* while migrating: the writer without a group's transaction */
        int snapshots; /* nested ones, of a reader */
        void (*on_fatal)(const char *why);
        sqlite3_stmt **prepared[SQL_SET_END];
        struct store_conn *next; /* in the store's list */
};

enum conn_kind { CONN_WRITER, CONN_READER, CONN_CHECKPOINT };
MUST res conn_open(const struct store_options *options, enum conn_kind kind, struct store_conn **ret_conn);
void conn_close(struct store_conn *c);
void conn_close_ptr(struct store_conn **c);
/* Prepare all statements once and forget them again; `why` names the bad one. */
MUST res conn_check_statements(struct store_conn *c, struct buf *why);
/* Translate SQLite's code; a failed sync calls on_fatal, which does not come back. */
res conn_failure(struct store_conn *c, int rc);
/* Fixed text without parameters: PRAGMA, BEGIN, … */
MUST res conn_exec(struct store_conn *c, const char *sql);
MUST res conn_control(struct store_conn *c, enum control what);

struct query {
        struct store_conn *c;
        const struct sql *sql;
        sqlite3_stmt *stmt; /* NULL once failed */
        int bound;
        enum err error;
};
struct query query_of(struct store_conn *c, const struct sql_set *set, size_t statement);
void query_int(struct query *q, int64_t v);
void query_str(struct query *q, struct str v);     /* borrowed until the query ends; absent is '' */
void query_bytes(struct query *q, struct bytes v); /* likewise */
void query_row(struct query *q, const struct column *columns, const void *row); /* every column, in order */
/* The next row; false = there is none, and the query has ended. */
MUST res query_step(struct query *q, bool *ret_row);
int64_t query_get_int(const struct query *q, int i);
struct str query_get_str(const struct query *q, int i);     /* valid until the next step */
struct bytes query_get_bytes(const struct query *q, int i); /* likewise */
void row_copy(struct arena *a, const struct column *columns, void *row); /* what a row borrows is copied, as if it had been read */
void query_done(struct query *q);
MUST res query_run(struct query *q);                        /* no rows wanted */
MUST res query_run_count(struct query *q, int64_t *ret_changed);
MUST res query_run_one(struct query *q);                    /* ERR_NOT_FOUND unless a row changed */
MUST res query_get(struct query *q, struct arena *a, const struct column *columns, void *ret_row); /* ERR_NOT_FOUND */
MUST res query_value(struct query *q, int64_t *ret_value);  /* first column of the first row; ERR_NOT_FOUND */
MUST res query_list(struct query *q, struct arena *a, const struct column *columns, size_t row_size,
                    const void **ret_rows, size_t *ret_n);
/* query_list for a typed pointer. */
#define QUERY_LIST(q, a, columns, ret_rows, ret_n)                                                 \
        query_list((q), (a), (columns), sizeof(**(ret_rows)), (const void **)(ret_rows), (ret_n))

/* The migrations not yet run, in order, each in its own transaction.  `why` names the bad one. */
MUST res migrate_run(struct store_conn *c, const struct migrations *migrations, struct buf *why);
