/*
 * What was bought runs for a term; certificates live as long as the CA and the rules of the day allow.  An order begins
 * its term with its first certificate (PUR-02); each certificate ends at its own life's end or the term's, whichever
 * is first; a successor is applied for in time (PUR-03, REN-08).
 */
#pragma once

#include "core/act.h"
#include "store/certificate.h"
#include "store/order.h"

#define DAY_SEC 86400LL

/* notAfter of a certificate that begins now: min(product's life, ca.max-days, the profile's on this day, rest of the term). */
MUST res term_not_after(struct act *act, struct store_conn *conn, const struct certificate_row *row, int64_t *ret_not_after);
/* The same of an order that is not bought and whose term's end, 0 = none, the caller knows; no reissue. */
MUST res term_not_after_of(const struct act *act, const struct certificate_row *row, int64_t term_end_at, int64_t *ret_not_after);
/* The latest notAfter that a certificate of this profile and life may have if it begins now, whatever its order. */
MUST res term_latest(const struct act *act, struct str profile, int64_t life_days, int64_t *ret_not_after);
/* When the successor of a certificate is due: 30 days before the end, or at two thirds of a shorter life. */
int64_t term_successor_due(int64_t begin_at, int64_t end_at);
/* A certificate of the order was issued: the term begins with the first, and the successor's job is put. */
MUST res term_issued(struct act *act, struct store_tx *tx, const struct certificate_row *row, int64_t not_before, int64_t not_after);
