/*
 * ACME tls-alpn-01 (RFC 8737, RFC 8738 §4): the judgement over the certificate that a host showed, apart from the
 * connection.  Pure.
 */
#pragma once

#include "base/res.h"
#include "base/str.h"

struct ssl_ctx_st;

MUST res alpn_new(struct ssl_ctx_st **ret_context); /* ERR_MEMORY */
void alpn_free(struct ssl_ctx_st *context);

/*
 * NULL: the certificate proves it.  Else a sentence fragment ("its certificate …").  `hash` is SHA-256 of the key
 * authorization; `name` a DNS name or an address as text.
 */
const char *alpn_judge(struct bytes certificate, const char *name, const uint8_t hash[32]);
