/* Who answers what: the TLS listener's one '/' (design: ACME, API, console, assets) and the control socket. */
#pragma once

#include "http/http.h"
#include "server/server.h"

bool routes_direct(void *context, struct http_request *request, struct http_reply *reply);
bool routes_later(void *context, struct http_request *request, struct http_reply *reply);
void routes_handle(void *context, struct http_request *request, struct http_reply *reply);
/* A body over the limit: in the API's own envelope for whoever asked the API. */
void routes_too_large(void *context, struct http_request *request, struct http_reply *reply);
void routes_control(void *context, struct http_request *request, struct http_reply *reply);
