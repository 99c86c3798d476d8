/*
 * Who must have done something by when.  All in one list have the same time, so the list is in the order of its ends, and
 * looking at its head is enough: no sweep, no heap.  The links are embedded; nothing is allocated.  Private to http/.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* -- a ring of links; a link that is nowhere points to NULL ---------------------------------------- */

struct http_link {
        struct http_link *next, *before;
};

void http_ring_init(struct http_link *ring);
void http_ring_add(struct http_link *ring, struct http_link *link); /* at the end; it must be nowhere */
void http_link_remove(struct http_link *link);                      /* nowhere already: nothing */
struct http_link *http_ring_first(const struct http_link *ring);    /* NULL: empty */

/* -- deadlines ------------------------------------------------------------------------------------- */

struct http_deadline {
        struct http_link link; /* first: a deadline is found by it */
        int64_t at_ms;
};

struct http_deadlines {
        struct http_link ring;
        int64_t limit_ms;
};

void http_deadlines_init(struct http_deadlines *deadlines, int64_t limit_ms);
/* From now on it has the list's time; whatever it had before, in whichever list, is over.  now_ms never goes back. */
void http_deadline_set(struct http_deadlines *deadlines, struct http_deadline *deadline, int64_t now_ms);
void http_deadline_drop(struct http_deadline *deadline);
/* One whose time is over, still in the list; NULL: none. */
struct http_deadline *http_deadlines_overdue(const struct http_deadlines *deadlines, int64_t now_ms);
/* Milliseconds to the first end, at least 0; `most` if there is none before. */
int http_deadlines_wait(const struct http_deadlines *deadlines, int64_t now_ms, int most);
