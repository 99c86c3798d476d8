/* See address.h. */
#include "base/address.h"

#include <arpa/inet.h>
#include <string.h>

size_t address_parse(struct str text, uint8_t out[16])
{
        char copy[ADDRESS_TEXT_SIZE];

        if (text.n == 0 || text.n >= sizeof(copy) || memchr(text.p, '\0', text.n))
                return 0;
        memcpy(copy, text.p, text.n);
        copy[text.n] = '\0';
        if (inet_pton(AF_INET, copy, out) == 1)
                return 4;
        return inet_pton(AF_INET6, copy, out) == 1 ? 16 : 0;
}

void address_text(const uint8_t *octets, size_t size, char out[ADDRESS_TEXT_SIZE])
{
        if (!inet_ntop(size == 4 ? AF_INET : AF_INET6, octets, out, ADDRESS_TEXT_SIZE))
                out[0] = '\0';
}

bool address_is_loopback(const uint8_t *octets, size_t size)
{
        static const uint8_t v6[16] = {[15] = 1};

        return (size == 4 && octets[0] == 127) || (size == 16 && memcmp(octets, v6, sizeof(v6)) == 0);
}
