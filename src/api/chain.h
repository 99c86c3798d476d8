/* Chains that somebody brought.  docs/api/CheckCertificateChain.md */
#pragma once

#include "api/action.h"

extern const struct api_message api_chain_check_in, api_chain_check_out;
/* CheckCertificateChain – complete, right, trusted? */
MUST res api_chain_check(struct req *req);
