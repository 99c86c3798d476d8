/*
 * MSG_PROBE as a broken-in server could write it: body and tail, the first byte gives the border.  A seed that begins with
 * "hex:" is decoded first.
 */
#include <stdint.h>
#include <stdlib.h>

#include "hex_seed.h"
#include "probe/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_printable(struct str value)
{
        struct arena *arena = arena_new(1024 * 1024);
        struct str shown = str_of(probe_printable(arena, value, 100));
        for (size_t i = 0; i < shown.n; i++)
                if (shown.p[i] < 0x20 || shown.p[i] > 0x7e)
                        abort();
        arena_free(arena);
}

static void drive(struct bytes in)
{
        struct probe_question question;
        if (in.n == 0)
                return;
        size_t border = in.p[0] < in.n - 1 ? in.p[0] : in.n - 1;
        struct bytes body = {in.p + 1, border}, tail = {in.p + 1 + border, in.n - 1 - border};
        if (!res_is_ok(wire_read_question(body, tail, &question)))
                return;
        if (question.kind >= MSG_PROBE_KIND_COUNT ||
            question.name.n + question.expected.n + question.account_uri.n + question.method.n != tail.n)
                abort();
        check_printable(question.name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct bytes in = hex_seed(data, size);

        if (in.p)
                drive(in);
        return 0;
}
