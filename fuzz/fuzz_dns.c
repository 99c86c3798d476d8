/*
 * DNS answers as a hostile name server could send them: the packet with its CNAMEs, and the data of TXT, CAA, NSEC
 * and NSEC3 records.  The first byte chooses what the rest is; a seed that begins with "hex:" is decoded first.
 */
#include <stdint.h>
#include <stdlib.h>

#include "hex_seed.h"
#include "probe/caa.h"
#include "probe/packet.h"
#include "probe/rdata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct bytes in = hex_seed(data, size);

        if (in.p)
                drive(in);
        return 0;
}
