/*
 * What the names above those that are asked about said a moment ago.  A climb ends at the same few names for everybody – the zone of
 * a customer, com – and libunbound keeps nothing of an answer that holds no record (resolver.c says why), so that each order
 * asked for them once more.  The name of an order itself is always asked for; a record that is there is libunbound's to keep.
 *
 * Kept for CAA_MEMORY_MS, as long as the resolver keeps a record where it forwards (BR 4.2.2.1 lets eight hours pass), and only
 * what was validated or stands below no trust anchor: an answer that came unvalidated by mistake reaches nobody else.
 */
#pragma once

#include "base/limits.h"
#include "probe/packet.h"

#define CAA_MEMORY_MS 2000
#define CAA_MEMORY_NAMES 64 /* a newer name takes the place of an older one */

struct caa_memory {
        struct caa_remembered {
                char name[LIMIT_NAME_BYTES + 1];
                int64_t until_ms; /* monotonic */
                enum packet_state state;
                bool secure;
        } names[CAA_MEMORY_NAMES];
};

/* Nothing is kept of an answer with records, and of a bogus one. */
void caa_memory_keep(struct caa_memory *memory, const char *name, const struct packet_answer *answer, bool covered, int64_t now_ms);
bool caa_memory_find(const struct caa_memory *memory, const char *name, int64_t now_ms, struct packet_answer *ret_answer);
