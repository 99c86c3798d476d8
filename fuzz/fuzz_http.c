/* Assembling a request: the first line is the address, then header lines up to an empty one, then the body in parts. */
#include <stdint.h>
#include <stdlib.h>

#include "base/limits.h"
#include "http/call.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_headers(struct http_call *call, struct str *rest)
{
        for (;;) {
                struct str value = str_cut(rest, '\n');
                const struct str name = str_cut(&value, ':');

                if (name.n == 0 && !value.p)
                        return;
                http_call_add_header(call, name, value.p ? value : STR(""));
        }
}

static void add_body(struct http_call *call, struct str rest)
{
        while (rest.n > 0) {
                const size_t wanted = (size_t)(unsigned char)rest.p[0] * 64 + 1;
                const size_t n = wanted < rest.n ? wanted : rest.n;

                if (!http_call_add_body(call, rest.p, n))
                        return;
                rest.p += n;
                rest.n -= n;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct str rest = {(const char *)data, size};
        struct http_call *call = http_call_new();
        const struct str uri = str_cut(&rest, '\n');
        char *text = str_copy(call->request.arena, uri.p ? uri : STR(""));

        call->needs_host = size % 2;
        http_call_set_uri(call, text);
        add_headers(call, &rest);
        if (http_call_check(call) == 0) {
                add_body(call, rest);
                if (http_call_finish_body(call) == 0 && call->request.body.n > LIMIT_HTTP_BODY)
                        abort();
                (void)http_header(&call->request, "authorization");
        }
        http_call_mend_reply(call);
        http_call_free(call);
        return 0;
}
