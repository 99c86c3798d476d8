/* An operator's word that an account may have a name: an action of our own.  docs/api/ApproveName.md */
#pragma once

#include "api/action.h"

extern const struct api_message api_approval_name_in, api_approval_name_out;
/* ApproveName – the account may order this name, and its wildcard, by ACME without a challenge. */
MUST res api_approval_name(struct req *req);
