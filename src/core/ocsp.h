/*
 * OCSP (RFC 6960, RFC 5019): what the store knows of a serial, signed by the issuer's responder.  "Good" is said only of
 * what was issued and is not revoked; a serial that nobody issued is unknown (BR 4.9.10).
 */
#pragma once

#include "base/buf.h"
#include "core/act.h"

#define OCSP_LIFE_SEC (12LL * 3600) /* nextUpdate: BR 4.9.10 wants 8 hours to 10 days */

/* Always appends a whole OCSPResponse, an error one (malformedRequest, tryLater, unauthorized) when it must. */
void ocsp_answer(struct act *act, struct bytes request, struct buf *out, int64_t *ret_next_update);
