/*
 * Replay nonces (RFC 8555 §6.5): a number that rises, and a MAC over it under a key that this process made when it started.
 * So none has to be stored, a restart makes all earlier ones void, and a window of bits tells which were used.
 */
#pragma once

#include "base/res.h"
#include "base/str.h"

struct acme_nonces;

#define NONCE_TEXT_SIZE 33 /* 24 octets in base64url, and NUL */

MUST res acme_nonces_new(struct acme_nonces **ret_nonces);
void acme_nonces_free(struct acme_nonces *nonces);
/* A fresh one.  Any thread. */
void acme_nonces_make(struct acme_nonces *nonces, char out[NONCE_TEXT_SIZE]);
/* Take it: false if it is none of ours, too old, or was taken before.  Any thread. */
bool acme_nonces_take(struct acme_nonces *nonces, struct str text);
