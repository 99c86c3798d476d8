/*
 * DescribeCertificates: pages out of a million, filtered, sorted, searched.
 *
 * The counts (count.h) tell how many rows each index would give, so a walk (certificate_walk.h) takes the one with the
 * fewest and stops when the page is full.  Where the total cannot be had from the counts, or the order wanted is not
 * the walk's, everything that fits is gathered as (seq, end_at), sorted and cut.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "store/certificate_walk.h"
#include "store/count.h"
#include "store/search.h"

#define GATHER_MAX 2000       /* rows that are rather gathered and sorted than found in a walk of another order */
#define GATHER_LEAN_MAX 20000 /* the same where the index alone is read: 0.3 us each */

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
        size_t sorted = 1; /* a walk in the list's own order leaves nothing to do */

        while (sorted < l->n && compares[l->filter->sort](&l->found[sorted - 1], &l->found[sorted]) <= 0)
                sorted++;
        if (sorted < l->n)
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

/* Search and tags aside. */
static bool has_no_filter(const struct lister *l)
{
        const struct store_certificate_filter *f = l->filter;

        return f->status_count == 0 && f->source == STORE_SOURCE_ANY && f->certificate_type.n == 0 && f->project_id < 0 &&
               !has_range(l) && f->key_type_prefix.n == 0;
}

static res list_ids(struct lister *l)
{
        const struct strs *ids = &l->filter->ids;

        for (size_t i = 0; i < ids->n && i < LIMIT_LIST_MAX; i++)
                TRY(certificate_walk_id(l, ids->v[i]));
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
        const struct store_certificate_filter *f = l->filter;

        if (certificate_walk_tag_is_enough(l))
                TRY(certificate_walk_tag_alone(l, &f->tags[0]));
        else
                TRY(certificate_walk_tag(l, &f->tags[0]));
        sort_found(l);
        return RES_OK;
}

static res list_gathered(struct lister *l, const struct plan *plan, int64_t look)
{
        struct plan with_rows = *plan;

        with_rows.lean = plan->lean && l->filter->sort == STORE_SORT_NEWEST; /* the lean walks lack end_at */
        TRY(certificate_walk_newest(l, &with_rows, 0, SIZE_MAX, look));
        sort_found(l);
        return RES_OK;
}

/* Ending within a time, and nothing but statuses besides. */
static res list_range(struct lister *l)
{
        const struct store_certificate_filter *f = l->filter;
        struct plan plan;

        TRY(certificate_walk_count_range(l, &l->total));
        l->total_is_set = true;
        if (l->total <= GATHER_LEAN_MAX) {
                TRY(certificate_walk_end(l, false, SIZE_MAX));
        } else if (f->sort == STORE_SORT_NEWEST) {
                TRY(certificate_walk_plan(l, &plan));
                TRY(certificate_walk_newest(l, &plan, f->marker, page_goal(f), INT64_MAX));
        } else {
                TRY(certificate_walk_end(l, true, page_goal(f)));
        }
        sort_found(l);
        return RES_OK;
}

/* Other filters besides: exact while that can be gathered, else the total is the most that the range and the others allow. */
static res list_range_and_more(struct lister *l, const struct plan *plan)
{
        const struct store_certificate_filter *f = l->filter;
        int64_t counted = 0;

        if (plan->all <= GATHER_LEAN_MAX || plan->rows <= GATHER_MAX || f->key_type_prefix.n > 0)
                return list_gathered(l, plan, INT64_MAX);
        TRY(certificate_walk_count_range(l, &l->total));
        TRY(store_count_get(l->c, f, &counted));
        if (l->total > counted)
                l->total = counted;
        l->total_is_set = true;
        if (f->sort == STORE_SORT_NEWEST)
                TRY(certificate_walk_newest(l, plan, f->marker, page_goal(f), INT64_MAX));
        else
                TRY(certificate_walk_end(l, true, page_goal(f)));
        sort_found(l);
        return RES_OK;
}

/* Neither ids, tags nor search. */
static res list_plain(struct lister *l)
{
        const struct store_certificate_filter *f = l->filter;
        struct plan plan;

        TRY(certificate_walk_plan(l, &plan));
        if (has_range(l) && certificate_walk_is_enough(l, WALK_END_ASC))
                return list_range(l);
        if (has_range(l))
                return list_range_and_more(l, &plan);
        if (f->key_type_prefix.n > 0)
                return list_gathered(l, &plan, INT64_MAX);
        TRY(store_count_get(l->c, f, &l->total));
        l->total_is_set = true;
        if (l->total == 0)
                return RES_OK;
        if (f->sort == STORE_SORT_NEWEST) {
                TRY(certificate_walk_newest(l, &plan, f->marker, page_goal(f), INT64_MAX));
                sort_found(l);
                return RES_OK;
        }
        if (plan.rows <= GATHER_MAX)
                return list_gathered(l, &plan, INT64_MAX);
        TRY(certificate_walk_end(l, true, page_goal(f)));
        sort_found(l);
        return RES_OK;
}

/* -- search ---------------------------------------------------------------------------------------- */

#define SIFT_KEEP_MIN 64 /* hits for which it is worth while to go through a segment's stretch of the list's index: 0.5 ms */

/* How the hits of the segments are gone through: all are checked, or only until the page is full. */
struct sift {
        size_t goal;
        int64_t checks;     /* left; then a hit is taken at its grams' word, unless it may be shown */
        bool may_trust;     /* nothing but the text is asked for; else each segment's hits lose first what does not fit */
        int64_t marker;
};

static res sift_segment(struct lister *l, const struct search_segment *segment, struct sift *sift)
{
        int64_t seqs[SEARCH_SEGMENT];
        size_t n = 0;
        bool may_trust = sift->may_trust;

        TRY(search_hit_seqs(l->c, l->filter->account_id, segment, seqs, &n));
        if (!may_trust && n > SIFT_KEEP_MIN && l->filter->key_type_prefix.n == 0) {
                TRY(certificate_walk_keep(l, seqs, &n));
                may_trust = true;
        }
        for (size_t i = 0; i < n && l->n < sift->goal; i++) {
                bool is_skipped = l->n < (size_t)l->filter->offset;
                if (sift->marker > 0 && seqs[i] >= sift->marker)
                        continue;
                if (may_trust && is_skipped && sift->checks <= 0) {
                        TRY(certificate_walk_take(l, seqs[i], 0));
                        continue;
                }
                sift->checks--;
                TRY(certificate_walk_seq(l, seqs[i]));
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

/* Too many hits to check them all: the page is exact, the total is what the grams and the counts allow at most. */
static res list_dense(struct lister *l, const struct search_hits *hits)
{
        const struct store_certificate_filter *f = l->filter;
        struct sift sift = {.goal = page_goal(f), .may_trust = has_no_filter(l), .marker = f->marker};
        int64_t counted = 0;

        TRY(store_count_get(l->c, f, &counted));
        TRY(certificate_walk_newer(l, hits->sealed_seq));
        l->total = (int64_t)l->n + hits->count;
        if (l->total > counted)
                l->total = counted;
        l->total_is_set = true;
        if (f->sort != STORE_SORT_NEWEST) {
                l->n = 0;
                TRY(certificate_walk_end(l, true, page_goal(f)));
                sort_found(l);
                return RES_OK;
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

        TRY(certificate_walk_plan(l, &plan));
        if (l->needle.n < 3)
                return list_gathered(l, &plan, SEARCH_SCAN_MAX);
        TRY(search_find(l->c, l->a, l->filter->account_id, l->needle, &hits));
        if (hits.count > SEARCH_VERIFY_MAX && (plan.walk == WALK_ALL || plan.rows > GATHER_MAX))
                return list_dense(l, &hits);
        if (hits.count > SEARCH_VERIFY_MAX)
                return list_gathered(l, &plan, INT64_MAX);
        TRY(certificate_walk_newer(l, hits.sealed_seq));
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

static res list(struct lister *l, struct store_certificate_page *ret_page)
{
        if (l->filter->ids.n > 0)
                TRY(list_ids(l));
        else if (l->filter->tag_count > 0)
                TRY(list_tags(l));
        else if (has_search(l))
                TRY(list_search(l));
        else
                TRY(list_plain(l));
        return read_page(l, ret_page);
}

res store_certificate_list(struct store_conn *c, struct arena *a, const struct store_certificate_filter *filter,
                           struct store_certificate_page *ret_page)
{
        CLEAN(lister_done) struct lister l = {
                .c = c, .a = a, .filter = filter, .needle = lower_copy(a, filter->search),
                .ending_after = filter->ending_after != 0 ? filter->ending_after : INT64_MIN,
                .ending_before = filter->ending_before != 0 ? filter->ending_before : INT64_MAX,
        };
        res r;

        ENSURE(filter->offset >= 0 && filter->limit >= 0 && filter->sort < STORE_SORT_COUNT, ERR_PARAM_VALUE);
        ENSURE(filter->offset <= INT32_MAX && filter->limit <= LIMIT_LIST_MAX, ERR_PARAM_VALUE);
        TRY(store_snapshot_begin(c)); /* a certificate that changes its status meanwhile is shown once */
        r = list(&l, ret_page);
        store_snapshot_end(c);
        return r;
}
