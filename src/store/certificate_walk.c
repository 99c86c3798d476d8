/*
 * Walks: certificates looked at one by one, because they are in no segment yet, or because their text has to be seen.
 * Where the list's index knows all that the filter asks, it is read instead of the rows.
 */
#include "store/certificate_walk.h"

#include <stdlib.h>

#include "store/facet.h"
#include "store/search.h"

#define FACETS "seq, end_at, status, project_id, certificate_type, source" /* all in the list's index */
#define ROW FACETS ", key_type, certificate_id, alias, names"
#define MINE " FROM certificate WHERE account_id = $1 AND deleted_at = 0 "

enum { NEWEST, NEWER, NEWER_FACETS, BY_ID, TEXT, HAS_TAG_KEY, HAS_TAG, NEWER_TAG_KEY, NEWER_TAG };
static const struct sql statements[] = {
        [NEWEST] = SQL("certificate_newest", "SELECT seq" MINE "AND seq < $2 ORDER BY seq DESC LIMIT $3"),
        [NEWER] = SQL("certificate_newer", "SELECT " ROW MINE "AND seq > $2 ORDER BY seq DESC"),
        [NEWER_FACETS] = SQL("certificate_newer_facets", "SELECT " FACETS MINE "AND seq > $2 ORDER BY seq DESC"),
        [BY_ID] = SQL("certificate_candidate_by_id", "SELECT " ROW MINE "AND certificate_id = $2"),
        [TEXT] = SQL("certificate_text", "SELECT certificate_id, alias, names FROM certificate WHERE account_id = $1 AND seq = $2"),
        [HAS_TAG_KEY] = SQL("tag_has_key", "SELECT COUNT(*) FROM tag WHERE account_id = $1 AND certificate_id = $2 AND tag_key = $3"),
        [HAS_TAG] = SQL("tag_has",
                "SELECT COUNT(*) FROM tag WHERE account_id = $1 AND certificate_id = $2 AND tag_key = $3 AND tag_value = $4"),
        [NEWER_TAG_KEY] = SQL("tag_newer_key",
                "SELECT certificate_seq FROM tag WHERE account_id = $1 AND tag_key = $2 AND certificate_seq > $3 ORDER BY certificate_seq DESC"),
        [NEWER_TAG] = SQL("tag_newer",
                "SELECT certificate_seq FROM tag WHERE account_id = $1 AND tag_key = $2 AND tag_value = $4 AND certificate_seq > $3"
                " ORDER BY certificate_seq DESC"),
};
const struct sql_set sql_certificate_list = SQL_SET(SQL_SET_CERTIFICATE_LIST, statements);

struct candidate { /* text borrowed from the statement */
        int64_t seq, end_at, status, project_id;
        struct str certificate_type, source, key_type, certificate_id, alias, names;
};

static res take(struct lister *l, int64_t seq, int64_t end_at)
{
        if (l->n == l->capacity) {
                size_t capacity = l->capacity ? l->capacity * 2 : 64;
                struct spot *grown = reallocarray(l->found, capacity, sizeof(*grown));
                ENSURE(grown, ERR_MEMORY);
                l->found = grown;
                l->capacity = capacity;
        }
        l->found[l->n++] = (struct spot){seq, end_at};
        return RES_OK;
}

void lister_done(struct lister *l)
{
        free(l->found);
}

/* -- what fits ----------------------------------------------------------------------------------- */

static bool status_fits(const struct store_certificate_filter *filter, int64_t status)
{
        for (size_t i = 0; i < filter->status_count; i++) {
                if (filter->statuses[i] == status)
                        return true;
        }
        return filter->status_count == 0;
}

static bool source_fits(enum store_source wanted, struct str source)
{
        return wanted == STORE_SOURCE_ANY || (wanted == STORE_SOURCE_UPLOAD) == str_equals(source, "upload");
}

/* All that the list's index knows of. */
static bool facets_fit(const struct lister *l, const struct candidate *row)
{
        const struct store_certificate_filter *f = l->filter;

        if (!status_fits(f, row->status) || !source_fits(f->source, row->source))
                return false;
        if (f->project_id >= 0 && f->project_id != row->project_id)
                return false;
        if (f->certificate_type.n > 0 && !str_equal(f->certificate_type, row->certificate_type))
                return false;
        return row->end_at > l->ending_after && row->end_at <= l->ending_before;
}

static bool needs_row(const struct lister *l)
{
        return has_search(l) || l->filter->key_family.n > 0;
}

static bool row_fits(const struct lister *l, const struct candidate *row)
{
        const struct str family = l->filter->key_family;
        struct search_text text = {row->certificate_id, row->alias, row->names};

        if (family.n > 0 && !str_equal(facet_key_family(row->key_type), family))
                return false;
        return l->needle.n == 0 || search_text_has(&text, l->needle);
}

static struct candidate candidate_here(const struct query *q, bool is_row)
{
        struct candidate here = {
                .seq = query_get_int(q, 0), .end_at = query_get_int(q, 1), .status = query_get_int(q, 2), .project_id = query_get_int(q, 3),
                .certificate_type = query_get_str(q, 4), .source = query_get_str(q, 5),
        };

        if (is_row) {
                here.key_type = query_get_str(q, 6);
                here.certificate_id = query_get_str(q, 7);
                here.alias = query_get_str(q, 8);
                here.names = query_get_str(q, 9);
        }
        return here;
}

static res take_all(struct lister *l, struct query *begun, bool is_row)
{
        CLEAN(query_done) struct query q = *begun;
        bool row = true;

        for (;;) {
                TRY(query_step(&q, &row));
                if (!row)
                        return RES_OK;
                struct candidate here = candidate_here(&q, is_row);
                if (facets_fit(l, &here) && (!is_row || row_fits(l, &here)))
                        TRY(take(l, here.seq, here.end_at));
        }
}

/* -- the newer ones ------------------------------------------------------------------------------ */

/* Of those found, newest first, leave the ones with the tag. */
static res keep_tagged(struct lister *l, int64_t seq, const struct store_tag_filter *tag)
{
        CLEAN(query_done) struct query q = query_of(l->c, &sql_certificate_list, tag->value.p ? NEWER_TAG : NEWER_TAG_KEY);
        size_t at = 0, kept = 0;
        bool row = true;

        query_int(&q, l->filter->account_id);
        query_str(&q, tag->key);
        query_int(&q, seq);
        if (tag->value.p)
                query_str(&q, tag->value);
        while (at < l->n) {
                TRY(query_step(&q, &row));
                if (!row)
                        break;
                while (at < l->n && l->found[at].seq > query_get_int(&q, 0))
                        at++;
                if (at < l->n && l->found[at].seq == query_get_int(&q, 0))
                        l->found[kept++] = l->found[at++];
        }
        l->n = kept;
        return RES_OK;
}

res certificate_walk_newer(struct lister *l, int64_t seq)
{
        struct query q = query_of(l->c, &sql_certificate_list, needs_row(l) ? NEWER : NEWER_FACETS);

        query_int(&q, l->filter->account_id);
        query_int(&q, seq);
        TRY(take_all(l, &q, needs_row(l)));
        for (size_t i = 0; i < l->filter->tag_count && l->n > 0; i++)
                TRY(keep_tagged(l, seq, &l->filter->tags[i]));
        return RES_OK;
}

res certificate_walk_newest(struct lister *l, int64_t marker, size_t goal)
{
        CLEAN(query_done) struct query q = query_of(l->c, &sql_certificate_list, NEWEST);
        bool row = true;

        query_int(&q, l->filter->account_id);
        query_int(&q, marker > 0 ? marker : INT64_MAX);
        query_int(&q, (int64_t)goal);
        for (;;) {
                TRY(query_step(&q, &row));
                if (!row)
                        return RES_OK;
                TRY(take(l, query_get_int(&q, 0), 0));
        }
}

/* -- single ones ---------------------------------------------------------------------------------- */

static res tag_fits(const struct lister *l, struct str certificate_id, const struct store_tag_filter *tag, bool *ret_fits)
{
        struct query q = query_of(l->c, &sql_certificate_list, tag->value.p ? HAS_TAG : HAS_TAG_KEY);
        int64_t n = 0;

        query_int(&q, l->filter->account_id);
        query_str(&q, certificate_id);
        query_str(&q, tag->key);
        if (tag->value.p)
                query_str(&q, tag->value);
        TRY(query_value(&q, &n));
        *ret_fits = n > 0;
        return RES_OK;
}

res certificate_walk_id(struct lister *l, struct str id)
{
        struct query q = query_of(l->c, &sql_certificate_list, BY_ID);
        const size_t before = l->n;
        bool fits = true;

        query_int(&q, l->filter->account_id);
        query_str(&q, id);
        TRY(take_all(l, &q, /* is_row= */ true));
        for (size_t i = 0; i < l->filter->tag_count && fits && l->n > before; i++)
                TRY(tag_fits(l, id, &l->filter->tags[i], &fits));
        if (!fits)
                l->n = before;
        return RES_OK;
}

res certificate_walk_has_text(struct lister *l, int64_t seq, bool *ret_has)
{
        CLEAN(query_done) struct query q = query_of(l->c, &sql_certificate_list, TEXT);
        bool row = false;

        query_int(&q, l->filter->account_id);
        query_int(&q, seq);
        TRY(query_step(&q, &row));
        struct search_text text = {0};
        if (row)
                text = (struct search_text){query_get_str(&q, 0), query_get_str(&q, 1), query_get_str(&q, 2)};
        *ret_has = row && search_text_has(&text, l->needle);
        return RES_OK;
}
