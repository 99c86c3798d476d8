/* The kernel's generator, asked every time: no state in the process that a fork could copy. */
#include "base/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void random_bytes(void *p, size_t n)
{
        unsigned char *at = p;

        while (n > 0) {
                const ssize_t got = getrandom(at, n > 256 ? 256 : n, 0);

                if (got < 0 && errno == EINTR)
                        continue;
                if (got <= 0)
                        abort();
                at += got;
                n -= (size_t)got;
        }
}

uint64_t random_u64(void)
{
        uint64_t v;

        random_bytes(&v, sizeof(v));
        return v;
}

void random_text(char *out, size_t n, const char *alphabet)
{
        const size_t letters = strlen(alphabet);
        const unsigned fair = 256 - 256 % (unsigned)letters; /* bytes at or over this would favour the first letters */
        uint8_t pool[64];
        size_t have = 0;

        for (size_t i = 0; i < n;) {
                if (have == 0) {
                        random_bytes(pool, sizeof(pool));
                        have = sizeof(pool);
                }
                have--;
                if (pool[have] < fair)
                        out[i++] = alphabet[pool[have] % letters];
        }
        out[n] = '\0';
        explicit_bzero(pool, sizeof(pool));
}

/*
 * Names of requests are no secrets, and there is one for each: a page of them is asked for at a time, each thread its own.
 * No program forks after its start.
 */
static void random_name_bytes(uint8_t out[16])
{
        static _Thread_local uint8_t pool[256];
        static _Thread_local size_t have;

        if (have == 0)
                random_bytes(pool, have = sizeof(pool));
        have -= 16;
        memcpy(out, pool + have, 16);
}

void random_uuid(char out[37])
{
        static const char digits[] = "0123456789abcdef";
        uint8_t bytes[16];
        size_t at = 0;

        random_name_bytes(bytes);
        bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
        bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
        for (size_t i = 0; i < sizeof(bytes); i++) {
                if (i == 4 || i == 6 || i == 8 || i == 10)
                        out[at++] = '-';
                out[at++] = digits[bytes[i] >> 4];
                out[at++] = digits[bytes[i] & 15];
        }
        out[at] = '\0';
}

int64_t random_row_id(int64_t now_ms)
{
        static const int64_t epoch_2020_ms = 1577836800000;
        const uint64_t ms = now_ms > epoch_2020_ms ? (uint64_t)(now_ms - epoch_2020_ms) : 0;

        return (int64_t)((ms & ((1ull << 41) - 1)) << 22 | (random_u64() & ((1u << 22) - 1)));
}
