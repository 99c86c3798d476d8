/* The Authorization header of TC3, and a whole request read by it: "header\nhost\npath\nquery\nbody". */
#include <stdint.h>
#include <stdlib.h>

#include "base/tc3.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct str rest = {(const char *)data, size};
        const struct str authorization = str_cut(&rest, '\n');
        const struct str host = str_cut(&rest, '\n');
        const struct tc3_header headers[] = {
                {STR("Host"), host}, {STR("Content-Type"), STR("application/json")}, {STR("X-TC-Action"), STR("A")}};
        struct tc3_request request = {.method = size % 2 ? STR("POST") : STR("GET"),
                                      .headers = headers,
                                      .header_count = 3,
                                      .timestamp = STR("1790000000")};
        const uint8_t key[TC3_KEY_SIZE] = {1};
        struct tc3_auth auth;

        request.path = str_cut(&rest, '\n');
        request.query = str_cut(&rest, '\n');
        request.body = bytes_of(rest.p, rest.n);
        if (!res_is_ok(tc3_parse(authorization, &auth)))
                return 0;
        if (auth.secret_id.n == 0 || auth.date.n != TC3_DATE_SIZE - 1 || auth.service.n == 0)
                abort();
        if (res_is_ok(tc3_verify(&request, &auth, key)))
                abort(); /* nobody can hit 256 bits */
        return 0;
}
