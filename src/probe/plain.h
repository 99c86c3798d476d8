/*
 * One plain http request on a socket of our own: what nearly every validation is.  (curl does the same with three times the
 * system calls and twice the time; https stays its.)  Connects to the literal address that it is given and asks the guard once more.
 */
#pragma once

#include "probe/fetch.h"

struct plain;

/* http:// alone; without user, and its host is a name or an address as curl writes it. */
bool plain_takes(const char *url);
/* As fetch_start() and fetch_drop() say. */
MUST res plain_start(struct event_base *base, const struct guard *guard, const struct fetch_request *request, fetch_fn *fn, void *arg,
                     struct plain **ret_plain);
void plain_free(struct plain *plain); /* fn is not called any more; not from inside it */
