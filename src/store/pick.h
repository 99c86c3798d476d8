/*
 * The first `goal` of many certificates, in the order of a list, by their places: enough to sort by, and no row is read for it.
 * Inside the store only.
 *
 * A place is one number, `order`, that rises as seq does: of a member of a segment, or of one that is in none yet.
 */
#pragma once

#include "store/facet.h"

struct pick {
        int64_t end_at, order;
};
struct picks {
        struct pick *v; /* on the heap: a page may lie deep inside a million */
        size_t n, capacity, goal;
        bool is_descending;
        bool has_bound, has_marker;
        struct pick bound;  /* what is behind it is not among the first `goal` */
        struct pick marker; /* what is not behind it is not wanted */
        bool by_end;
};

int64_t pick_member(int64_t segment, size_t member);
int64_t pick_newer(int64_t seq);
bool pick_is_newer(int64_t order); /* then pick_newer_seq() is its seq; else it is a member of a segment */
int64_t pick_newer_seq(int64_t order);
int64_t pick_segment(int64_t order);
size_t pick_member_of(int64_t order);

/* From the start again; the heap memory stays. */
void picks_begin(struct picks *picks, size_t goal, enum store_certificate_sort sort);
void picks_begin_after(struct picks *picks, int64_t order, int64_t end_at);
MUST res picks_add(struct picks *picks, int64_t order, int64_t end_at); /* ERR_MEMORY */
/* ends: of the segment's members; NULL = not sorted by end. */
MUST res picks_add_set(struct picks *picks, int64_t segment, const struct search_set *set, const struct facet_ends *ends);
/* Newest first, and given in that order: no more are wanted. */
bool picks_are_full(const struct picks *picks);
/* Sort, and cut to the goal. */
void picks_finish(struct picks *picks);
void picks_done(struct picks *picks); /* for CLEAN() */
