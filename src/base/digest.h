/* SHA-256 and HMAC-SHA-256 (FIPS 180-4, RFC 2104) over contexts that each thread makes once and keeps. */
#pragma once

#include "base/str.h"

#define DIGEST_SHA256_SIZE 32

void digest_sha256(struct bytes in, uint8_t out[DIGEST_SHA256_SIZE]);
void digest_hmac_sha256(struct bytes key, struct bytes in, uint8_t out[DIGEST_SHA256_SIZE]);
