/*
 * DescribeCertificates: pages out of a million, filtered, sorted, searched.
 *
 * What fits is a set of members of each segment (search.h, facet.h), intersected part by part of the filter, and counting it is
 * counting bits; what is newer than the segments is looked at one by one.  So a list costs about the same whatever is asked and
 * however much of it there is: each part is some forty pages out of a million certificates.
 *
 * Then `goal` of them are picked in the order wanted, as places (pick.h); only what is shown, and what has to be seen because
 * the grams of a text are no proof that it holds the text, is read.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "store/certificate_walk.h"
#include "store/count.h"
#include "store/facet.h"
#include "store/pick.h"
#include "store/search.h"

#define WALK_MAX 2000       /* rows of the list's index that are rather walked than counted from sets, without any filter */
#define SKIP_CHECKS_MAX 500 /* hits of a long text that are looked at before the page begins; beyond, having its grams is enough */
#define SKIP_CHECKS_BY_END 50 /* there each is in another segment */
#define SLACK 64            /* more picks than a page needs, where some may turn out not to have the text */

static int compare_int(int64_t x, int64_t y)
{
        return (x > y) - (x < y);
}

/* -- a page of those found ------------------------------------------------------------------------- */

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

static res read_page(struct lister *l, const struct spot *shown, size_t n, struct store_certificate_page *ret_page)
{
        struct certificate_row *rows = arena_array_of(l->a, n + 1, struct certificate_row);
        size_t read = 0;

        for (size_t i = 0; i < n; i++) {
                res r = store_certificate_get_by_seq(l->c, l->a, l->filter->account_id, shown[i].seq, &rows[read]);
                if (r.err == ERR_NOT_FOUND)
                        continue;
                TRY(r);
                read++;
        }
        ret_page->v = rows;
        ret_page->n = read;
        return RES_OK;
}

static size_t min_size(size_t a, size_t b)
{
        return a < b ? a : b;
}

/* found: from the marker on, in order. */
static res read_found(struct lister *l, int64_t total, struct store_certificate_page *ret_page)
{
        size_t skip = min_size((size_t)l->filter->offset, l->n), n = min_size((size_t)l->filter->limit, l->n - skip);

        ret_page->total = total;
        ret_page->has_more = l->n > skip + n;
        return read_page(l, l->n > 0 ? l->found + skip : NULL, n, ret_page);
}

static size_t page_goal(const struct store_certificate_filter *f)
{
        return (size_t)f->offset + (size_t)f->limit + 1;
}

/* -- without sets ----------------------------------------------------------------------------------- */

static void drop_before_marker(struct lister *l)
{
        const struct spot marker = {l->filter->marker, l->filter->marker_end};
        size_t n = 0;

        for (size_t i = 0; i < l->n; i++) {
                if (l->filter->marker <= 0 || compares[l->filter->sort](&l->found[i], &marker) > 0)
                        l->found[n++] = l->found[i];
        }
        l->n = n;
}

static res list_ids(struct lister *l, struct store_certificate_page *ret_page)
{
        const struct strs *ids = &l->filter->ids;
        size_t n = 0;

        for (size_t i = 0; i < ids->n && i < LIMIT_LIST_MAX; i++)
                TRY(certificate_walk_id(l, ids->v[i]));
        if (l->n > 1)
                qsort(l->found, l->n, sizeof(*l->found), compares[l->filter->sort]);
        for (size_t i = 0; i < l->n; i++) { /* an id given twice is shown once */
                if (n == 0 || l->found[n - 1].seq != l->found[i].seq)
                        l->found[n++] = l->found[i];
        }
        l->n = n;
        drop_before_marker(l);
        return read_found(l, (int64_t)n, ret_page);
}

static bool is_walked(const struct lister *l)
{
        const struct store_certificate_filter *f = l->filter;

        return f->sort == STORE_SORT_NEWEST && f->status_count == 0 && f->source == STORE_SOURCE_ANY && f->certificate_type.n == 0 &&
               f->project_id < 0 && !has_range(l) && f->key_family.n == 0 && f->tag_count == 0 && !has_search(l) &&
               page_goal(f) <= WALK_MAX;
}

static res list_walked(struct lister *l, struct store_certificate_page *ret_page)
{
        int64_t total = 0;

        TRY(store_count_get(l->c, l->filter, &total));
        TRY(certificate_walk_newest(l, l->filter->marker, page_goal(l->filter)));
        return read_found(l, total, ret_page);
}

/* -- by sets ---------------------------------------------------------------------------------------- */

struct sets {
        struct search_hits hits;
        bool is_exact;     /* every hit holds the needle */
        bool range_is_left; /* picking by end reads the ends anyway, and keeps what is in range on its way */
        uint8_t seqs[SEARCH_SEGMENT * 8];
        int64_t seqs_of;   /* the segment that they are of; 0 = none */
};

static res seqs_of(struct lister *l, struct sets *sets, int64_t segment)
{
        if (sets->seqs_of == segment)
                return RES_OK;
        sets->seqs_of = 0;
        TRY(search_seqs(l->c, l->filter->account_id, segment, sets->seqs));
        sets->seqs_of = segment;
        return RES_OK;
}

/* Few hits: look at each, so that the total is exact. */
static res check_hits(struct lister *l, struct sets *sets)
{
        struct search_hits *hits = &sets->hits;

        for (size_t i = 0; i < hits->n; i++) {
                if (hits->v[i].hit_count == 0)
                        continue;
                TRY(seqs_of(l, sets, hits->v[i].segment));
                for (size_t member = 0; member < SEARCH_SEGMENT; member++) {
                        bool has = false;
                        if (!search_set_has(&hits->v[i].hits, member))
                                continue;
                        TRY(certificate_walk_has_text(l, search_seq_at(sets->seqs, member), &has));
                        search_set_put(&hits->v[i].hits, member, has);
                }
                search_segment_count(hits, i);
        }
        sets->is_exact = true;
        return RES_OK;
}

static res intersect(struct lister *l, struct sets *sets)
{
        const struct store_certificate_filter *f = l->filter;

        TRY(search_all(l->c, l->a, f->account_id, &sets->hits));
        TRY(facet_keep(l->c, l->a, f, &sets->hits));
        if (has_search(l) && sets->hits.count > 0)
                TRY(search_keep(l->c, f->account_id, l->needle, &sets->hits));
        sets->is_exact = !has_search(l) || search_is_exact(l->needle);
        sets->range_is_left = has_range(l) && sets->is_exact && f->sort != STORE_SORT_NEWEST;
        if (has_range(l) && !sets->range_is_left)
                TRY(facet_keep_ends(l->c, f->account_id, l->ending_after, l->ending_before, &sets->hits));
        return sets->is_exact || sets->hits.count > SEARCH_VERIFY_MAX ? RES_OK : check_hits(l, sets);
}

static res pick_newest(struct lister *l, const struct sets *sets, struct picks *picks)
{
        for (size_t i = 0; i < l->n; i++)
                TRY(picks_add(picks, pick_newer(l->found[i].seq), 0));
        for (size_t i = sets->hits.n; i-- > 0 && !picks_are_full(picks);)
                TRY(picks_add_set(picks, sets->hits.v[i].segment, &sets->hits.v[i].hits, /* ends= */ NULL));
        return RES_OK;
}

static res pick_by_end(struct lister *l, struct sets *sets, struct picks *picks)
{
        struct search_hits *hits = &sets->hits;
        const bool newest_first = l->filter->sort == STORE_SORT_END_DESC; /* what is older mostly ends earlier */

        for (size_t i = 0; i < l->n; i++)
                TRY(picks_add(picks, pick_newer(l->found[i].seq), l->found[i].end_at));
        for (size_t k = 0; k < hits->n; k++) {
                const size_t at = newest_first ? hits->n - 1 - k : k;
                const struct search_segment *segment = &hits->v[at];
                struct facet_ends ends;
                if (segment->hit_count == 0)
                        continue;
                TRY(facet_ends(l->c, l->filter->account_id, segment->segment, &ends));
                if (sets->range_is_left)
                        facet_keep_ending(&ends, l->ending_after, l->ending_before, hits, at);
                res r = picks_add_set(picks, segment->segment, &segment->hits, &ends);
                facet_ends_done(&ends);
                TRY(r);
        }
        sets->range_is_left = false;
        return RES_OK;
}

/* Where the marker stands among the picks; it may be gone meanwhile. */
static res marker_order(struct lister *l, struct sets *sets, int64_t *ret_order)
{
        const int64_t marker = l->filter->marker;
        size_t i = 0;

        *ret_order = pick_newer(marker);
        if (marker > sets->hits.sealed_seq)
                return RES_OK;
        while (sets->hits.v[i].last_seq < marker)
                i++;
        TRY(seqs_of(l, sets, sets->hits.v[i].segment));
        size_t member = search_member_of(sets->seqs, marker);
        *ret_order = pick_member(sets->hits.v[i].segment, member);
        if (search_seq_at(sets->seqs, member) != marker)
                *ret_order -= 1; /* right before what follows it */
        return RES_OK;
}

static res pick(struct lister *l, struct sets *sets, struct picks *picks)
{
        int64_t order = 0;

        if (l->filter->marker > 0) {
                TRY(marker_order(l, sets, &order));
                picks_begin_after(picks, order, l->filter->marker_end);
        }
        TRY(l->filter->sort == STORE_SORT_NEWEST ? pick_newest(l, sets, picks) : pick_by_end(l, sets, picks));
        picks_finish(picks);
        return RES_OK;
}

static res seq_of(struct lister *l, struct sets *sets, int64_t order, int64_t *ret_seq)
{
        if (pick_is_newer(order)) {
                *ret_seq = pick_newer_seq(order);
                return RES_OK;
        }
        TRY(seqs_of(l, sets, pick_segment(order)));
        *ret_seq = search_seq_at(sets->seqs, pick_member_of(order));
        return RES_OK;
}

/* Leave those that hold the text: all that the page shows, and some of those that it passes over. */
static res check_picks(struct lister *l, struct sets *sets, struct picks *picks)
{
        const size_t offset = (size_t)l->filter->offset, goal = page_goal(l->filter);
        size_t checks = l->filter->sort == STORE_SORT_NEWEST ? SKIP_CHECKS_MAX : SKIP_CHECKS_BY_END, kept = 0;

        for (size_t i = 0; i < picks->n && kept < goal; i++) {
                bool has = true;
                int64_t seq = 0;
                if (!pick_is_newer(picks->v[i].order) && (kept >= offset || checks > 0)) {
                        TRY(seq_of(l, sets, picks->v[i].order, &seq));
                        TRY(certificate_walk_has_text(l, seq, &has));
                        checks -= checks > 0;
                }
                if (has)
                        picks->v[kept++] = picks->v[i];
        }
        picks->n = kept;
        return RES_OK;
}

/* Pick the page; if too many had the grams, but not the text, pick more. */
static res pick_page(struct lister *l, struct sets *sets, struct picks *picks)
{
        const size_t wanted = page_goal(l->filter);

        for (size_t goal = sets->is_exact ? wanted : wanted + SLACK;; goal *= 2) {
                picks_begin(picks, goal, l->filter->sort);
                TRY(pick(l, sets, picks));
                const bool are_all = picks->n < goal;
                if (sets->is_exact)
                        return RES_OK;
                TRY(check_picks(l, sets, picks));
                if (picks->n == wanted || are_all)
                        return RES_OK;
        }
}

static res read_picks(struct lister *l, struct sets *sets, const struct picks *picks, struct store_certificate_page *ret_page)
{
        size_t skip = min_size((size_t)l->filter->offset, picks->n), n = min_size((size_t)l->filter->limit, picks->n - skip);
        struct spot *shown = arena_array_of(l->a, n + 1, struct spot);

        for (size_t i = 0; i < n; i++)
                TRY(seq_of(l, sets, picks->v[skip + i].order, &shown[i].seq));
        ret_page->has_more = picks->n > skip + n;
        return read_page(l, shown, n, ret_page);
}

static res list_sets(struct lister *l, struct store_certificate_page *ret_page)
{
        CLEAN(picks_done) struct picks picks = {0};
        struct sets *sets = arena_new_of(l->a, struct sets);

        TRY(intersect(l, sets));
        TRY(certificate_walk_newer(l, sets->hits.sealed_seq));
        TRY(pick_page(l, sets, &picks));
        ret_page->total = (int64_t)l->n + sets->hits.count;
        return read_picks(l, sets, &picks, ret_page);
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
                return list_ids(l, ret_page);
        return is_walked(l) ? list_walked(l, ret_page) : list_sets(l, ret_page);
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
        *ret_page = (struct store_certificate_page){0};
        TRY(store_snapshot_begin(c)); /* a certificate that changes its status meanwhile is shown once */
        r = list(&l, ret_page);
        store_snapshot_end(c);
        return r;
}
