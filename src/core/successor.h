/* The next certificate of an order, applied for by itself before the running one ends (PUR-02, PUR-03, PUR-17, REN-08). */
#pragma once

#include "core/act.h"
#include "base/str.h"

struct job_row;
struct certificate_row;
struct store_tx;

/*
 * Inside a transaction, for whoever replaces an issued certificate before its time: the same over again, as its successor, applied for
 * at once; it holds the old one's free slot from now on.  One that it has already is taken.  The account is act's.
 */
MUST res successor_replace(struct act *act, struct store_tx *tx, const struct certificate_row *old, struct str *ret_id);

/* Job JOB_SUCCESSOR, its subject the running certificate's id. */
void successor_job(struct act *act, const struct job_row *job, void *context);
