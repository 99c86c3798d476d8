/*
 * GeneralNames (RFC 5280 §4.2.1.6) of the two kinds that we certify: DNS names and IP addresses.  Private to this room.
 */
#pragma once

#include "base/buf.h"
#include "pki/der.h"

struct arena;

enum { GENERAL_NAME_DNS = DER_CONTEXT(2), GENERAL_NAME_URI = DER_CONTEXT(6), GENERAL_NAME_IP = DER_CONTEXT(7) };

/* SEQUENCE of names; a text that is an IPv4 or IPv6 address becomes iPAddress. */
MUST res pki_general_names_write(const struct str *names, size_t count, struct buf *out);
/* Form of every member, of any kind. */
MUST res pki_general_names_check(struct bytes der);
/* The dNSName and iPAddress members as text, in order; others are left out. */
MUST res pki_general_names_text(struct bytes der, struct arena *arena, struct strs *ret_names);
