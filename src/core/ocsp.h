/*
 * OCSP (RFC 6960, RFC 5019): what the store knows of a serial, signed by the issuer's responder.  "Good" is said only of
 * what was issued and is not revoked; a serial that nobody issued is unknown (BR 4.9.10).  Answers without a nonce are
 * kept (ocsp_cache.h) and made anew after half their life; one that cannot be made anew is still given until its
 * nextUpdate.  core/revocation drops those that a revocation made wrong, within two seconds.
 */
#pragma once

#include "base/buf.h"
#include "core/act.h"
#include "core/ocsp_cache.h"

#define OCSP_LIFE_SEC (12LL * 3600) /* nextUpdate: BR 4.9.10 wants 8 hours to 10 days */
#define OCSP_FRESH_SEC (OCSP_LIFE_SEC / 2) /* BR 4.9.10: renewed before half of its life is over */

/*
 * From memory, on any thread, without the store: a fresh answer, or the refusal of what is no question of ours.  false:
 * nothing was written, ocsp_answer() has to do it.
 */
bool ocsp_answer_direct(const struct core *core, struct bytes request, int64_t now_sec, struct buf *out, struct ocsp_meta *ret_meta);
/* Always appends a whole OCSPResponse, an error one (malformedRequest, tryLater, unauthorized) when it must. */
void ocsp_answer(struct act *act, struct bytes request, struct buf *out, struct ocsp_meta *ret_meta);
