/* The free allowance.  docs/api/DescribeFreeQuota.md */
#pragma once

#include "api/action.h"

extern const struct api_message api_quota_describe_in, api_quota_describe_out;
MUST res api_quota_describe(struct req *req);
