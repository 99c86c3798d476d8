/* The older signature, v1: HmacSHA1 or HmacSHA256 over the sorted flat parameters.  api.md §1.2. */
#pragma once

#include "api/call.h"

/* Append METHOD + host + path + '?' + the parameters sorted and decoded, all but Signature. */
void api_v1_text(const struct http_request *request, const struct api_params *params, struct buf *out);
/* Is it theirs?  The time stamp has been looked at already.  ERR_AUTH_…. */
MUST res api_v1_check(struct req *req, const struct api_call *call, int64_t stamp_sec);
