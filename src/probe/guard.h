/*
 * Which addresses the prober may reach.  Names are chosen by strangers, and what a name resolves to is
 * chosen by them too; without this list a validation would be a way to speak to the machines behind
 * our own firewall.  Pure: bytes in, a class out.
 *
 * Public is what IANA gave out for global unicast; everything else is refused (RFC 6890, RFC 4193, RFC 1918 …)
 * unless the operator's validation.allow holds it.  An IPv6 address that only carries an IPv4 one
 * (v4-mapped, 64:ff9b::/96 of RFC 6052, 6to4 of RFC 3056) is judged as the IPv4 address.
 */
#pragma once

#include <sys/socket.h>

#include "base/address.h"
#include "base/res.h"
#include "base/str.h"

#define GUARD_TEXT_SIZE ADDRESS_TEXT_SIZE

struct guard_address {
        uint8_t bytes[16];
        uint8_t size; /* 4 or 16 */
};

enum guard_class { GUARD_REFUSED, GUARD_PUBLIC, GUARD_ALLOWED };

struct guard_range {
        struct guard_address network;
        uint8_t bits;
};

struct guard {
        struct guard_range *allowed;
        size_t allowed_count;
};

/* "10.0.0.0/8", "::1", …; no bits = one address.  ERR_FORMAT for anything else. */
MUST res guard_range_parse(struct str text, struct guard_range *ret_range);
/* cidrs: `count` NUL-terminated texts.  ERR_FORMAT when one is none. */
MUST res guard_init(struct guard *guard, char *const *cidrs, size_t count);
void guard_done(struct guard *guard);
enum guard_class guard_judge(const struct guard *guard, const struct guard_address *address);

/* What is refused without validation.allow, one range after the other: false past the end.  Embedded IPv4 is left out. */
bool guard_refused_at(size_t i, struct guard_range *ret_range);
bool guard_ranges_overlap(const struct guard_range *a, const struct guard_range *b);

/* Plain spellings only (inet_pton): no octal, no hexadecimal, no zone.  ERR_FORMAT. */
MUST res guard_address_parse(struct str text, struct guard_address *ret_address);
void guard_address_text(const struct guard_address *address, char out[GUARD_TEXT_SIZE]);
/* For connect(); returns its size. */
socklen_t guard_socket_address(const struct guard_address *address, uint16_t port, struct sockaddr_storage *out);
