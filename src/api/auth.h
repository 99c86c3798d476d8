/* Who signed this request, and is the signature theirs?  api.md §1. */
#pragma once

#include "api/call.h"

/*
 * Fills req->act's account and user, and req->secret_id.  ERR_AUTH_HEADER, ERR_AUTH_EXPIRED (300 s), ERR_AUTH_KEY,
 * ERR_AUTH_SIGNATURE, ERR_AUTH_TOKEN.
 */
MUST res api_auth_check(struct req *req, const struct api_call *call);
