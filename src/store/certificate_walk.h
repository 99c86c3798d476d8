/* Inside the store only: certificates that certificate_list.c has to look at one by one.  See certificate_walk.c. */
#pragma once

#include "store/certificate.h"
#include "store/sqlite.h"

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
/* Take all newer than seq that fit, newest first. */
MUST res certificate_walk_newer(struct lister *l, int64_t seq);
/* Take `goal` of all there are, newest first, from the marker on (0 = from the newest); whatever the filter says. */
MUST res certificate_walk_newest(struct lister *l, int64_t marker, size_t goal);
/* Take one, if it fits. */
MUST res certificate_walk_id(struct lister *l, struct str id);
/* Does its text hold the needle? */
MUST res certificate_walk_has_text(struct lister *l, int64_t seq, bool *ret_has);
