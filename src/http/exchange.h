/* The way of a request through its connection: read, judged, answered or handed over, its reply sent.  Private to http/. */
#pragma once

#include "http/connection.h"

/*
 * Whatever can be done for the connection now: after epoll told something, or its call came back.  It may be freed when this
 * returns.  A client that always has more gets a fair turn, then waits in the engine's `again`.
 */
void http_exchange_run(struct http_connection *connection);
/* Its call is done: the reply leaves. */
void http_exchange_resume(struct http_connection *connection);
