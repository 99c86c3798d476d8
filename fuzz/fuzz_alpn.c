/* What a host shows for tls-alpn-01: certificates of strangers are judged, never believed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probe/alpn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const uint8_t other[32] = {1};
        uint8_t hash[32];

        for (size_t i = 0; i < sizeof hash; i++)
                hash[i] = (uint8_t)i;
        const char *first = alpn_judge((struct bytes){data, size}, "alpn.example.com", hash);
        const char *second = alpn_judge((struct bytes){data, size}, "alpn.example.com", other);
        const char *third = alpn_judge((struct bytes){data, size}, "192.0.2.1", hash);

        if (!first + !second > 1 || !first + !third > 1) /* one certificate proves one name and one hash, whichever */
                abort();
        return 0;
}
