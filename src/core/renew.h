/*
 * Renewal of a free certificate by applying anew (REN-04, REN-03, LIFE-15): in its last 30 days, what was not said is
 * carried over, and old and new one point to each other.  The old one runs on to its end.
 */
#pragma once

#include "core/certificate.h"
#include "store/store.h"

/*
 * Fill what the application leaves open from in->old_certificate_id: alias, project, contact, kind of key, tags.  Never the
 * key or its password.  A foreign or missing id fills nothing; the plan refuses it.
 */
MUST res renew_carry_over(struct act *act, struct certificate_apply *in);
/* What is linked as its successor; certificate_id empty: nothing, or it was deleted, which only what has ended can be. */
MUST res renew_next(struct act *act, struct store_conn *conn, const struct certificate_row *old, struct certificate_row *ret_next);
/* Cancelled or failed: it renews nothing as it is. */
bool renew_came_to_nothing(const struct certificate_row *next);
/* Does something renew it already?  An application that was cancelled, failed or deleted does not. */
MUST res renew_is_taken(struct act *act, struct store_conn *conn, const struct certificate_row *old, bool *ret_taken);
/*
 * May a successor be asked for?  None is there, or it came to nothing; a bought one that did can be submitted again, so only
 * its refund makes room for another.
 */
MUST res renew_is_open(struct act *act, struct store_conn *conn, const struct certificate_row *old, bool *ret_open);
/* Inside the transaction: `row` is deleted, and what it was to renew knows of no successor any more. */
MUST res renew_forget(struct act *act, struct store_tx *tx, const struct certificate_row *row);
/* Inside the transaction: both ways.  ERR_CERT_STATE: somebody was faster. */
MUST res renew_link(struct act *act, struct store_tx *tx, const struct certificate_row *new_row);
