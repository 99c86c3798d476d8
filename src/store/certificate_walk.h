/* Inside the store only: how certificate_list.c goes through certificates.  See certificate_walk.c. */
#pragma once

#include "store/certificate.h"
#include "store/sqlite.h"

enum { WALK_ALL, WALK_STATUS, WALK_PROJECT, WALK_UPLOAD, WALK_CA, WALK_SM, WALK_END_ASC, WALK_END_DESC, WALK_COUNT };

struct spot {
        int64_t seq, end_at;
};

struct lister {
        struct store_conn *c;
        struct arena *a;
        const struct store_certificate_filter *filter;
        struct str needle;         /* search, lower case */
        int64_t ending_after, ending_before;
        struct spot *found;        /* on the heap: an account may have more than a request's arena holds */
        size_t n, capacity;
        int64_t total;
        bool total_is_set;         /* else it is n, once everything was gathered */
};

struct plan {
        size_t walk;
        int64_t rows; /* that it would give */
        int64_t all;  /* that the account has */
        bool lean;    /* nothing is left to check */
};

static inline bool has_search(const struct lister *l)
{
        return l->needle.n > 0;
}

static inline bool has_range(const struct lister *l)
{
        return l->filter->ending_after != 0 || l->filter->ending_before != 0;
}

void lister_done(struct lister *l); /* for CLEAN() */
MUST res certificate_walk_take(struct lister *l, int64_t seq, int64_t end_at); /* ERR_MEMORY */
/* The cheapest walk in the order newest first. */
MUST res certificate_walk_plan(const struct lister *l, struct plan *ret_plan);
/*
 * Take what fits, newest first and before `marker` (0 = from the newest), until `goal` more are found or `look` rows
 * were seen.  A walk by status takes up to `goal` of each status: then the newest of each are there, and sorting them
 * puts the page together.
 */
MUST res certificate_walk_newest(struct lister *l, const struct plan *plan, int64_t marker, size_t goal, int64_t look);
/* The same in the filter's order by end; always by status. */
MUST res certificate_walk_end(struct lister *l, bool from_marker, size_t goal);
/* Does the walk say all that the filter asks, so that no row has to be looked at? */
bool certificate_walk_is_enough(const struct lister *l, size_t walk);
/* How many end within the filter's range, where a walk by end is enough. */
MUST res certificate_walk_count_range(struct lister *l, int64_t *ret_count);
/* Take one, or those newer than seq, or those with the tag, if they fit. */
MUST res certificate_walk_id(struct lister *l, struct str id);
MUST res certificate_walk_seq(struct lister *l, int64_t seq);
MUST res certificate_walk_newer(struct lister *l, int64_t seq);
MUST res certificate_walk_tag(struct lister *l, const struct store_tag_filter *tag);
/* One tag with its value, and besides nothing but what the tags' index tells too. */
bool certificate_walk_tag_is_enough(const struct lister *l);
/* Then from that index: a page with the total if newest first and of at most one status, else all that fit. */
MUST res certificate_walk_tag_alone(struct lister *l, const struct store_tag_filter *tag);
/* Of some of one segment, newest first, leave only those that fit but for their text. */
MUST res certificate_walk_keep(struct lister *l, int64_t *seqs, size_t *n);
