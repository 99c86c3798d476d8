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
 * nothing was written, ocsp_answer_many() has to do it.
 */
bool ocsp_answer_direct(const struct core *core, struct bytes request, int64_t now_sec, struct buf *out, struct ocsp_meta *ret_meta);

/* One question on its way through ocsp_queue.h; lies in its asker's memory, with all that it points to. */
struct ocsp_ask {
        struct ocsp_ask *next;
        struct bytes request;
        struct buf *out;       /* gets a whole OCSPResponse, an error one (malformedRequest, tryLater, unauthorized) when it must */
        struct ocsp_meta meta; /* of the answer */
        int64_t asked_ms;      /* monotonic */
        void (*done)(struct ocsp_ask *ask);
};
/*
 * At most LIMIT_ISSUE_BATCH of them, with one look at the store and one conversation with the signer of at most `timeout_ms`;
 * then done() of each.
 */
void ocsp_answer_many(struct act *act, struct ocsp_ask *const *asks, size_t n, int timeout_ms);
/* Nobody can be asked: an older answer that is still good, or tryLater.  Does not call done(). */
void ocsp_answer_late(const struct core *core, struct ocsp_ask *ask, int64_t now_sec);
