/* One encoder and one decoder for both alphabets; the differences are the two last characters and the padding. */
#include "base/b64.h"

static const char b64_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char b64url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void b64_encode_group(const uint8_t *in, size_t n, const char *alphabet, char out[4])
{
        const uint32_t v = (uint32_t)in[0] << 16 | (n > 1 ? (uint32_t)in[1] << 8 : 0) | (n > 2 ? in[2] : 0);

        for (unsigned i = 0; i < 4; i++)
                out[i] = alphabet[v >> (18 - 6 * i) & 63];
}

static void b64_encode_with(struct bytes in, const char *alphabet, bool pad, struct buf *out)
{
        const size_t tail = in.n % 3;
        const size_t tail_chars = tail == 0 ? 0 : pad ? 4 : tail + 1;
        char last[4];
        char *p;

        if (in.n > SIZE_MAX / 2) {
                out->failed = true;
                return;
        }
        p = (char *)buf_grow(out, in.n / 3 * 4 + tail_chars);
        if (!p)
                return;
        for (size_t i = 0; i + 3 <= in.n; i += 3, p += 4)
                b64_encode_group(in.p + i, 3, alphabet, p);
        if (tail == 0)
                return;
        b64_encode_group(in.p + in.n - tail, tail, alphabet, last);
        for (size_t i = 0; i < tail_chars; i++)
                p[i] = i <= tail ? last[i] : '=';
}

void b64_encode(struct bytes in, struct buf *out)
{
        b64_encode_with(in, b64_alphabet, /* pad= */ true, out);
}

void b64url_encode(struct bytes in, struct buf *out)
{
        b64_encode_with(in, b64url_alphabet, /* pad= */ false, out);
}

/* 0..63, or -1. */
static int b64_value(char c, const char *alphabet)
{
        if (c >= 'A' && c <= 'Z')
                return c - 'A';
        if (c >= 'a' && c <= 'z')
                return c - 'a' + 26;
        if (c >= '0' && c <= '9')
                return c - '0' + 52;
        if (c == alphabet[62])
                return 62;
        return c == alphabet[63] ? 63 : -1;
}

/* `in` without padding; 1 character too many or stray bits in the last one are refused. */
static res b64_decode_with(struct str in, const char *alphabet, struct buf *out)
{
        const size_t before = out->n;
        uint32_t bits = 0;
        unsigned have = 0;
        uint8_t *p;

        ENSURE(in.n % 4 != 1, ERR_FORMAT);
        p = buf_grow(out, in.n / 4 * 3 + in.n % 4 * 3 / 4);
        if (!p)
                return buf_check(out);
        for (size_t i = 0; i < in.n; i++) {
                const int v = b64_value(in.p[i], alphabet);

                if (v < 0) {
                        out->n = before;
                        return FAIL(ERR_FORMAT);
                }
                bits = bits << 6 | (uint32_t)v;
                have += 6;
                if (have >= 8) {
                        have -= 8;
                        *p++ = (uint8_t)(bits >> have);
                }
        }
        ENSURE((bits & ((1u << have) - 1)) == 0, ERR_FORMAT);
        return buf_check(out);
}

res b64_decode(struct str in, struct buf *out)
{
        ENSURE(in.n % 4 == 0, ERR_FORMAT);
        for (int i = 0; i < 2 && in.n > 0 && in.p[in.n - 1] == '='; i++)
                in.n--;
        return b64_decode_with(in, b64_alphabet, out);
}

res b64url_decode(struct str in, struct buf *out)
{
        return b64_decode_with(in, b64url_alphabet, out);
}
