/*
 * The ACME server (RFC 8555): everything below /acme/.  Directory and newNonce are answered on the listener's thread; every
 * other request is a signed one and goes through call.h: envelope, nonce, address, account, then the resource's own file.
 */
#pragma once

#include "core/core.h"
#include "http/http.h"

struct acme;

MUST res acme_new(struct core *core, struct acme **ret_acme);
void acme_start(struct acme *acme); /* before acme_later(): there is a writer now */
/* The listeners are stopped; what finished requests for them (looks, rounds of issue) is still there, or was never started. */
void acme_free(struct acme *acme);

bool acme_is_request(const struct http_request *request);
/* true: answered here and now. */
bool acme_direct(struct acme *acme, struct http_request *request, struct http_reply *reply);
/* true: what acme_direct() began goes on without a worker, and ends in http_request_done(). */
bool acme_later(struct http_request *request);
void acme_handle(struct acme *acme, struct http_request *request, struct http_reply *reply);
