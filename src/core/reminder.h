/*
 * An owner's reminder that an application waits (RMD, B2): offered by brand, from a day after the submission on.  It is
 * noted in the operation log, where whoever reviews sees it, and the names are looked at at once.
 */
#pragma once

#include "core/act.h"

/* ERR_CERT_NOT_FOUND; ERR_CERT_STATE: it does not wait, or not long enough (RMD-05); ERR_CERT_SOURCE: not of this brand (RMD-03). */
MUST res reminder_send(struct act *act, struct str certificate_id);
