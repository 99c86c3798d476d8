/* Two digits a byte. */
#include "base/hex.h"

static void hex_with(struct bytes in, const char *digits, char *out)
{
        for (size_t i = 0; i < in.n; i++) {
                out[2 * i] = digits[in.p[i] >> 4];
                out[2 * i + 1] = digits[in.p[i] & 15];
        }
        out[2 * in.n] = '\0';
}

void hex_lower(struct bytes in, char *out)
{
        hex_with(in, "0123456789abcdef", out);
}

void hex_upper(struct bytes in, char *out)
{
        hex_with(in, "0123456789ABCDEF", out);
}

int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

res hex_decode(struct str in, uint8_t *out, size_t out_size)
{
        ENSURE(in.n % 2 == 0 && in.n / 2 == out_size, ERR_FORMAT);
        for (size_t i = 0; i < in.n; i++)
                ENSURE(hex_digit(in.p[i]) >= 0, ERR_FORMAT);
        for (size_t i = 0; i < out_size; i++)
                out[i] = (uint8_t)(hex_digit(in.p[2 * i]) << 4 | hex_digit(in.p[2 * i + 1]));
        return RES_OK;
}
