/*
 * Token buckets, one for each account and class of action.  A bucket fills steadily up to its burst; each request
 * takes a token.  The table has a fixed size: when it is crowded the bucket unused for longest is given away, whose
 * owner then merely starts with a full one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "api/action.h"

struct api_rate *api_rate_new(void);
void api_rate_free(struct api_rate *rate);
/* Is there a token?  now_ms is monotonic. */
bool api_rate_take(struct api_rate *rate, int64_t account_id, enum api_rate_class class, int64_t now_ms);
