/*
 * MSG_PROBE as a broken-in server could write it: body and tail, the first byte gives the border.  A seed that begins with
 * "hex:" is decoded first.
 */
#include <stdint.h>
#include <stdlib.h>

#include "hex_seed.h"
#include "probe/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct bytes in = hex_seed(data, size);

        if (in.p)
                drive(in);
        return 0;
}
