/* The head of a reply (RFC 9112 §4); private to http/. */
#pragma once

#include "http/call.h"

enum http_persistence { HTTP_KEEPS, HTTP_KEEPS_1_0, HTTP_CLOSES };

/* Replaces what is in `head`; `date` is a whole line.  A header that could not be one line is left out, and logged. */
void http_reply_head(const struct http_call *call, struct str date, enum http_persistence persistence, struct buf *head);
/* Does the body go along?  Not to HEAD, nor with 204 and 304 (RFC 9110 §6.4.1). */
bool http_reply_has_body(const struct http_call *call);
