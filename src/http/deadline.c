/* A ring per kind of wait: set is remove and add at the end. */
#include "http/deadline.h"

#include <stddef.h>

void http_ring_init(struct http_link *ring)
{
        ring->next = ring->before = ring;
}

void http_ring_add(struct http_link *ring, struct http_link *link)
{
        link->next = ring;
        link->before = ring->before;
        ring->before->next = link;
        ring->before = link;
}

void http_link_remove(struct http_link *link)
{
        if (!link->next)
                return;
        link->next->before = link->before;
        link->before->next = link->next;
        link->next = link->before = NULL;
}

struct http_link *http_ring_first(const struct http_link *ring)
{
        return ring->next == ring ? NULL : ring->next;
}

void http_deadlines_init(struct http_deadlines *deadlines, int64_t limit_ms)
{
        http_ring_init(&deadlines->ring);
        deadlines->limit_ms = limit_ms;
}

void http_deadline_set(struct http_deadlines *deadlines, struct http_deadline *deadline, int64_t now_ms)
{
        http_link_remove(&deadline->link);
        deadline->at_ms = now_ms + deadlines->limit_ms;
        http_ring_add(&deadlines->ring, &deadline->link);
}

void http_deadline_drop(struct http_deadline *deadline)
{
        http_link_remove(&deadline->link);
}

static struct http_deadline *http_deadlines_first(const struct http_deadlines *deadlines)
{
        return (struct http_deadline *)http_ring_first(&deadlines->ring);
}

struct http_deadline *http_deadlines_overdue(const struct http_deadlines *deadlines, int64_t now_ms)
{
        struct http_deadline *first = http_deadlines_first(deadlines);

        return first && first->at_ms <= now_ms ? first : NULL;
}

int http_deadlines_wait(const struct http_deadlines *deadlines, int64_t now_ms, int most)
{
        const struct http_deadline *first = http_deadlines_first(deadlines);

        if (!first || first->at_ms - now_ms >= most)
                return most;
        return first->at_ms > now_ms ? (int)(first->at_ms - now_ms) : 0;
}
