/*
 * The operation log as a chain: hash = SHA-256(previous hash, seq, account, user, time, then each text with its
 * length before it); the first row's previous hash is 32 zero bytes.  Since seq has no gaps, a removed row shows too.
 */
#include "store/log.h"

#include <openssl/sha.h>
#include <string.h>

#include "store/sqlite.h"

static const struct column columns[] = {
        COLUMN(struct log_row, seq), COLUMN(struct log_row, account_id),
        COLUMN(struct log_row, user_id), COLUMN(struct log_row, certificate_id),
        COLUMN(struct log_row, type), COLUMN(struct log_row, action),
        COLUMN(struct log_row, created_at), COLUMN(struct log_row, hash),
        COLUMNS_END
};
#define LOG "seq, account_id, user_id, certificate_id, type, action, created_at, hash"
#define HASHED_MAX (64 * 1024) /* far over the longest action text */
#define PAGE 10000 /* rows verified in one read: a longer one would keep the write-ahead log from starting over */

enum { TAIL, MAX_SEQ, INSERT, LIST, COUNT, COUNT_ALL, LIST_CERTIFICATE, WALK };
static const struct sql statements[] = {
        [TAIL] = SQL_SYSTEM("log_tail", "SELECT seq, hash FROM log ORDER BY seq DESC LIMIT 1"),
        [MAX_SEQ] = SQL_SYSTEM("log_max_seq", "SELECT COALESCE(MAX(seq), 0) FROM log"),
        [INSERT] = SQL("log_insert", "INSERT INTO log (" LOG ", certificate_seq) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, " SQL_SEQ_OF("$2", "$4") ")"),
        [LIST] = SQL_ROW("log_list", columns,
                "SELECT " LOG " FROM log WHERE account_id = $1 AND created_at >= $2 AND created_at < $3"
                " AND ($4 = '' OR type = $4) ORDER BY created_at DESC, seq DESC LIMIT $5 OFFSET $6"),
        [COUNT] = SQL("log_count", "SELECT COUNT(*) FROM log WHERE account_id = $1 AND created_at >= $2 AND created_at < $3"
                " AND ($4 = '' OR type = $4)"),
        [COUNT_ALL] = SQL("log_count_all", "SELECT COUNT(*) FROM log WHERE account_id = $1"),
        [LIST_CERTIFICATE] = SQL_ROW("log_list_certificate", columns,
                "SELECT " LOG " FROM log WHERE account_id = $1 AND certificate_id = $2 AND certificate_seq > 0"
                " AND certificate_seq = " SQL_SEQ_OF("$1", "$2") " ORDER BY seq LIMIT $3"),
        [WALK] = SQL_SYSTEM_ROW("log_walk", columns, "SELECT " LOG " FROM log WHERE seq > $1 ORDER BY seq LIMIT $2"),
};
const struct sql_set sql_log = SQL_SET(SQL_SET_LOG, statements);

struct link {
        int64_t seq;
        uint8_t hash[SHA256_DIGEST_LENGTH];
};

static void add_text(struct buf *out, struct str s)
{
        buf_add_u32(out, (uint32_t)s.n);
        buf_add_str(out, s);
}

static res hash_row(const uint8_t previous[SHA256_DIGEST_LENGTH], const struct log_row *row, struct buf *scratch,
                    uint8_t ret_hash[SHA256_DIGEST_LENGTH])
{
        buf_clear(scratch);
        buf_add(scratch, previous, SHA256_DIGEST_LENGTH);
        buf_add_u64(scratch, (uint64_t)row->seq);
        buf_add_u64(scratch, (uint64_t)row->account_id);
        buf_add_u64(scratch, (uint64_t)row->user_id);
        buf_add_u64(scratch, (uint64_t)row->created_at);
        add_text(scratch, row->certificate_id);
        add_text(scratch, row->type);
        add_text(scratch, row->action);
        TRY(buf_check(scratch));
        SHA256(scratch->p, scratch->n, ret_hash);
        return RES_OK;
}

static res read_tail(struct store_conn *c, struct link *ret_tail)
{
        CLEAN(query_done) struct query q = query_of(c, &sql_log, TAIL);
        bool row = false;

        *ret_tail = (struct link){0};
        TRY(query_step(&q, &row));
        if (!row)
                return RES_OK;
        struct bytes hash = query_get_bytes(&q, 1);
        ENSURE(hash.n == sizeof(ret_tail->hash), ERR_STORE);
        ret_tail->seq = query_get_int(&q, 0);
        memcpy(ret_tail->hash, hash.p, hash.n);
        return RES_OK;
}

res store_log_append(struct store_tx *tx, struct log_row *row)
{
        CLEAN(buf_done) struct buf scratch = {0};
        struct log_row new = *row;
        struct link tail;
        uint8_t hash[SHA256_DIGEST_LENGTH];

        buf_init(&scratch, HASHED_MAX);
        TRY(read_tail(store_tx_conn(tx), &tail));
        new.seq = tail.seq + 1;
        TRY(hash_row(tail.hash, &new, &scratch, hash));
        new.hash = (struct bytes){hash, sizeof(hash)};
        struct query q = query_of(store_tx_conn(tx), &sql_log, INSERT);
        query_row(&q, columns, &new);
        TRY(query_run(&q));
        row->seq = new.seq;
        return RES_OK;
}

static struct query filter_query(struct store_conn *c, size_t statement, const struct store_log_filter *filter)
{
        struct query q = query_of(c, &sql_log, statement);

        query_int(&q, filter->account_id);
        query_int(&q, filter->from_sec);
        query_int(&q, filter->to_sec);
        query_str(&q, filter->type);
        return q;
}

res store_log_list(struct store_conn *c, struct arena *a, const struct store_log_filter *filter,
                   const struct log_row **ret_rows, size_t *ret_n)
{
        struct query q = filter_query(c, LIST, filter);

        query_int(&q, filter->limit);
        query_int(&q, filter->offset);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}

res store_log_count(struct store_conn *c, const struct store_log_filter *filter, int64_t *ret_count)
{
        struct query q = filter_query(c, COUNT, filter);

        return query_value(&q, ret_count);
}

res store_log_count_all(struct store_conn *c, int64_t account_id, int64_t *ret_count)
{
        struct query q = query_of(c, &sql_log, COUNT_ALL);

        query_int(&q, account_id);
        return query_value(&q, ret_count);
}

res store_log_list_certificate(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id, int64_t limit,
                               const struct log_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_log, LIST_CERTIFICATE);

        query_int(&q, account_id);
        query_str(&q, certificate_id);
        query_int(&q, limit);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}

/* The row as it stands in the statement, borrowed. */
static struct log_row row_here(const struct query *q)
{
        return (struct log_row){
                .seq = query_get_int(q, 0),
                .account_id = query_get_int(q, 1),
                .user_id = query_get_int(q, 2),
                .certificate_id = query_get_str(q, 3),
                .type = query_get_str(q, 4),
                .action = query_get_str(q, 5),
                .created_at = query_get_int(q, 6),
                .hash = query_get_bytes(q, 7),
        };
}

/* Does the row follow on `last`?  Then it becomes `last`. */
static bool link_fits(struct link *last, const struct log_row *row, struct buf *scratch)
{
        uint8_t hash[SHA256_DIGEST_LENGTH];

        if (row->seq != last->seq + 1 || row->hash.n != sizeof(hash))
                return false;
        if (!res_is_ok(hash_row(last->hash, row, scratch, hash)) || memcmp(hash, row->hash.p, sizeof(hash)) != 0)
                return false;
        last->seq = row->seq;
        memcpy(last->hash, hash, sizeof(hash));
        return true;
}

/* Up to PAGE rows after `last`; *ret_n tells how many fit, and *ret_bad whether one did not. */
static res verify_page(struct store_conn *c, struct link *last, struct buf *scratch, int64_t *ret_n, bool *ret_bad)
{
        CLEAN(query_done) struct query q = query_of(c, &sql_log, WALK);
        bool more = true;

        query_int(&q, last->seq == 0 ? INT64_MIN : last->seq); /* from the very first: nothing stands before 1 */
        query_int(&q, PAGE);
        for (*ret_n = 0;; (*ret_n)++) {
                TRY(query_step(&q, &more));
                if (!more)
                        return RES_OK;
                struct log_row row = row_here(&q);
                *ret_bad = !link_fits(last, &row, scratch);
                if (*ret_bad)
                        return RES_OK;
        }
}

res store_log_verify(struct store_conn *c, void (*progress)(void *arg, int64_t checked, int64_t total), void *arg,
                     struct log_verdict *ret_verdict)
{
        CLEAN(buf_done) struct buf scratch = {0};
        struct log_verdict verdict = {0};
        struct link last = {0};
        struct query q = query_of(c, &sql_log, MAX_SEQ);
        int64_t total = 0, n = 0;
        bool bad = false;

        TRY(query_value(&q, &total));
        buf_init(&scratch, HASHED_MAX);
        do {
                TRY(verify_page(c, &last, &scratch, &n, &bad));
                verdict.checked += n;
                if (progress)
                        progress(arg, verdict.checked, total);
        } while (!bad && n == PAGE);
        verdict.bad_seq = bad ? last.seq + 1 : 0;
        *ret_verdict = verdict;
        return RES_OK;
}
