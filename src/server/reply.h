/* Small replies of the routes that are not the API. */
#pragma once

#include "http/http.h"

void reply_text(struct http_reply *reply, int status, const char *text);
void reply_static(struct http_request *request, struct http_reply *reply, const char *content_type, const char *text);
/* Adds one header; name and value must live as long as the request's arena. */
void reply_header(struct http_request *request, struct http_reply *reply, const char *name, const char *value);
