/* Hexadecimal text. */
#pragma once

#include "base/res.h"
#include "base/str.h"

void hex_lower(struct bytes in, char *out); /* out holds 2 * n + 1 */
void hex_upper(struct bytes in, char *out);
int hex_digit(char c); /* 0 to 15, either case; -1: none */
MUST res hex_decode(struct str in, uint8_t *out, size_t out_size); /* exactly out_size bytes, either case; ERR_FORMAT */
