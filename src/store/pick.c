/*
 * Picking: whatever comes is kept until there is twice the goal; then the better half stays, and its last one is the bound that
 * others have to pass.  Mostly few do, so a million cost a million comparisons and no sorting.
 */
#include "store/pick.h"

#include <stdlib.h>

#define MEMBER_BITS 12
#define NEWER (INT64_C(1) << 62)
#define BATCH_MIN 256

int64_t pick_member(int64_t segment, size_t member)
{
        return (segment << MEMBER_BITS | (int64_t)member) * 2 + 1; /* odd: there is a place between two */
}

int64_t pick_newer(int64_t seq)
{
        return NEWER | (seq < NEWER ? seq : NEWER - 1);
}

bool pick_is_newer(int64_t order)
{
        return (order & NEWER) != 0;
}

int64_t pick_newer_seq(int64_t order)
{
        return order & ~NEWER;
}

int64_t pick_segment(int64_t order)
{
        return order >> (MEMBER_BITS + 1);
}

size_t pick_member_of(int64_t order)
{
        return (size_t)(order >> 1) & ((1U << MEMBER_BITS) - 1);
}

void picks_begin(struct picks *picks, size_t goal, enum store_certificate_sort sort)
{
        picks->n = 0;
        picks->goal = goal;
        picks->by_end = sort != STORE_SORT_NEWEST;
        picks->is_descending = sort != STORE_SORT_END_ASC;
        picks->has_bound = picks->has_marker = false;
}

void picks_begin_after(struct picks *picks, int64_t order, int64_t end_at)
{
        picks->marker = (struct pick){picks->by_end ? end_at : 0, order};
        picks->has_marker = true;
}

static bool is_before(const struct picks *picks, const struct pick *a, const struct pick *b)
{
        if (a->end_at != b->end_at)
                return (a->end_at < b->end_at) != picks->is_descending;
        return a->order != b->order && (a->order < b->order) != picks->is_descending;
}

static void swap(struct pick *a, struct pick *b)
{
        struct pick c = *a;

        *a = *b;
        *b = c;
}

/* The pivot's place, with all before it on its left and none of them on its right. */
static size_t split(struct picks *picks, size_t from, size_t until)
{
        struct pick *v = picks->v;
        size_t place = from;

        swap(&v[from + (until - from) / 2], &v[until - 1]);
        for (size_t i = from; i < until - 1; i++) {
                if (is_before(picks, &v[i], &v[until - 1]))
                        swap(&v[i], &v[place++]);
        }
        swap(&v[place], &v[until - 1]);
        return place;
}

/* Leave the first `goal`, the last of them at the end. */
static void halve(struct picks *picks)
{
        size_t from = 0, until = picks->n;

        while (until - from > 1) {
                size_t place = split(picks, from, until);
                if (place == picks->goal - 1)
                        break;
                if (place < picks->goal)
                        from = place + 1;
                else
                        until = place;
        }
        picks->n = picks->goal;
        picks->bound = picks->v[picks->goal - 1];
        picks->has_bound = true;
}

static res make_room(struct picks *picks)
{
        size_t capacity = picks->capacity ? picks->capacity * 2 : BATCH_MIN;
        struct pick *grown = NULL;

        if (picks->n >= 2 * picks->goal && picks->n >= BATCH_MIN && picks->by_end) {
                halve(picks);
                return RES_OK;
        }
        if (picks->n < picks->capacity)
                return RES_OK;
        grown = reallocarray(picks->v, capacity, sizeof(*grown));
        ENSURE(grown, ERR_MEMORY);
        picks->v = grown;
        picks->capacity = capacity;
        return RES_OK;
}

res picks_add(struct picks *picks, int64_t order, int64_t end_at)
{
        const struct pick pick = {picks->by_end ? end_at : 0, order};

        if (picks->has_bound && !is_before(picks, &pick, &picks->bound))
                return RES_OK;
        if (picks->has_marker && !is_before(picks, &picks->marker, &pick))
                return RES_OK;
        TRY(make_room(picks));
        picks->v[picks->n++] = pick;
        return RES_OK;
}

/* What nearly all of a million are: too far behind. */
static bool ends_behind(const struct picks *picks, int64_t end_at)
{
        return picks->has_bound && (picks->is_descending ? end_at < picks->bound.end_at : end_at > picks->bound.end_at);
}

res picks_add_set(struct picks *picks, int64_t segment, const struct search_set *set, const struct facet_ends *ends)
{
        for (size_t word = SEARCH_SEGMENT / 64; word-- > 0;) {
                for (uint64_t left = set->w[word]; left != 0;) { /* the highest first: newest first */
                        size_t bit = 63 - (size_t)__builtin_clzll(left), member = word * 64 + bit;
                        int64_t end_at = ends ? facet_end_at(ends, member) : 0;
                        left &= ~((uint64_t)1 << bit);
                        if (!ends_behind(picks, end_at))
                                TRY(picks_add(picks, pick_member(segment, member), end_at));
                }
        }
        return RES_OK;
}

bool picks_are_full(const struct picks *picks)
{
        return !picks->by_end && picks->n >= picks->goal;
}

static int compare_ascending(const void *a, const void *b)
{
        const struct pick *x = a, *y = b;

        if (x->end_at != y->end_at)
                return (x->end_at > y->end_at) - (x->end_at < y->end_at);
        return (x->order > y->order) - (x->order < y->order);
}

static int compare_descending(const void *a, const void *b)
{
        return compare_ascending(b, a);
}

void picks_finish(struct picks *picks)
{
        if (picks->by_end && picks->n > picks->goal)
                halve(picks);
        if (picks->by_end && picks->n > 1)
                qsort(picks->v, picks->n, sizeof(*picks->v), picks->is_descending ? compare_descending : compare_ascending);
        if (picks->n > picks->goal)
                picks->n = picks->goal;
}

void picks_done(struct picks *picks)
{
        free(picks->v);
}
