/*
 * Certificates.  Whatever changes what lists filter by (status, project, type, source, end, key) moves the counts and tells
 * facet.c in the same breath; whatever changes what is searched tells search.c.  What happens often has a narrow statement of its own:
 * SQLite rewrites an index entry for every indexed column that an UPDATE names, changed or not.
 */
#include "store/certificate.h"

#include "store/count.h"
#include "store/facet.h"
#include "store/search.h"
#include "store/sqlite.h"
#include "store/tag.h"

#define ROW_BYTES_MAX (1024 * 1024) /* of the texts of one row: LIMIT_HTTP_BODY bounds what came in */

static const struct column columns[] = {
        COLUMN(struct certificate_row, seq), COLUMN(struct certificate_row, certificate_id),
        COLUMN(struct certificate_row, account_id), COLUMN(struct certificate_row, order_id),
        COLUMN(struct certificate_row, source), COLUMN(struct certificate_row, certificate_type),
        COLUMN(struct certificate_row, package_type), COLUMN(struct certificate_row, product_name),
        COLUMN(struct certificate_row, level), COLUMN(struct certificate_row, domain_type),
        COLUMN(struct certificate_row, status), COLUMN(struct certificate_row, status_msg),
        COLUMN(struct certificate_row, alias), COLUMN(struct certificate_row, project_id),
        COLUMN(struct certificate_row, domain), COLUMN(struct certificate_row, names),
        COLUMN(struct certificate_row, primary_domain), COLUMN(struct certificate_row, validity_months),
        COLUMN(struct certificate_row, life_days), COLUMN(struct certificate_row, verify_type),
        COLUMN(struct certificate_row, email), COLUMN(struct certificate_row, phone),
        COLUMN(struct certificate_row, key_type), COLUMN(struct certificate_row, key_id),
        COLUMN(struct certificate_row, key_password_set), COLUMN(struct certificate_row, issuer),
        COLUMN(struct certificate_row, profile), COLUMN(struct certificate_row, created_at),
        COLUMN(struct certificate_row, submitted_at), COLUMN(struct certificate_row, deadline_at),
        COLUMN(struct certificate_row, validated_at), COLUMN(struct certificate_row, issued_id),
        COLUMN(struct certificate_row, begin_at), COLUMN(struct certificate_row, end_at),
        COLUMN(struct certificate_row, revoked_at), COLUMN(struct certificate_row, origin_certificate_id),
        COLUMN(struct certificate_row, renew_certificate_id), COLUMN(struct certificate_row, replaced_by),
        COLUMN(struct certificate_row, replaced_for), COLUMN(struct certificate_row, ignore_notices),
        COLUMN(struct certificate_row, verified_ask_at), COLUMN(struct certificate_row, deleted_at),
        COLUMNS_END
};
#define CERTIFICATE \
        "seq, certificate_id, account_id, order_id, source, certificate_type, package_type, product_name, " \
        "level, domain_type, status, status_msg, alias, project_id, domain, names, primary_domain, " \
        "validity_months, life_days, verify_type, email, phone, key_type, key_id, key_password_set, issuer, " \
        "profile, created_at, submitted_at, deadline_at, validated_at, issued_id, begin_at, end_at, " \
        "revoked_at, origin_certificate_id, renew_certificate_id, replaced_by, replaced_for, ignore_notices, " \
        "verified_ask_at, deleted_at"
/* What an update may change, in the order of its parameters from $3. */
static const struct column update_columns[] = {
        COLUMN(struct certificate_row, order_id), COLUMN(struct certificate_row, source),
        COLUMN(struct certificate_row, certificate_type), COLUMN(struct certificate_row, package_type),
        COLUMN(struct certificate_row, product_name), COLUMN(struct certificate_row, level),
        COLUMN(struct certificate_row, domain_type), COLUMN(struct certificate_row, status),
        COLUMN(struct certificate_row, status_msg), COLUMN(struct certificate_row, alias),
        COLUMN(struct certificate_row, project_id), COLUMN(struct certificate_row, domain),
        COLUMN(struct certificate_row, names), COLUMN(struct certificate_row, primary_domain),
        COLUMN(struct certificate_row, validity_months), COLUMN(struct certificate_row, life_days),
        COLUMN(struct certificate_row, verify_type), COLUMN(struct certificate_row, email),
        COLUMN(struct certificate_row, phone), COLUMN(struct certificate_row, key_type),
        COLUMN(struct certificate_row, key_id), COLUMN(struct certificate_row, key_password_set),
        COLUMN(struct certificate_row, issuer), COLUMN(struct certificate_row, profile),
        COLUMN(struct certificate_row, submitted_at), COLUMN(struct certificate_row, deadline_at),
        COLUMN(struct certificate_row, validated_at), COLUMN(struct certificate_row, issued_id),
        COLUMN(struct certificate_row, begin_at), COLUMN(struct certificate_row, end_at),
        COLUMN(struct certificate_row, revoked_at), COLUMN(struct certificate_row, origin_certificate_id),
        COLUMN(struct certificate_row, renew_certificate_id), COLUMN(struct certificate_row, replaced_by),
        COLUMN(struct certificate_row, replaced_for), COLUMN(struct certificate_row, ignore_notices),
        COLUMN(struct certificate_row, verified_ask_at),
        COLUMNS_END
};

enum {
        INSERT, GET, GET_BY_SEQ, UPDATE, SEE, SET_STATUS, SET_ISSUED, SET_VALIDATED, SET_ASKED, SET_ALIAS, SET_PROJECT, SET_IGNORE, DELETE,
        LIST_ORDER, LIST_ENDING, LIST_KEY,
};
#define THIS " WHERE account_id = $1 AND certificate_id = $2 AND deleted_at = 0"
#define SEEN " WHERE account_id = $1 AND seq = $2"
static const struct sql statements[] = {
        [INSERT] = SQL("certificate_insert", "INSERT INTO certificate (" CERTIFICATE ") VALUES ("
                "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, "
                "$22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, "
                "$41, $42 "
                ")"),
        [GET] = SQL_ROW("certificate_get", columns, "SELECT " CERTIFICATE " FROM certificate" THIS),
        [GET_BY_SEQ] = SQL_ROW("certificate_get_by_seq", columns,
                "SELECT " CERTIFICATE " FROM certificate WHERE account_id = $1 AND seq = $2 AND deleted_at = 0"),
        [UPDATE] = SQL("certificate_update", "UPDATE certificate SET "
                "order_id = $3, source = $4, certificate_type = $5, package_type = $6, product_name = $7, level = $8, "
                "domain_type = $9, status = $10, status_msg = $11, alias = $12, project_id = $13, domain = $14, names "
                "= $15, primary_domain = $16, validity_months = $17, life_days = $18, verify_type = $19, email = $20, "
                "phone = $21, key_type = $22, key_id = $23, key_password_set = $24, issuer = $25, profile = $26, "
                "submitted_at = $27, deadline_at = $28, validated_at = $29, issued_id = $30, begin_at = $31, end_at = "
                "$32, revoked_at = $33, origin_certificate_id = $34, renew_certificate_id = $35, replaced_by = $36, "
                "replaced_for = $37, ignore_notices = $38, verified_ask_at = $39 "
                THIS),
        [SEE] = SQL("certificate_see", "SELECT seq, project_id, certificate_type, source, end_at FROM certificate" THIS " AND status = $3"),
        [SET_STATUS] = SQL("certificate_set_status",
                "UPDATE certificate SET status = $3, status_msg = $4" SEEN),
        [SET_ISSUED] = SQL("certificate_set_issued",
                "UPDATE certificate SET status = $3, status_msg = '', issued_id = $4, begin_at = $5, end_at = $6, issuer = $7,"
                " profile = $8" SEEN),
        [SET_VALIDATED] = SQL("certificate_set_validated", "UPDATE certificate SET validated_at = $3" THIS),
        [SET_ASKED] = SQL("certificate_set_asked", "UPDATE certificate SET verified_ask_at = $3" THIS),
        [SET_ALIAS] = SQL("certificate_set_alias", "UPDATE certificate SET alias = $3" THIS),
        [SET_PROJECT] = SQL("certificate_set_project", "UPDATE certificate SET project_id = $3" THIS),
        [SET_IGNORE] = SQL("certificate_set_ignore", "UPDATE certificate SET ignore_notices = $3" THIS),
        [DELETE] = SQL("certificate_delete", "UPDATE certificate SET deleted_at = $3" THIS),
        [LIST_ORDER] = SQL_ROW("certificate_list_order", columns,
                "SELECT " CERTIFICATE " FROM certificate WHERE account_id = $1 AND order_id = $2 AND deleted_at = 0 ORDER BY seq"),
        [LIST_ENDING] = SQL_SYSTEM_ROW("certificate_list_ending", columns,
                "SELECT " CERTIFICATE " FROM certificate WHERE status = 1 AND end_at < $1 AND deleted_at = 0"
                " ORDER BY end_at LIMIT $2"),
        [LIST_KEY] = SQL_SYSTEM_ROW("certificate_list_key", columns,
                "SELECT " CERTIFICATE " FROM certificate WHERE (account_id, key_id) IN"
                " (SELECT account_id, key_id FROM cert_key WHERE spki_hash = $1) AND deleted_at = 0 ORDER BY seq"),
};
const struct sql_set sql_certificate = SQL_SET(SQL_SET_CERTIFICATE, statements);

static struct search_text text_of(const struct certificate_row *row)
{
        return (struct search_text){row->certificate_id, row->alias, row->names};
}

res store_certificate_insert(struct store_tx *tx, struct certificate_row *row)
{
        struct certificate_row new = *row;

        if (new.seq == 0)
                TRY(store_new_id(tx, STORE_ID_CERTIFICATE, &new.seq));
        new.deleted_at = 0;
        struct query q = query_of(store_tx_conn(tx), &sql_certificate, INSERT);
        query_row(&q, columns, &new);
        TRY(query_run(&q));
        TRY(store_count_move(tx, &new, 1));
        search_inserted(tx, new.account_id);
        row->seq = new.seq;
        return RES_OK;
}

void store_certificate_keep(struct arena *a, struct certificate_row *row)
{
        row_copy(a, columns, row);
}

res store_certificate_get(struct store_conn *c, struct arena *a, int64_t account_id, struct str certificate_id,
                          struct certificate_row *ret_row)
{
        struct query q = query_of(c, &sql_certificate, GET);

        query_int(&q, account_id);
        query_str(&q, certificate_id);
        return query_get(&q, a, columns, ret_row);
}

res store_certificate_get_by_seq(struct store_conn *c, struct arena *a, int64_t account_id, int64_t seq,
                                 struct certificate_row *ret_row)
{
        struct query q = query_of(c, &sql_certificate, GET_BY_SEQ);

        query_int(&q, account_id);
        query_int(&q, seq);
        return query_get(&q, a, columns, ret_row);
}

static bool same_facets(const struct certificate_row *a, const struct certificate_row *b)
{
        return a->status == b->status && a->project_id == b->project_id && a->end_at == b->end_at &&
               str_equal(a->certificate_type, b->certificate_type) && str_equal(a->key_type, b->key_type) &&
               str_equals(a->source, "upload") == str_equals(b->source, "upload");
}

/* The counts and the sets that lists filter by follow the row. */
static res follow_facets(struct store_tx *tx, const struct certificate_row *old, const struct certificate_row *new)
{
        if (same_facets(old, new))
                return RES_OK;
        TRY(store_count_move(tx, old, -1));
        TRY(store_count_move(tx, new, 1));
        return facet_changed(tx, old, new);
}

/* What hangs on the row follows it: counts, facets and search. */
static res follow_change(struct store_tx *tx, const struct certificate_row *old, const struct certificate_row *new)
{
        struct search_text before = text_of(old), after = text_of(new);

        TRY(follow_facets(tx, old, new));
        if (str_equal(before.alias, after.alias) && str_equal(before.names, after.names))
                return RES_OK;
        return search_changed(tx, old->account_id, old->seq, &before, &after);
}

static struct query this_query(struct store_tx *tx, size_t statement, int64_t account_id, struct str certificate_id)
{
        struct query q = query_of(store_tx_conn(tx), &sql_certificate, statement);

        query_int(&q, account_id);
        query_str(&q, certificate_id);
        return q;
}

res store_certificate_update(struct store_tx *tx, const struct certificate_row *row)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(ROW_BYTES_MAX);
        struct certificate_row old;

        TRY(store_certificate_get(store_tx_conn(tx), arena, row->account_id, row->certificate_id, &old));
        struct query q = this_query(tx, UPDATE, row->account_id, row->certificate_id);
        query_row(&q, update_columns, row);
        TRY(query_run_one(&q));
        return follow_change(tx, &old, row);
}

/*
 * The certificate in the status that the caller saw it in, with what it is counted by.  A look of its own:
 * RETURNING would cost three times as much as this.
 */
static res see(struct store_tx *tx, struct arena *a, int64_t account_id, struct str certificate_id, int64_t status,
               struct certificate_row *ret_row)
{
        CLEAN(query_done) struct query q = this_query(tx, SEE, account_id, certificate_id);
        bool has = false;

        query_int(&q, status);
        TRY(query_step(&q, &has));
        ENSURE(has, ERR_NOT_FOUND);
        *ret_row = (struct certificate_row){
                .seq = query_get_int(&q, 0), .account_id = account_id, .status = status, .project_id = query_get_int(&q, 1),
                .certificate_type = str_dup(a, query_get_str(&q, 2)), .source = str_dup(a, query_get_str(&q, 3)),
                .end_at = query_get_int(&q, 4), .certificate_id = certificate_id,
        };
        return RES_OK;
}

static struct query seen_query(struct store_tx *tx, size_t statement, const struct certificate_row *seen)
{
        struct query q = query_of(store_tx_conn(tx), &sql_certificate, statement);

        query_int(&q, seen->account_id);
        query_int(&q, seen->seq);
        return q;
}

res store_certificate_set_status(struct store_tx *tx, int64_t account_id, struct str certificate_id, int64_t from, int64_t to,
                                 struct str status_msg)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(ROW_BYTES_MAX);
        struct certificate_row seen, moved;

        TRY(see(tx, arena, account_id, certificate_id, from, &seen));
        struct query q = seen_query(tx, SET_STATUS, &seen);
        query_int(&q, to);
        query_str(&q, status_msg);
        TRY(query_run_one(&q));
        moved = seen;
        moved.status = to;
        return follow_facets(tx, &seen, &moved);
}

res store_certificate_set_issued(struct store_tx *tx, const struct store_certificate_issue *issue)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(ROW_BYTES_MAX);
        struct certificate_row seen, moved;

        TRY(see(tx, arena, issue->account_id, issue->certificate_id, issue->from_status, &seen));
        struct query q = seen_query(tx, SET_ISSUED, &seen);
        query_int(&q, issue->to_status);
        query_int(&q, issue->issued_id);
        query_int(&q, issue->begin_at);
        query_int(&q, issue->end_at);
        query_str(&q, issue->issuer);
        query_str(&q, issue->profile);
        TRY(query_run_one(&q));
        moved = seen;
        moved.status = issue->to_status;
        moved.end_at = issue->end_at;
        return follow_facets(tx, &seen, &moved);
}

static res set_int(struct store_tx *tx, size_t statement, int64_t account_id, struct str certificate_id, int64_t value)
{
        struct query q = this_query(tx, statement, account_id, certificate_id);

        query_int(&q, value);
        return query_run_one(&q);
}

res store_certificate_set_validated(struct store_tx *tx, int64_t account_id, struct str certificate_id, int64_t validated_at)
{
        return set_int(tx, SET_VALIDATED, account_id, certificate_id, validated_at);
}

res store_certificate_set_asked(struct store_tx *tx, int64_t account_id, struct str certificate_id, int64_t verified_ask_at)
{
        return set_int(tx, SET_ASKED, account_id, certificate_id, verified_ask_at);
}

res store_certificate_set_ignore(struct store_tx *tx, int64_t account_id, struct str certificate_id, bool ignore)
{
        return set_int(tx, SET_IGNORE, account_id, certificate_id, ignore);
}

res store_certificate_set_alias(struct store_tx *tx, int64_t account_id, struct str certificate_id, struct str alias)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(ROW_BYTES_MAX);
        struct certificate_row old, new;

        TRY(store_certificate_get(store_tx_conn(tx), arena, account_id, certificate_id, &old));
        struct query q = this_query(tx, SET_ALIAS, account_id, certificate_id);
        query_str(&q, alias);
        TRY(query_run_one(&q));
        new = old;
        new.alias = alias;
        return follow_change(tx, &old, &new);
}

res store_certificate_set_project(struct store_tx *tx, int64_t account_id, struct str certificate_id, int64_t project_id)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(ROW_BYTES_MAX);
        struct certificate_row old, new;

        TRY(store_certificate_get(store_tx_conn(tx), arena, account_id, certificate_id, &old));
        TRY(set_int(tx, SET_PROJECT, account_id, certificate_id, project_id));
        new = old;
        new.project_id = project_id;
        return follow_change(tx, &old, &new);
}

res store_certificate_delete(struct store_tx *tx, int64_t account_id, struct str certificate_id, int64_t now_sec)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(ROW_BYTES_MAX);
        struct certificate_row old;

        ENSURE(now_sec > 0, ERR_STORE); /* 0 means: there */
        TRY(store_certificate_get(store_tx_conn(tx), arena, account_id, certificate_id, &old));
        TRY(set_int(tx, DELETE, account_id, certificate_id, now_sec));
        TRY(store_count_move(tx, &old, -1));
        TRY(store_tag_delete_all(tx, account_id, certificate_id));
        return search_deleted(tx, account_id, old.seq);
}

res store_certificate_list_order(struct store_conn *c, struct arena *a, int64_t account_id, int64_t order_id,
                                 const struct certificate_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_certificate, LIST_ORDER);

        query_int(&q, account_id);
        query_int(&q, order_id);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}

res store_certificate_list_ending(struct store_conn *c, struct arena *a, int64_t before_sec, int64_t limit,
                                  const struct certificate_row **ret_rows, size_t *ret_n)
{
        struct query q = query_of(c, &sql_certificate, LIST_ENDING);

        query_int(&q, before_sec);
        query_int(&q, limit);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}

res store_certificate_list_key(struct store_conn *c, struct arena *a, struct bytes spki_hash, const struct certificate_row **ret_rows,
                               size_t *ret_n)
{
        struct query q = query_of(c, &sql_certificate, LIST_KEY);

        query_bytes(&q, spki_hash);
        return QUERY_LIST(&q, a, columns, ret_rows, ret_n);
}
