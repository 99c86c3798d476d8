/*
 * IP addresses between text and octets, for every room: one reading, so that no two places take the same text for different things.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define ADDRESS_TEXT_SIZE INET6_ADDRSTRLEN

/*
 * 4 or 16 octets into `out`, and how many they are; 0: no address, and `out` holds nothing of use.  Plain spellings only, as
 * inet_pton() takes them (RFC 4291 §2.2): no octal, no hexadecimal numbers, no zone, no brackets, no blanks, no NUL.
 */
size_t address_parse(struct str text, uint8_t out[16]);
/* The one text of an address of 4 or 16 octets, lower case and shortened as RFC 5952 says. */
void address_text(const uint8_t *octets, size_t size, char out[ADDRESS_TEXT_SIZE]);
/* This very machine: 127.0.0.0/8 and ::1 (RFC 6890). */
bool address_is_loopback(const uint8_t *octets, size_t size);
