/*
 * The public listener, plain HTTP (RFC 5280 §4.2.1.13, RFC 5019): /crl/<issuer>/<shard>.crl, /ca/<issuer>.cer, /health
 * from memory on the listener's own thread; /ocsp likewise while the answer is in memory, else by the queue of questions (core/ocsp_queue.h).
 * An address that went into a certificate answers for ever.
 */
#pragma once

#include "http/http.h"
#include "server/server.h"

bool status_direct(void *context, struct http_request *request, struct http_reply *reply);
bool status_later(void *context, struct http_request *request, struct http_reply *reply);
