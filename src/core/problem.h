/* Problem documents (RFC 7807) as ACME writes them (RFC 8555 §6.7): for answers, and kept with what failed. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/res.h"

struct problem_part { /* a subproblem (RFC 8555 §6.7.1) */
        enum err err;
        const char *detail;
        const char *kind, *name; /* the identifier: dns or ip, and its value as sent */
};

struct problem {
        enum err err;
        const char *detail; /* "" = the code's own sentence */
        const char *instance; /* where to go, with ERR_ACME_TERMS (RFC 8555 §7.3.3); NULL = nowhere */
        const struct problem_part *parts;
        size_t part_count;
};

void problem_write(const struct problem *problem, struct buf *out);
/* In the arena. */
const char *problem_text(struct arena *arena, enum err err, const char *detail);
