/*
 * The one-time set-up link: 256 random bits in the fragment of an address, good for 24 hours and one use, and only
 * while no operator exists.  Until there is a console it opens a plain page that makes the operator and a key.
 * The database keeps the token's hash alone.
 */
#pragma once

#include "core/act.h"
#include "http/http.h"

#define SETUP_TOKEN_SIZE 44 /* 32 bytes in base64url + NUL */

/* A new token when there is no operator, replacing an older one; "" otherwise. */
MUST res setup_begin(struct act *act, char ret_token[SETUP_TOKEN_SIZE]);
/* GET /setup: the page.  POST /setup {Token, Name}: makes the operator, answers account and key. */
void setup_handle(struct act *act, struct http_request *request, struct http_reply *reply);
