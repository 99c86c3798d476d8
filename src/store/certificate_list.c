/*
 * DescribeCertificates: pages out of a million, filtered, sorted, searched.
 *
 * A walk goes through candidates in the order of one index; what the index does not decide is checked row by row in
 * candidate_fits().  The counts (count.h) tell how many rows each index would give, so the walk takes the one with
 * the fewest, and stops when the page is full.  Where the total cannot be had from the counts, or the order wanted is
 * not the walk's, everything that fits is gathered as (seq, end_at), sorted and cut.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "store/count.h"
#include "store/search.h"
#include "store/sqlite.h"

#define GATHER_MAX 5000 /* rows that are rather gathered and sorted than found in a walk of another order */

#define ROW "seq, end_at, certificate_id, status, project_id, certificate_type, source, key_type, alias, names"
#define MINE " FROM certificate WHERE account_id = $1 AND deleted_at = 0 "
#define NEWEST_FIRST " AND seq < $2 ORDER BY seq DESC"
#define BY_END_ASC " AND (end_at, seq) > ($2, $3) AND end_at > $4 AND end_at <= $5 ORDER BY end_at, seq"
#define BY_END_DESC " AND (end_at, seq) < ($2, $3) AND end_at > $4 AND end_at <= $5 ORDER BY end_at DESC, seq DESC"

/* Each walk twice: with the row, and, where nothing is left to check, from the index alone. */
enum {
        WALK_ALL, WALK_STATUS, WALK_PROJECT, WALK_UPLOAD, WALK_CA, WALK_SM, WALK_END_ASC, WALK_END_DESC, WALK_COUNT,
        LEAN = WALK_COUNT, /* WALK_X + LEAN */
        NEWER = WALK_COUNT * 2, BY_ID, BY_SEQ, BY_TAG_KEY, BY_TAG, HAS_TAG_KEY, HAS_TAG,
};
static const struct sql statements[] = {
        [WALK_ALL] = SQL("certificate_walk", "SELECT " ROW MINE NEWEST_FIRST),
        [WALK_STATUS] = SQL("certificate_walk_status", "SELECT " ROW MINE "AND status = $3" NEWEST_FIRST),
        [WALK_PROJECT] = SQL("certificate_walk_project", "SELECT " ROW MINE "AND project_id = $3" NEWEST_FIRST),
        [WALK_UPLOAD] = SQL("certificate_walk_upload", "SELECT " ROW MINE "AND source = 'upload'" NEWEST_FIRST),
        [WALK_CA] = SQL("certificate_walk_ca", "SELECT " ROW MINE "AND certificate_type = 'CA'" NEWEST_FIRST),
        [WALK_SM] = SQL("certificate_walk_sm", "SELECT " ROW MINE "AND key_type = 'SM2'" NEWEST_FIRST),
        [WALK_END_ASC] = SQL("certificate_walk_end_asc", "SELECT " ROW MINE BY_END_ASC),
        [WALK_END_DESC] = SQL("certificate_walk_end_desc", "SELECT " ROW MINE BY_END_DESC),
        [WALK_ALL + LEAN] = SQL("certificate_lean", "SELECT seq" MINE NEWEST_FIRST),
        [WALK_STATUS + LEAN] = SQL("certificate_lean_status", "SELECT seq" MINE "AND status = $3" NEWEST_FIRST),
        [WALK_PROJECT + LEAN] = SQL("certificate_lean_project", "SELECT seq" MINE "AND project_id = $3" NEWEST_FIRST),
        [WALK_UPLOAD + LEAN] = SQL("certificate_lean_upload", "SELECT seq" MINE "AND source = 'upload'" NEWEST_FIRST),
        [WALK_CA + LEAN] = SQL("certificate_lean_ca", "SELECT seq" MINE "AND certificate_type = 'CA'" NEWEST_FIRST),
        [WALK_SM + LEAN] = SQL("certificate_lean_sm", "SELECT seq" MINE "AND key_type = 'SM2'" NEWEST_FIRST),
        [WALK_END_ASC + LEAN] = SQL("certificate_lean_end_asc", "SELECT seq, end_at" MINE BY_END_ASC),
        [WALK_END_DESC + LEAN] = SQL("certificate_lean_end_desc", "SELECT seq, end_at" MINE BY_END_DESC),
        [NEWER] = SQL("certificate_newer", "SELECT " ROW MINE "AND seq > $2 ORDER BY seq DESC"),
        [BY_ID] = SQL("certificate_candidate_by_id", "SELECT " ROW MINE "AND certificate_id = $2"),
        [BY_SEQ] = SQL("certificate_candidate_by_seq", "SELECT " ROW MINE "AND seq = $2"),
        [BY_TAG_KEY] = SQL("certificate_candidate_by_tag_key",
                "SELECT " ROW MINE "AND certificate_id IN (SELECT certificate_id FROM tag WHERE account_id = $1 AND tag_key = $2)"),
        [BY_TAG] = SQL("certificate_candidate_by_tag",
                "SELECT " ROW MINE "AND certificate_id IN"
                " (SELECT certificate_id FROM tag WHERE account_id = $1 AND tag_key = $2 AND tag_value = $3)"),
        [HAS_TAG_KEY] = SQL("tag_has_key", "SELECT COUNT(*) FROM tag WHERE account_id = $1 AND certificate_id = $2 AND tag_key = $3"),
        [HAS_TAG] = SQL("tag_has",
                "SELECT COUNT(*) FROM tag WHERE account_id = $1 AND certificate_id = $2 AND tag_key = $3 AND tag_value = $4"),
};
const struct sql_set sql_certificate_list = SQL_SET(SQL_SET_CERTIFICATE_LIST, statements);

struct candidate { /* text borrowed from the statement */
        int64_t seq, end_at;
        struct str certificate_id;
        int64_t status, project_id;
        struct str certificate_type, source, key_type, alias, names;
};

struct spot {
        int64_t seq, end_at;
};

struct lister {
        struct store_conn *c;
        struct arena *a;
        const struct store_certificate_filter *filter;
        struct str needle;         /* search, lower case */
        int64_t ending_after, ending_before;
        struct spot *found;
        size_t n, capacity;
        int64_t total;
        bool total_is_set;         /* else it is n, once everything was gathered */
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

static bool candidate_fits(const struct lister *l, const struct candidate *row)
{
        const struct store_certificate_filter *f = l->filter;
        struct search_text text = {row->certificate_id, row->alias, row->names};

        if (!status_fits(f, row->status) || !source_fits(f->source, row->source))
                return false;
        if (f->project_id >= 0 && f->project_id != row->project_id)
                return false;
        if (f->certificate_type.n > 0 && !str_equal(f->certificate_type, row->certificate_type))
                return false;
        if (row->end_at <= l->ending_after || row->end_at > l->ending_before)
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

static void take(struct lister *l, int64_t seq, int64_t end_at)
{
        if (l->n == l->capacity) {
                l->capacity = l->capacity ? l->capacity * 2 : 64;
                struct spot *grown = arena_array_of(l->a, l->capacity, struct spot);
                if (l->n)
                        memcpy(grown, l->found, l->n * sizeof(*grown));
                l->found = grown;
        }
        l->found[l->n++] = (struct spot){seq, end_at};
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
        if (fit)
                take(l, row.seq, row.end_at);
        return RES_OK;
}

/* Take what fits until `goal` more are found or `look` rows were seen. */
static res take_all(struct lister *l, struct query *q, bool lean, size_t goal, int64_t look)
{
        size_t until = l->n + goal;
        bool row = true;

        while (l->n < until && look-- > 0) {
                TRY(query_step(q, &row));
                if (!row)
                        return RES_OK;
                if (lean)
                        take(l, query_get_int(q, 0), sqlite3_column_count(q->stmt) > 1 ? query_get_int(q, 1) : 0);
                else
                        TRY(take_if_fits(l, q));
        }
        query_done(q);
        return RES_OK;
}

/* -- which walk ---------------------------------------------------------------------------------- */

struct plan {
        size_t walk;
        int64_t rows; /* that it would give */
        bool lean;    /* nothing is left to check */
};

static bool has_search(const struct lister *l)
{
        return l->needle.n > 0;
}

static bool has_range(const struct lister *l)
{
        return l->filter->ending_after != 0 || l->filter->ending_before != 0;
}

/* The filter, less everything but one of its parts, tells how many rows that part's index gives. */
static res consider(const struct lister *l, size_t walk, const struct store_certificate_filter *part, struct plan *best)
{
        int64_t rows = 0;

        TRY(store_count_get(l->c, part, &rows));
        if (best->walk == WALK_COUNT || rows < best->rows)
                *best = (struct plan){.walk = walk, .rows = rows};
        return RES_OK;
}

/* Do the walk's index and its parameters say all that the filter asks? */
static bool walk_is_enough(const struct lister *l, size_t walk)
{
        const struct store_certificate_filter *f = l->filter;

        if (has_search(l) || f->tag_count > 0 || (has_range(l) && walk != WALK_END_ASC && walk != WALK_END_DESC))
                return false;
        return (f->status_count == 0 || walk == WALK_STATUS) && (f->project_id < 0 || walk == WALK_PROJECT) &&
               (f->source == STORE_SOURCE_ANY || (walk == WALK_UPLOAD && f->source == STORE_SOURCE_UPLOAD)) &&
               (f->certificate_type.n == 0 || (walk == WALK_CA && str_equals(f->certificate_type, "CA"))) &&
               (f->key_type_prefix.n == 0 || (walk == WALK_SM && str_equals(f->key_type_prefix, "SM2")));
}

/* The cheapest walk in the order newest first. */
static res plan_newest(const struct lister *l, struct plan *ret_plan)
{
        const struct store_certificate_filter *f = l->filter;
        struct store_certificate_filter part = {.account_id = f->account_id, .project_id = -1};
        struct plan best = {.walk = WALK_COUNT};

        TRY(consider(l, WALK_ALL, &part, &best));
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
        best.lean = walk_is_enough(l, best.walk);
        *ret_plan = best;
        return RES_OK;
}

static bool walk_has_value(size_t walk)
{
        return walk == WALK_STATUS || walk == WALK_PROJECT;
}

static res walk_newest(struct lister *l, const struct plan *plan, int64_t value, int64_t marker, size_t goal, int64_t look)
{
        struct query q = query_of(l->c, &sql_certificate_list, plan->walk + (plan->lean ? LEAN : 0));

        query_int(&q, l->filter->account_id);
        query_int(&q, marker > 0 ? marker : INT64_MAX);
        if (walk_has_value(plan->walk))
                query_int(&q, value);
        return take_all(l, &q, plan->lean, goal, look);
}

/* Is statuses[i] there before i, too? */
static bool is_repeated(const struct store_certificate_filter *f, size_t i)
{
        for (size_t k = 0; k < i; k++) {
                if (f->statuses[k] == f->statuses[i])
                        return true;
        }
        return false;
}

/* One walk, or one for each status: then the newest of each are there, and sorting them puts the page together. */
static res walk_plan(struct lister *l, const struct plan *plan, int64_t marker, size_t goal, int64_t look)
{
        const struct store_certificate_filter *f = l->filter;

        if (plan->walk != WALK_STATUS)
                return walk_newest(l, plan, f->project_id, marker, goal, look);
        for (size_t i = 0; i < f->status_count; i++) {
                if (!is_repeated(f, i))
                        TRY(walk_newest(l, plan, f->statuses[i], marker, goal, look));
        }
        return RES_OK;
}

static res walk_end(struct lister *l, bool from_marker, size_t goal)
{
        const struct store_certificate_filter *f = l->filter;
        bool ascending = f->sort != STORE_SORT_END_DESC, marked = from_marker && f->marker > 0;
        size_t walk = ascending ? WALK_END_ASC : WALK_END_DESC;
        bool lean = walk_is_enough(l, walk);
        struct query q = query_of(l->c, &sql_certificate_list, walk + (lean ? LEAN : 0));

        query_int(&q, f->account_id);
        query_int(&q, marked ? f->marker_end : ascending ? INT64_MIN : INT64_MAX);
        query_int(&q, marked ? f->marker : ascending ? INT64_MIN : INT64_MAX);
        query_int(&q, l->ending_after);
        query_int(&q, l->ending_before);
        return take_all(l, &q, lean, goal, INT64_MAX);
}

/* -- sorting, cutting, reading -------------------------------------------------------------------- */

static int compare_int(int64_t x, int64_t y)
{
        return (x > y) - (x < y);
}

static int compare_newest(const void *a, const void *b)
{
        const struct spot *x = a, *y = b;

        return compare_int(y->seq, x->seq);
}

static int compare_end_asc(const void *a, const void *b)
{
        const struct spot *x = a, *y = b;

        return x->end_at != y->end_at ? compare_int(x->end_at, y->end_at) : compare_int(x->seq, y->seq);
}

static int compare_end_desc(const void *a, const void *b)
{
        return compare_end_asc(b, a);
}

static int (*const compares[STORE_SORT_COUNT])(const void *, const void *) = {
        [STORE_SORT_NEWEST] = compare_newest,
        [STORE_SORT_END_ASC] = compare_end_asc,
        [STORE_SORT_END_DESC] = compare_end_desc,
};

static void sort_found(struct lister *l)
{
        if (l->n > 1)
                qsort(l->found, l->n, sizeof(*l->found), compares[l->filter->sort]);
}

/* The first place after the marker, in what is sorted. */
static size_t after_marker(const struct lister *l)
{
        const struct spot marker = {l->filter->marker, l->filter->marker_end};
        size_t i = 0;

        if (l->filter->marker <= 0)
                return 0;
        while (i < l->n && compares[l->filter->sort](&l->found[i], &marker) <= 0)
                i++;
        return i;
}

static res read_page(struct lister *l, struct store_certificate_page *ret_page)
{
        const struct store_certificate_filter *f = l->filter;
        size_t from = after_marker(l), left = l->n - from;
        size_t skip = (uint64_t)f->offset < left ? (size_t)f->offset : left;
        size_t n = (uint64_t)f->limit < left - skip ? (size_t)f->limit : left - skip;
        struct certificate_row *rows = arena_array_of(l->a, n + 1, struct certificate_row);
        size_t read = 0;

        for (size_t i = 0; i < n; i++) {
                res r = store_certificate_get_by_seq(l->c, l->a, f->account_id, l->found[from + skip + i].seq, &rows[read]);
                if (r.err == ERR_NOT_FOUND) /* deleted since the walk */
                        continue;
                TRY(r);
                read++;
        }
        *ret_page = (struct store_certificate_page){
                .v = rows, .n = read, .total = l->total_is_set ? l->total : (int64_t)l->n, .has_more = left > skip + n,
        };
        return RES_OK;
}

/* -- the ways to a page --------------------------------------------------------------------------- */

static size_t page_goal(const struct store_certificate_filter *f)
{
        return (size_t)f->offset + (size_t)f->limit + 1;
}

static res list_ids(struct lister *l)
{
        const struct strs *ids = &l->filter->ids;

        for (size_t i = 0; i < ids->n && i < LIMIT_LIST_MAX; i++) {
                struct query q = query_of(l->c, &sql_certificate_list, BY_ID);
                query_int(&q, l->filter->account_id);
                query_str(&q, ids->v[i]);
                TRY(take_all(l, &q, false, 1, 1));
        }
        sort_found(l);
        size_t n = 0;
        for (size_t i = 0; i < l->n; i++) { /* an id given twice is shown once */
                if (n == 0 || l->found[n - 1].seq != l->found[i].seq)
                        l->found[n++] = l->found[i];
        }
        l->n = n;
        return RES_OK;
}

static res list_tags(struct lister *l)
{
        const struct store_tag_filter *tag = &l->filter->tags[0];
        struct query q = query_of(l->c, &sql_certificate_list, tag->value.p ? BY_TAG : BY_TAG_KEY);

        query_int(&q, l->filter->account_id);
        query_str(&q, tag->key);
        if (tag->value.p)
                query_str(&q, tag->value);
        TRY(take_all(l, &q, false, INT32_MAX, INT64_MAX));
        sort_found(l);
        return RES_OK;
}

static res list_gathered(struct lister *l, const struct plan *plan, int64_t look)
{
        struct plan with_rows = *plan;

        with_rows.lean = plan->lean && l->filter->sort == STORE_SORT_NEWEST; /* the lean walks lack end_at */
        TRY(walk_plan(l, &with_rows, 0, INT32_MAX, look));
        sort_found(l);
        return RES_OK;
}

/* Neither ids, tags nor search. */
static res list_plain(struct lister *l)
{
        const struct store_certificate_filter *f = l->filter;
        struct plan plan;

        TRY(plan_newest(l, &plan));
        if (has_range(l)) {
                TRY(walk_end(l, false, INT32_MAX));
                sort_found(l);
                return RES_OK;
        }
        if (f->key_type_prefix.n > 0)
                return list_gathered(l, &plan, INT64_MAX);
        TRY(store_count_get(l->c, f, &l->total));
        l->total_is_set = true;
        if (l->total == 0)
                return RES_OK;
        if (f->sort == STORE_SORT_NEWEST) {
                TRY(walk_plan(l, &plan, f->marker, page_goal(f), INT64_MAX));
                sort_found(l);
                return RES_OK;
        }
        if (plan.rows <= GATHER_MAX)
                return list_gathered(l, &plan, INT64_MAX);
        return walk_end(l, true, page_goal(f));
}

/* -- search ---------------------------------------------------------------------------------------- */

static res take_newer(struct lister *l, int64_t sealed_seq)
{
        struct query q = query_of(l->c, &sql_certificate_list, NEWER);

        query_int(&q, l->filter->account_id);
        query_int(&q, sealed_seq);
        return take_all(l, &q, false, INT32_MAX, INT64_MAX);
}

static res take_seq(struct lister *l, int64_t seq)
{
        struct query q = query_of(l->c, &sql_certificate_list, BY_SEQ);

        query_int(&q, l->filter->account_id);
        query_int(&q, seq);
        return take_all(l, &q, false, 1, 1);
}

/* How the hits of the segments are gone through: all are checked, or only until the page is full. */
struct sift {
        size_t goal;
        int64_t checks;     /* left; then a hit is taken at its grams' word, unless it may be shown */
        bool may_trust;     /* nothing but the text is asked for */
        int64_t marker;
};

static res sift_segment(struct lister *l, const struct search_segment *segment, struct sift *sift)
{
        int64_t seqs[SEARCH_SEGMENT];
        size_t n = 0;

        TRY(search_hit_seqs(l->c, l->filter->account_id, segment, seqs, &n));
        for (size_t i = 0; i < n && l->n < sift->goal; i++) {
                bool is_skipped = l->n < (size_t)l->filter->offset;
                if (sift->marker > 0 && seqs[i] >= sift->marker)
                        continue;
                if (sift->may_trust && is_skipped && sift->checks <= 0) {
                        take(l, seqs[i], 0);
                        continue;
                }
                sift->checks--;
                TRY(take_seq(l, seqs[i]));
        }
        return RES_OK;
}

static res sift_hits(struct lister *l, const struct search_hits *hits, struct sift *sift)
{
        for (size_t i = hits->n; i-- > 0 && l->n < sift->goal;) {
                if (hits->v[i].hit_count > 0)
                        TRY(sift_segment(l, &hits->v[i], sift));
        }
        return RES_OK;
}

static bool asks_only_text(const struct lister *l)
{
        const struct store_certificate_filter *f = l->filter;

        return f->status_count == 0 && f->source == STORE_SOURCE_ANY && f->certificate_type.n == 0 && f->project_id < 0 &&
               !has_range(l) && f->key_type_prefix.n == 0;
}

/* Too many hits to check them all: the page is exact, the total is what the grams and the counts allow at most. */
static res list_dense(struct lister *l, const struct search_hits *hits)
{
        const struct store_certificate_filter *f = l->filter;
        struct sift sift = {.goal = page_goal(f), .may_trust = asks_only_text(l), .marker = f->marker};
        int64_t counted = 0;

        TRY(store_count_get(l->c, f, &counted));
        TRY(take_newer(l, hits->sealed_seq));
        l->total = (int64_t)l->n + hits->count;
        if (l->total > counted)
                l->total = counted;
        l->total_is_set = true;
        if (f->sort != STORE_SORT_NEWEST) {
                l->n = 0;
                return walk_end(l, true, page_goal(f));
        }
        sift.checks = hits->is_exact ? 0 : SEARCH_VERIFY_MAX;
        size_t newer = 0; /* of those not indexed yet, keep what is after the marker */
        for (size_t i = 0; i < l->n; i++) {
                if (f->marker <= 0 || l->found[i].seq < f->marker)
                        l->found[newer++] = l->found[i];
        }
        l->n = newer;
        return sift_hits(l, hits, &sift);
}

static res list_search(struct lister *l)
{
        struct plan plan;
        struct search_hits hits;
        struct sift sift = {.goal = SIZE_MAX, .checks = INT64_MAX};

        TRY(plan_newest(l, &plan));
        if (l->needle.n < 3)
                return list_gathered(l, &plan, SEARCH_SCAN_MAX);
        TRY(search_find(l->c, l->a, l->filter->account_id, l->needle, &hits));
        if (hits.count > SEARCH_VERIFY_MAX && (plan.walk == WALK_ALL || plan.rows > GATHER_MAX))
                return list_dense(l, &hits);
        if (hits.count > SEARCH_VERIFY_MAX)
                return list_gathered(l, &plan, INT64_MAX);
        TRY(take_newer(l, hits.sealed_seq));
        TRY(sift_hits(l, &hits, &sift));
        sort_found(l);
        return RES_OK;
}

static struct str lower_copy(struct arena *a, struct str s)
{
        char *text = s.n ? arena_strndup(a, s.p, s.n) : NULL;

        if (text)
                str_lower_ascii(text, s.n);
        return (struct str){text, s.n};
}

res store_certificate_list(struct store_conn *c, struct arena *a, const struct store_certificate_filter *filter,
                           struct store_certificate_page *ret_page)
{
        struct lister l = {
                .c = c, .a = a, .filter = filter, .needle = lower_copy(a, filter->search),
                .ending_after = filter->ending_after != 0 ? filter->ending_after : INT64_MIN,
                .ending_before = filter->ending_before != 0 ? filter->ending_before : INT64_MAX,
        };

        ENSURE(filter->offset >= 0 && filter->limit >= 0 && filter->sort < STORE_SORT_COUNT, ERR_PARAM_VALUE);
        ENSURE(filter->offset <= INT32_MAX && filter->limit <= LIMIT_LIST_MAX, ERR_PARAM_VALUE);
        if (filter->ids.n > 0)
                TRY(list_ids(&l));
        else if (filter->tag_count > 0)
                TRY(list_tags(&l));
        else if (has_search(&l))
                TRY(list_search(&l));
        else
                TRY(list_plain(&l));
        return read_page(&l, ret_page);
}
