/*
 * What bench_issue and bench_fill share: a real chancery-signer on a data directory, a store, and rows as an application and
 * its validation leave them, ready for issue_round().
 */
#pragma once

#include <sys/types.h>

#include "core/core.h"
#include "core/issue.h"
#include "store/store.h"

struct issuing {
        struct core core;
        struct arena *arena;
        const char *dir;
        pid_t signer;
        int control;
        struct bytes spki; /* one key for all: what is measured is not the making of keys */
        int64_t account_id;
};

/* What tells one application from another; the rest is the same for all. */
struct issuing_row {
        char certificate_id[9]; /* "" = a random one, filled in */
        const char *domain, *zone, *alias;
        int64_t life_days, project_id;
};

/* Failure ends the program and says what it was. */
void issuing_check(res r, const char *what);
/* On a directory that has been a service's, or an empty one. `settings`: NULL-terminated "section.key=value". */
void issuing_start(struct issuing *issuing, const char *program_dir, const char *catalogue, const char *migrations, const char *const *settings);
void issuing_stop(struct issuing *issuing);
/* In a transaction: the rows; the ticket goes into an issue_round(). */
MUST res issuing_put(struct issuing *issuing, struct store_tx *tx, struct issuing_row *row, struct issue_ticket *ret_ticket);
