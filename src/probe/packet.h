/*
 * One DNS answer, read from the packet that libunbound hands over: follows the CNAMEs in it and copies the
 * data of the asked type at their end.  The packet itself is taken apart by libresolv's ns_parserr.  Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/res.h"
#include "base/str.h"

enum packet_state {
        PACKET_FOUND,
        PACKET_NO_DATA, /* the name is there, the type is not */
        PACKET_NO_NAME, /* NXDOMAIN */
        PACKET_FAILED,  /* SERVFAIL, REFUSED, a broken packet … */
        PACKET_BOGUS,   /* DNSSEC validation failed */
};

struct packet_answer {
        enum packet_state state;
        const struct bytes *data; /* rdata of each record; a CNAME's is its target, uncompressed; a DS's is left out */
        size_t count;
        size_t aliases;           /* CNAMEs followed */
        bool secure, insecure;    /* validated; proved to be without signatures.  Neither: not validated at all */
        bool unsigned_delegation; /* for DS: the parent's NSEC or NSEC3 shows a delegation without DS */
        const char *why;          /* why bogus, "" otherwise */
};

#define PACKET_TYPE_A 1
#define PACKET_TYPE_CNAME 5
#define PACKET_TYPE_SOA 6
#define PACKET_TYPE_NS 2
#define PACKET_TYPE_TXT 16
#define PACKET_TYPE_AAAA 28
#define PACKET_TYPE_DS 43
#define PACKET_TYPE_NSEC 47
#define PACKET_TYPE_NSEC3 50
#define PACKET_TYPE_CAA 257

/*
 * Fills state, data, count, aliases and unsigned_delegation; the rest is the resolver's.  ERR_FORMAT: a broken
 * packet, a loop, or more than LIMIT_PROBE_CNAMES aliases.  Data lives in the arena.
 */
MUST res packet_read(struct arena *arena, struct bytes packet, const char *name, unsigned type,
                     struct packet_answer *ret_answer);
/* Uncompressed wire names, compared without case; both must be whole names. */
bool packet_name_equal(struct bytes a, struct bytes b);
/* Presentation form of an uncompressed wire name, without the final dot; "" if it is none. */
const char *packet_name_text(struct arena *arena, struct bytes name);
