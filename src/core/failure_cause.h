/* Why validation came to nothing, in words for the applicant: what was seen last, and what to do (RVW-09, RVW-11 … RVW-19). */
#pragma once

#include "core/act.h"
#include "store/validation.h"

/* The remedy for what a look saw (enum msg_verdict) of a TXT, CNAME or FILE; never NULL. */
const char *failure_remedy(struct str method, int64_t verdict);
/* The cause of what the CA never signs: its own words, the remedy, the way on.  `why` may be NULL.  In act->arena. */
struct certificate_row;
const char *failure_refused(struct act *act, const struct certificate_row *row, enum err err, const char *why);
/* The cause of a time-out: the first name that is not proved, what was found there, and the way on.  In act->arena. */
const char *failure_timeout(struct act *act, struct str certificate_id);
