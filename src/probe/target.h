/*
 * Where a host is: the addresses of a name, or one literal address, each past the guard or left out.  They are looked up
 * once; methods connect to these literals, so that nothing a stranger's name server says later leads anywhere else.
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
        size_t families_left;
        bool broken_dns;
        targets_fn *fn;
};

/*
 * Fill probe->targets (embedded in the method's state, set before) for the host, then call fn, perhaps at once.  With
 * nothing to connect to, or bad DNSSEC, the probe is finished instead.
 */
void targets_find(struct probe *probe, const char *host, targets_fn *fn);
