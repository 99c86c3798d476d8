/*
 * Walks: going through an account's certificates in the order of one index.  What the index does not decide is
 * checked row by row in candidate_fits(); where nothing is left to check, the walk reads the index alone.
 */
#include "store/certificate_walk.h"

#include <stdlib.h>

#include "store/count.h"
#include "store/search.h"

#define ROW "seq, end_at, certificate_id, status, project_id, certificate_type, source, key_type, alias, names"
#define MINE " FROM certificate WHERE account_id = $1 AND deleted_at = 0 "
#define NEWEST_FIRST " AND seq < $2 AND seq > $3 ORDER BY seq DESC"
/* $2, $3: end_at and seq that are behind us; the bound on end_at alone is what the index seeks by. */
#define BY_END_ASC \
        "AND status = $5 AND end_at >= $2 AND end_at <= $4 AND (end_at > $2 OR seq > $3) ORDER BY end_at, seq"
#define BY_END_DESC \
        "AND status = $5 AND end_at <= $2 AND end_at > $4 AND (end_at < $2 OR seq < $3) ORDER BY end_at DESC, seq DESC"

/* Without a status, from an index of its own; statuses one by one would each be walked as far as the page is deep. */
#define ALL_BY_END_ASC "AND end_at >= $2 AND end_at <= $4 AND (end_at > $2 OR seq > $3) ORDER BY end_at, seq"
#define ALL_BY_END_DESC "AND end_at <= $2 AND end_at > $4 AND (end_at < $2 OR seq < $3) ORDER BY end_at DESC, seq DESC"
/* What an index alone tells; in this order in the table's index and in that of the tags. */
#define FACETS "seq, status, project_id, end_at, source, certificate_type"

/* Below 0: any.  Asked of the index itself, so that what does not fit costs no step. */
#define TAG_FACETS \
        " AND (status = $4 OR $4 < 0) AND (project_id = $5 OR $5 < 0) AND (uploaded = $6 OR $6 < 0) AND end_at > $7 AND end_at <= $8"

/* After the walks with the row (WALK_X) come the same from the index alone (WALK_X + LEAN), then single ones. */
enum {
        LEAN = WALK_COUNT,
        NEWER = WALK_COUNT * 2, BY_ID, BY_SEQ, BY_TAG_KEY, BY_TAG, LEAN_TAG, COUNT_TAG, HAS_TAG_KEY, HAS_TAG, COUNT_RANGE,
        WALK_FACETS, SEGMENT_FACETS, ALL_END_ASC, ALL_END_DESC,
};
static const struct sql statements[] = {
        [WALK_ALL] = SQL("certificate_walk", "SELECT " ROW MINE NEWEST_FIRST),
        [WALK_STATUS] = SQL("certificate_walk_status", "SELECT " ROW MINE "AND status = $4" NEWEST_FIRST),
        [WALK_PROJECT] = SQL("certificate_walk_project", "SELECT " ROW MINE "AND project_id = $4" NEWEST_FIRST),
        [WALK_UPLOAD] = SQL("certificate_walk_upload", "SELECT " ROW MINE "AND source = 'upload'" NEWEST_FIRST),
        [WALK_CA] = SQL("certificate_walk_ca", "SELECT " ROW MINE "AND certificate_type = 'CA'" NEWEST_FIRST),
        [WALK_SM] = SQL("certificate_walk_sm", "SELECT " ROW MINE "AND key_type = 'SM2'" NEWEST_FIRST),
        [WALK_END_ASC] = SQL("certificate_walk_end_asc", "SELECT " ROW MINE BY_END_ASC),
        [WALK_END_DESC] = SQL("certificate_walk_end_desc", "SELECT " ROW MINE BY_END_DESC),
        [WALK_ALL + LEAN] = SQL("certificate_lean", "SELECT seq" MINE NEWEST_FIRST),
        [WALK_STATUS + LEAN] = SQL("certificate_lean_status", "SELECT seq" MINE "AND status = $4" NEWEST_FIRST),
        [WALK_PROJECT + LEAN] = SQL("certificate_lean_project", "SELECT seq" MINE "AND project_id = $4" NEWEST_FIRST),
        [WALK_UPLOAD + LEAN] = SQL("certificate_lean_upload", "SELECT seq" MINE "AND source = 'upload'" NEWEST_FIRST),
        [WALK_CA + LEAN] = SQL("certificate_lean_ca", "SELECT seq" MINE "AND certificate_type = 'CA'" NEWEST_FIRST),
        [WALK_SM + LEAN] = SQL("certificate_lean_sm", "SELECT seq" MINE "AND key_type = 'SM2'" NEWEST_FIRST),
        [WALK_END_ASC + LEAN] = SQL("certificate_lean_end_asc", "SELECT seq, end_at" MINE BY_END_ASC),
        [WALK_END_DESC + LEAN] = SQL("certificate_lean_end_desc", "SELECT seq, end_at" MINE BY_END_DESC),
        [NEWER] = SQL("certificate_newer", "SELECT " ROW MINE "AND seq > $2 ORDER BY seq DESC"),
        [BY_ID] = SQL("certificate_candidate_by_id", "SELECT " ROW MINE "AND certificate_id = $2"),
        [BY_SEQ] = SQL("certificate_candidate_by_seq", "SELECT " ROW MINE "AND seq = $2"),
        [BY_TAG_KEY] = SQL("certificate_candidate_by_tag_key",
                "SELECT " ROW MINE "AND seq IN (SELECT certificate_seq FROM tag WHERE account_id = $1 AND tag_key = $2)"),
        [BY_TAG] = SQL("certificate_candidate_by_tag",
                "SELECT " ROW MINE "AND seq IN (SELECT certificate_seq FROM tag WHERE account_id = $1 AND tag_key = $2 AND tag_value = $3)"),
        [LEAN_TAG] = SQL("certificate_lean_tag",
                "SELECT certificate_seq, status, project_id, end_at, uploaded FROM tag"
                " WHERE account_id = $1 AND tag_key = $2 AND tag_value = $3" TAG_FACETS " AND certificate_seq < $9"
                " ORDER BY certificate_seq DESC"),
        [COUNT_TAG] = SQL("certificate_count_tag",
                "SELECT COUNT(*) FROM tag WHERE account_id = $1 AND tag_key = $2 AND tag_value = $3" TAG_FACETS),
        [HAS_TAG_KEY] = SQL("tag_has_key", "SELECT COUNT(*) FROM tag WHERE account_id = $1 AND certificate_id = $2 AND tag_key = $3"),
        [HAS_TAG] = SQL("tag_has",
                "SELECT COUNT(*) FROM tag WHERE account_id = $1 AND certificate_id = $2 AND tag_key = $3 AND tag_value = $4"),
        [WALK_FACETS] = SQL("certificate_facets", "SELECT " FACETS MINE NEWEST_FIRST),
        [SEGMENT_FACETS] = SQL("certificate_facets_between", "SELECT " FACETS MINE "AND seq <= $2 AND seq >= $3 ORDER BY seq DESC"),
        [ALL_END_ASC] = SQL("certificate_ends_asc", "SELECT seq, end_at" MINE ALL_BY_END_ASC),
        [ALL_END_DESC] = SQL("certificate_ends_desc", "SELECT seq, end_at" MINE ALL_BY_END_DESC),
        [COUNT_RANGE] = SQL("certificate_count_range", "SELECT COUNT(*)" MINE "AND status = $4 AND end_at > $2 AND end_at <= $3"),
};
const struct sql_set sql_certificate_list = SQL_SET(SQL_SET_CERTIFICATE_LIST, statements);

struct candidate { /* text borrowed from the statement */
        int64_t seq, end_at;
        struct str certificate_id;
        int64_t status, project_id;
        struct str certificate_type, source, key_type, alias, names;
};

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

/* All that indexes know of. */
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

static bool candidate_fits(const struct lister *l, const struct candidate *row)
{
        const struct store_certificate_filter *f = l->filter;
        struct search_text text = {row->certificate_id, row->alias, row->names};

        if (!facets_fit(l, row))
                return false;
        if (f->key_type_prefix.n > 0 && !str_starts_with(row->key_type, f->key_type_prefix))
                return false;
        return l->needle.n == 0 || search_text_has(&text, l->needle);
}

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

static res tags_fit(const struct lister *l, struct str certificate_id, bool *ret_fit)
{
        *ret_fit = true;
        for (size_t i = 0; i < l->filter->tag_count && *ret_fit; i++)
                TRY(tag_fits(l, certificate_id, &l->filter->tags[i], ret_fit));
        return RES_OK;
}

res certificate_walk_take(struct lister *l, int64_t seq, int64_t end_at)
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

static struct candidate candidate_here(const struct query *q)
{
        return (struct candidate){
                .seq = query_get_int(q, 0),
                .end_at = query_get_int(q, 1),
                .certificate_id = query_get_str(q, 2),
                .status = query_get_int(q, 3),
                .project_id = query_get_int(q, 4),
                .certificate_type = query_get_str(q, 5),
                .source = query_get_str(q, 6),
                .key_type = query_get_str(q, 7),
                .alias = query_get_str(q, 8),
                .names = query_get_str(q, 9),
        };
}

static res take_if_fits(struct lister *l, const struct query *q)
{
        struct candidate row = candidate_here(q);
        bool fit = candidate_fits(l, &row);

        if (fit && l->filter->tag_count > 0)
                TRY(tags_fit(l, row.certificate_id, &fit));
        return fit ? certificate_walk_take(l, row.seq, row.end_at) : RES_OK;
}

static struct candidate facets_here(const struct query *q)
{
        return (struct candidate){
                .seq = query_get_int(q, 0),
                .status = query_get_int(q, 1),
                .project_id = query_get_int(q, 2),
                .end_at = query_get_int(q, 3),
                .source = query_get_str(q, 4),
                .certificate_type = query_get_str(q, 5),
        };
}

static res take_lean(struct lister *l, const struct query *q)
{
        return certificate_walk_take(l, query_get_int(q, 0), sqlite3_column_count(q->stmt) > 1 ? query_get_int(q, 1) : 0);
}

/* Take what fits until `goal` more are found or `look` rows were seen. */
static res take_all(struct lister *l, struct query *begun, bool lean, size_t goal, int64_t look)
{
        CLEAN(query_done) struct query q = *begun;
        size_t until = goal < SIZE_MAX - l->n ? l->n + goal : SIZE_MAX;
        bool row = true;

        while (l->n < until && look-- > 0) {
                TRY(query_step(&q, &row));
                if (!row)
                        return RES_OK;
                TRY(lean ? take_lean(l, &q) : take_if_fits(l, &q));
        }
        return RES_OK;
}

/* The same from an index that has the facets; the filter asks for nothing else. */
static res take_facets(struct lister *l, struct query *begun, size_t goal)
{
        CLEAN(query_done) struct query q = *begun;
        size_t until = goal < SIZE_MAX - l->n ? l->n + goal : SIZE_MAX;
        bool row = true;

        while (l->n < until) {
                TRY(query_step(&q, &row));
                if (!row)
                        return RES_OK;
                struct candidate here = facets_here(&q);
                if (facets_fit(l, &here))
                        TRY(certificate_walk_take(l, here.seq, here.end_at));
        }
        return RES_OK;
}

/* -- which walk ---------------------------------------------------------------------------------- */

/* The filter, less everything but one of its parts, tells how many rows that part's index gives. */
static res consider(const struct lister *l, size_t walk, const struct store_certificate_filter *part, struct plan *best)
{
        int64_t rows = 0;

        TRY(store_count_get(l->c, part, &rows));
        if (best->walk == WALK_COUNT || rows < best->rows)
                *best = (struct plan){.walk = walk, .rows = rows};
        return RES_OK;
}

bool certificate_walk_is_enough(const struct lister *l, size_t walk)
{
        const struct store_certificate_filter *f = l->filter;

        bool by_end = walk == WALK_END_ASC || walk == WALK_END_DESC;

        if (has_search(l) || f->tag_count > 0 || (has_range(l) && !by_end))
                return false;
        return (f->status_count == 0 || walk == WALK_STATUS || by_end) && (f->project_id < 0 || walk == WALK_PROJECT) &&
               (f->source == STORE_SOURCE_ANY || (walk == WALK_UPLOAD && f->source == STORE_SOURCE_UPLOAD)) &&
               (f->certificate_type.n == 0 || (walk == WALK_CA && str_equals(f->certificate_type, "CA"))) &&
               (f->key_type_prefix.n == 0 || (walk == WALK_SM && str_equals(f->key_type_prefix, "SM2")));
}

res certificate_walk_plan(const struct lister *l, struct plan *ret_plan)
{
        const struct store_certificate_filter *f = l->filter;
        struct store_certificate_filter part = {.account_id = f->account_id, .project_id = -1};
        struct plan best = {.walk = WALK_COUNT};

        TRY(consider(l, WALK_ALL, &part, &best));
        const int64_t all = best.rows;
        part.project_id = f->project_id;
        if (f->project_id >= 0)
                TRY(consider(l, WALK_PROJECT, &part, &best));
        part.project_id = -1;
        part.source = STORE_SOURCE_UPLOAD;
        if (f->source == STORE_SOURCE_UPLOAD)
                TRY(consider(l, WALK_UPLOAD, &part, &best));
        part.source = STORE_SOURCE_ANY;
        part.certificate_type = STR("CA");
        if (str_equals(f->certificate_type, "CA"))
                TRY(consider(l, WALK_CA, &part, &best));
        part.certificate_type = STR("");
        part.statuses = f->statuses;
        part.status_count = f->status_count;
        if (f->status_count > 0)
                TRY(consider(l, WALK_STATUS, &part, &best));
        if (str_equals(f->key_type_prefix, "SM2")) /* not counted, and always few where it is asked for */
                best.walk = WALK_SM;
        best.lean = certificate_walk_is_enough(l, best.walk);
        best.all = all;
        *ret_plan = best;
        return RES_OK;
}

/* A row that does not fit costs 8 us to read, 0.25 us to pass over in the list's index: one in 32 has to be worth reading. */
static bool facets_are_cheaper(const struct lister *l, const struct plan *plan)
{
        const struct store_certificate_filter *f = l->filter;

        return !plan->lean && !has_search(l) && f->tag_count == 0 && f->key_type_prefix.n == 0 && plan->rows > plan->all / 32;
}

static bool walk_has_value(size_t walk)
{
        return walk == WALK_STATUS || walk == WALK_PROJECT;
}

/* What of an order is still of interest: once a walk has filled the page, the others only have to go as far as it did. */
struct window {
        int64_t marker, floor; /* newest first: seq between both */
        int64_t after, until;  /* by end: end_at > after and <= until */
};

static res walk_one(struct lister *l, const struct plan *plan, int64_t value, const struct window *window, size_t goal, int64_t look)
{
        struct query q = query_of(l->c, &sql_certificate_list, plan->walk + (plan->lean ? LEAN : 0));

        query_int(&q, l->filter->account_id);
        query_int(&q, window->marker > 0 ? window->marker : INT64_MAX);
        query_int(&q, window->floor);
        if (walk_has_value(plan->walk))
                query_int(&q, value);
        return take_all(l, &q, plan->lean, goal, look);
}

static res walk_facets(struct lister *l, int64_t marker, size_t goal)
{
        struct query q = query_of(l->c, &sql_certificate_list, WALK_FACETS);

        query_int(&q, l->filter->account_id);
        query_int(&q, marker > 0 ? marker : INT64_MAX);
        query_int(&q, INT64_MIN);
        return take_facets(l, &q, goal);
}

/* Of these, newest first, those that may stay; all lie in one segment, so its stretch of the index is gone through once. */
res certificate_walk_keep(struct lister *l, int64_t *seqs, size_t *n)
{
        CLEAN(query_done) struct query q = query_of(l->c, &sql_certificate_list, SEGMENT_FACETS);
        size_t at = 0, kept = 0;
        bool row = *n > 0;

        query_int(&q, l->filter->account_id);
        query_int(&q, *n > 0 ? seqs[0] : 0);
        query_int(&q, *n > 0 ? seqs[*n - 1] : 0);
        while (row && at < *n) {
                TRY(query_step(&q, &row));
                if (!row)
                        break;
                struct candidate here = facets_here(&q);
                while (at < *n && seqs[at] > here.seq)
                        at++;
                if (at < *n && seqs[at] == here.seq && facets_fit(l, &here))
                        seqs[kept++] = seqs[at];
        }
        *n = kept;
        return RES_OK;
}

/* One walk, or one for each status. */
res certificate_walk_newest(struct lister *l, const struct plan *plan, int64_t marker, size_t goal, int64_t look)
{
        struct window window = {.marker = marker, .floor = INT64_MIN};
        int64_t statuses[COUNT_STATUSES_MAX];
        size_t n = 0;

        if (look == INT64_MAX && facets_are_cheaper(l, plan))
                return walk_facets(l, marker, goal);
        if (plan->walk != WALK_STATUS)
                return walk_one(l, plan, l->filter->project_id, &window, goal, look);
        TRY(store_count_statuses(l->c, l->filter, statuses, &n));
        for (size_t i = 0; i < n; i++) {
                size_t before = l->n;
                TRY(walk_one(l, plan, statuses[i], &window, goal, look));
                if (l->n - before == goal && l->found[l->n - 1].seq > window.floor)
                        window.floor = l->found[l->n - 1].seq;
        }
        return RES_OK;
}

/* Nothing but the end decides. */
static res walk_all_ends(struct lister *l, bool from_marker, size_t goal)
{
        const struct store_certificate_filter *f = l->filter;
        bool ascending = f->sort != STORE_SORT_END_DESC, marked = from_marker && f->marker > 0;
        int64_t behind = ascending ? (l->ending_after == INT64_MIN ? INT64_MIN : l->ending_after + 1) : l->ending_before;
        struct query q = query_of(l->c, &sql_certificate_list, ascending ? ALL_END_ASC : ALL_END_DESC);

        query_int(&q, f->account_id);
        query_int(&q, marked ? f->marker_end : behind);
        query_int(&q, marked ? f->marker : ascending ? INT64_MIN : INT64_MAX);
        query_int(&q, ascending ? l->ending_before : l->ending_after);
        return take_all(l, &q, true, goal, INT64_MAX);
}

static res walk_end_of(struct lister *l, int64_t status, const struct window *window, bool from_marker, size_t goal)
{
        const struct store_certificate_filter *f = l->filter;
        bool ascending = f->sort != STORE_SORT_END_DESC, marked = from_marker && f->marker > 0;
        size_t walk = ascending ? WALK_END_ASC : WALK_END_DESC;
        bool lean = certificate_walk_is_enough(l, walk);
        int64_t behind = ascending ? (window->after == INT64_MIN ? INT64_MIN : window->after + 1) : window->until;
        struct query q = query_of(l->c, &sql_certificate_list, walk + (lean ? LEAN : 0));

        query_int(&q, f->account_id);
        query_int(&q, marked ? f->marker_end : behind);
        query_int(&q, marked ? f->marker : ascending ? INT64_MIN : INT64_MAX);
        query_int(&q, ascending ? window->until : window->after);
        query_int(&q, status);
        return take_all(l, &q, lean, goal, INT64_MAX);
}

static void window_narrow(struct window *window, bool ascending, int64_t last_end)
{
        if (ascending && last_end < window->until)
                window->until = last_end;
        if (!ascending && last_end > INT64_MIN && last_end - 1 > window->after)
                window->after = last_end - 1; /* others of the same end may come first by seq */
}

res certificate_walk_end(struct lister *l, bool from_marker, size_t goal)
{
        struct window window = {.after = l->ending_after, .until = l->ending_before};
        int64_t statuses[COUNT_STATUSES_MAX];
        size_t n = 0;

        if (l->filter->status_count == 0 && certificate_walk_is_enough(l, WALK_END_ASC))
                return walk_all_ends(l, from_marker, goal);
        TRY(store_count_statuses(l->c, l->filter, statuses, &n));
        for (size_t i = 0; i < n; i++) {
                size_t before = l->n;
                TRY(walk_end_of(l, statuses[i], &window, from_marker, goal));
                if (l->n - before == goal)
                        window_narrow(&window, l->filter->sort != STORE_SORT_END_DESC, l->found[l->n - 1].end_at);
        }
        return RES_OK;
}

static res count_between(struct lister *l, int64_t status, int64_t after, int64_t until, int64_t *sum)
{
        struct query q = query_of(l->c, &sql_certificate_list, COUNT_RANGE);
        int64_t count = 0;

        query_int(&q, l->filter->account_id);
        query_int(&q, after);
        query_int(&q, until);
        query_int(&q, status);
        TRY(query_value(&q, &count));
        *sum += count;
        return RES_OK;
}

/* Whole days are counted already; what is left of the first and the last day is counted here. */
static res count_range_of(struct lister *l, int64_t status, int64_t *sum)
{
        const int64_t after = l->ending_after, until = l->ending_before;
        const int64_t from_day = after / COUNT_DAY_SEC + 1, until_day = until / COUNT_DAY_SEC;
        int64_t days = 0;

        if (after < 0 || from_day >= until_day)
                return count_between(l, status, after, until, sum);
        TRY(store_count_ends(l->c, l->filter->account_id, status, from_day, until_day, &days));
        *sum += days;
        TRY(count_between(l, status, after, from_day * COUNT_DAY_SEC - 1, sum));
        return count_between(l, status, until_day * COUNT_DAY_SEC - 1, until, sum);
}

res certificate_walk_count_range(struct lister *l, int64_t *ret_count)
{
        int64_t statuses[COUNT_STATUSES_MAX];
        size_t n = 0;

        *ret_count = 0;
        TRY(store_count_statuses(l->c, l->filter, statuses, &n));
        for (size_t i = 0; i < n; i++)
                TRY(count_range_of(l, statuses[i], ret_count));
        return RES_OK;
}

/* -- single ones ---------------------------------------------------------------------------------- */

res certificate_walk_id(struct lister *l, struct str id)
{
        struct query q = query_of(l->c, &sql_certificate_list, BY_ID);

        query_int(&q, l->filter->account_id);
        query_str(&q, id);
        return take_all(l, &q, false, 1, 1);
}

res certificate_walk_newer(struct lister *l, int64_t seq)
{
        struct query q = query_of(l->c, &sql_certificate_list, NEWER);

        query_int(&q, l->filter->account_id);
        query_int(&q, seq);
        return take_all(l, &q, false, SIZE_MAX, INT64_MAX);
}

res certificate_walk_seq(struct lister *l, int64_t seq)
{
        struct query q = query_of(l->c, &sql_certificate_list, BY_SEQ);

        query_int(&q, l->filter->account_id);
        query_int(&q, seq);
        return take_all(l, &q, false, 1, 1);
}

static struct query tag_query(struct lister *l, size_t statement, const struct store_tag_filter *tag)
{
        struct query q = query_of(l->c, &sql_certificate_list, statement);

        query_int(&q, l->filter->account_id);
        query_str(&q, tag->key);
        query_str(&q, tag->value);
        return q;
}

res certificate_walk_tag(struct lister *l, const struct store_tag_filter *tag)
{
        struct query q = query_of(l->c, &sql_certificate_list, tag->value.p ? BY_TAG : BY_TAG_KEY);

        query_int(&q, l->filter->account_id);
        query_str(&q, tag->key);
        if (tag->value.p)
                query_str(&q, tag->value);
        return take_all(l, &q, false, SIZE_MAX, INT64_MAX);
}

static res take_tag_facets(struct lister *l, struct query *begun, size_t goal)
{
        CLEAN(query_done) struct query q = *begun;
        bool row = true;

        while (l->n < goal) {
                TRY(query_step(&q, &row));
                if (!row)
                        return RES_OK;
                struct candidate here = {.seq = query_get_int(&q, 0), .status = query_get_int(&q, 1), .project_id = query_get_int(&q, 2),
                                         .end_at = query_get_int(&q, 3), .source = query_get_int(&q, 4) ? STR("upload") : STR("")};
                if (facets_fit(l, &here))
                        TRY(certificate_walk_take(l, here.seq, here.end_at));
        }
        return RES_OK;
}

bool certificate_walk_tag_is_enough(const struct lister *l)
{
        const struct store_certificate_filter *f = l->filter;

        return f->tag_count == 1 && f->tags[0].value.p && !has_search(l) && f->certificate_type.n == 0 && f->key_type_prefix.n == 0;
}

static struct query tag_facets_query(struct lister *l, size_t statement, const struct store_tag_filter *tag)
{
        const struct store_certificate_filter *f = l->filter;
        struct query q = tag_query(l, statement, tag);

        query_int(&q, f->status_count == 1 ? f->statuses[0] : -1);
        query_int(&q, f->project_id);
        query_int(&q, f->source == STORE_SOURCE_ANY ? -1 : f->source == STORE_SOURCE_UPLOAD);
        query_int(&q, l->ending_after);
        query_int(&q, l->ending_before);
        return q;
}

/* Several statuses are looked at row by row; else the index counts, and a page is read as far as it is deep. */
res certificate_walk_tag_alone(struct lister *l, const struct store_tag_filter *tag)
{
        const struct store_certificate_filter *f = l->filter;
        bool by_page = f->status_count <= 1 && f->sort == STORE_SORT_NEWEST;

        if (by_page) {
                struct query count = tag_facets_query(l, COUNT_TAG, tag);
                TRY(query_value(&count, &l->total));
                l->total_is_set = true;
        }
        struct query q = tag_facets_query(l, LEAN_TAG, tag);
        query_int(&q, by_page && f->marker > 0 ? f->marker : INT64_MAX);
        return take_tag_facets(l, &q, by_page ? (size_t)f->offset + (size_t)f->limit + 1 : SIZE_MAX);
}
