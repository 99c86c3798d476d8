/*
 * Is this what Punycode (RFC 3492) writes?  Decoded with its state machine (§6.2) far enough to know that every step is
 * well-formed: digits in lower case, code points in range and beyond ASCII, no overflow, and something encoded at all.
 */
#include "pki/lint_inner.h"

enum { BASE = 36, TMIN = 1, TMAX = 26, SKEW = 38, DAMP = 700, INITIAL_BIAS = 72, INITIAL_N = 128 };

static uint32_t adapt(uint32_t delta, uint32_t points, bool is_first)
{
        uint32_t k = 0;

        delta = is_first ? delta / DAMP : delta / 2;
        delta += delta / points;
        for (; delta > ((BASE - TMIN) * TMAX) / 2; k += BASE)
                delta /= BASE - TMIN;
        return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

static uint32_t digit_of(char c)
{
        if (c >= 'a' && c <= 'z')
                return (uint32_t)(c - 'a');
        return c >= '0' && c <= '9' ? (uint32_t)(c - '0') + 26 : BASE;
}

/* One generalized variable-length integer (§3.3), added to *delta. */
static bool read_delta(struct str *rest, uint32_t bias, uint32_t *delta)
{
        uint32_t weight = 1;

        for (uint32_t k = BASE;; k += BASE) {
                uint32_t digit, threshold = k <= bias ? TMIN : k >= bias + TMAX ? TMAX : k - bias;

                if (rest->n == 0)
                        return false;
                digit = digit_of(*rest->p++);
                rest->n--;
                if (digit >= BASE || digit > (UINT32_MAX - *delta) / weight)
                        return false;
                *delta += digit * weight;
                if (digit < threshold)
                        return true;
                if (weight > UINT32_MAX / (BASE - threshold))
                        return false;
                weight *= BASE - threshold;
        }
}

static bool point_is_good(uint32_t point)
{
        return point >= INITIAL_N && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
}

bool lint_is_punycode(struct str label)
{
        uint32_t n = INITIAL_N, i = 0, bias = INITIAL_BIAS, points = 0;
        struct str rest = label;

        for (size_t at = label.n; at-- > 0;) {
                if (label.p[at] != '-')
                        continue;
                points = (uint32_t)at;
                rest = (struct str){label.p + at + 1, label.n - at - 1};
                break;
        }
        if (rest.n == 0)
                return false;
        while (rest.n > 0) {
                uint32_t old = i;

                if (!read_delta(&rest, bias, &i))
                        return false;
                bias = adapt(i - old, ++points, old == 0);
                if (i / points > 0x10ffff - n)
                        return false;
                n += i / points;
                i = i % points + 1;
                if (!point_is_good(n))
                        return false;
        }
        return true;
}
