/*
 * Links to a download: whoever has one may fetch one package for a few minutes, without a signature.  A link carries
 * what it is for and until when, under a MAC with a key that each server process draws for itself, so nothing is
 * stored, nothing can be guessed, and a restart ends all of them.
 */
#pragma once

#include "base/buf.h"
#include "base/res.h"
#include "base/str.h"

#define API_LINK_PREFIX "/download/"
#define API_LINK_LIFE_SEC 300 /* long enough to click, short enough to be worthless in a log */
#define API_LINK_KEY_SIZE 32
#define API_LINK_ID_SIZE 64

struct api_link {
        int64_t account_id, user_id, expires_at;
        uint8_t kind; /* row of the table of packages */
        char certificate_id[API_LINK_ID_SIZE];
};

/* Append the token, text that is safe in a path. */
void api_link_write(const uint8_t key[API_LINK_KEY_SIZE], const struct api_link *link, struct buf *out);
/* ERR_NOT_FOUND: not one of ours, changed, or too old. */
MUST res api_link_read(const uint8_t key[API_LINK_KEY_SIZE], struct str token, int64_t now_sec,
                       struct api_link *ret_link);
