/*
 * Where a host is: the addresses of a name, or one literal address, each past the guard or left out.  They are looked up
 * once; methods connect to these literals, so that nothing a stranger's name server says later leads anywhere else.
 * IPv6 addresses are asked for where no IPv4 address is there or answers: most names have IPv4, and a question costs as much as
 * the fetch's own connection.
 */
#pragma once

#include "probe/guard.h"

#define TARGETS_MAX 4 /* tried, two of each family */

struct probe;

struct target {
        struct guard_address address;
        enum guard_class class;
};

typedef void targets_fn(struct probe *probe);

struct targets {
        struct target v[TARGETS_MAX];
        size_t n, refused;
        const char *host;
        bool asked_v6; /* or there is nothing to ask */
        bool broken_dns;
        targets_fn *found, *fn; /* fn: what goes on when an answer is there */
};

/*
 * Fill probe->targets (embedded in the method's state, set before) for the host, then call fn, perhaps at once.  With
 * nothing to connect to, or bad DNSSEC, the probe is finished instead.
 */
void targets_find(struct probe *probe, const char *host, targets_fn *fn);

/*
 * The method has tried all before `target`: fn is called, perhaps at once, when that one is there or no more will come.  Bad
 * DNSSEC finishes the probe instead.
 */
void targets_more(struct probe *probe, size_t target, targets_fn *fn);
/* How many share the time that is left, what is not asked for yet counted as one. */
size_t targets_left(const struct targets *targets, size_t target);
