/* Revocation: the owner's request, the reviewer's decision, a compromised key.  A page an action in docs/api/. */
#pragma once

#include "api/action.h"

extern const struct api_message api_revoke_file_in, api_revoke_file_out;
extern const struct api_message api_revoke_queue_in, api_revoke_queue_out;
extern const struct api_message api_revoke_review_in, api_revoke_review_out;
extern const struct api_message api_revoke_key_in, api_revoke_key_out;

/* RevokeCertificate – ask for revocation; answers what to show first, where that is wanted. */
MUST res api_revoke_file(struct req *req);
/* DescribeRevocations – what waits for a reviewer. */
MUST res api_revoke_queue(struct req *req);
/* ReviewRevocation – pass or refuse one. */
MUST res api_revoke_review(struct req *req);
/* ReportKeyCompromise – by a request that the key signed. */
MUST res api_revoke_key(struct req *req);
