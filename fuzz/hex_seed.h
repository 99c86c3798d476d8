/* Seeds of bytes that nobody could read in a file: "hex:" and digits, in place of the bytes themselves. */
#pragma once

#include "base/hex.h"
#include "base/str.h"

#define HEX_SEED_MAX 4096

/* The bytes that a seed means: data itself, or what its digits say.  n = 0 and p NULL: digits that are none.  Valid until the next call. */
static inline struct bytes hex_seed(const uint8_t *data, size_t size)
{
        static uint8_t decoded[HEX_SEED_MAX];
        struct str text = {(const char *)data, size};

        while (text.n > 0 && text.p[text.n - 1] == '\n')
                text.n--;
        if (!str_starts_with(text, STR("hex:")) || text.n / 2 > sizeof(decoded))
                return bytes_of(data, size);
        text = (struct str){text.p + 4, text.n - 4};
        return res_is_ok(hex_decode(text, decoded, text.n / 2)) ? bytes_of(decoded, text.n / 2) : (struct bytes){0};
}
