/*
 * Nonces of v1 signatures, remembered for as long as their time stamps are good, so that a request that was
 * overheard cannot be sent again.  (TC3 has none: two equal requests in one second are both good.)
 */
#pragma once

#include <stdint.h>

#include "base/res.h"
#include "base/str.h"

struct nonces;

struct nonces *nonces_new(void); /* NULL when out of memory */
void nonces_free(struct nonces *nonces);
/*
 * ERR_AUTH_SIGNATURE when this key used the nonce (for v1: what the signature had to be) with this time stamp before;
 * ERR_RATE when the memory is full of fresh ones.
 */
MUST res nonces_use(struct nonces *nonces, struct str secret_id, struct str nonce, int64_t stamp_sec, int64_t now_sec);
