/* The older v1 signatures' MAC: HMAC-SHA-1 or HMAC-SHA-256 over the text that the server put together (api.md §1.2). */
#pragma once

#include "base/res.h"
#include "base/str.h"
#include "ipc/msg.h"

/* hash: 1 or 256.  ERR_FORMAT for another. */
MUST res v1_mac(uint32_t hash, struct bytes secret, struct bytes text, struct msg_vault_v1_sign_reply *ret_reply);
