/*
 * Everything that the action API reads before it knows who asks – headers, action, version, Authorization, flat
 * parameters, JSON bodies by every action's table – over any bytes: never crashes, and what it accepts is again
 * good JSON when written by the same table.  The input is a request as text: method and target, headers, empty line, body.
 */
#include <stdlib.h>

#include <jansson.h>

#include "api/call.h"
#include "api/link.h"
#include "api/v1.h"

#define HEADERS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_read(struct str text, struct http_request *request, struct tc3_header *headers)
{
        struct str line = str_cut(&text, '\n'), target = {0};

        request->method = str_cut(&line, ' ');
        target = line;
        request->path = str_cut(&target, '?');
        request->query = target;
        request->headers = headers;
        while (text.n > 0 && request->header_count < HEADERS_MAX) {
                struct tc3_header *header = &headers[request->header_count];

                line = str_cut(&text, '\n');
                if (line.n == 0)
                        break;
                header->name = str_cut(&line, ':');
                header->value = str_trim(line);
                request->header_count++;
        }
        request->body = bytes_of(text.p, text.n);
}

/* Again from what was read: the encoder must give JSON that another reader takes. */
static void fuzz_encode(const struct api_message *message, const void *value)
{
        CLEAN(buf_done) struct buf out = {0};
        json_t *tree = NULL;

        buf_init(&out, 16 * 1024 * 1024);
        json_encode(&out, message->fields, value);
        tree = json_loadb((const char *)out.p, out.n, JSON_REJECT_DUPLICATES, /* error= */ NULL);
        if (tree == NULL)
                abort();
        json_decref(tree);
}

static void fuzz_bind(struct req *req, struct api_call *call)
{
        const struct api_message *in = req->action->in;
        const char *why = NULL;
        void *value = NULL;

        if (in == NULL || !res_is_ok(api_call_params(req, call)))
                return;
        value = arena_alloc(req->act.arena, in->size);
        if (res_is_ok(json_decode(req->act.arena, req->params, in->fields, JSON_UNKNOWN_REFUSE, value, &why)))
                fuzz_encode(in, value);
        else if (why == NULL || !str_is_utf8(str_of(why)))
                abort();
}

static void fuzz_sign(struct http_request *request, const struct api_call *call)
{
        CLEAN(buf_done) struct buf text = {0};
        struct tc3_auth auth = {0};

        buf_init(&text, 16 * 1024 * 1024);
        if (call->way == API_WAY_V1)
                api_v1_text(request, &call->params, &text);
        else if (res_is_ok(tc3_parse(http_header(request, "Authorization"), &auth)) && str_is_empty(auth.secret_id))
                abort();
}

/* Nobody guesses a MAC. */
static void fuzz_link(struct str path)
{
        static const uint8_t key[API_LINK_KEY_SIZE] = "nobody knows";
        struct api_link link = {0};

        if (path.n > 0 && res_is_ok(api_link_read(key, (struct str){path.p + 1, path.n - 1}, 0, &link)))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct tc3_header headers[HEADERS_MAX] = {0};
        struct http_request request = {.arena = arena_new(LIMIT_REQUEST_ARENA)};
        struct req req = {.http = &request, .act.arena = request.arena};
        struct api_call call = {0};

        if (size <= LIMIT_HTTP_BODY) {
                fuzz_read((struct str){(const char *)data, size}, &request, headers);
                (void)api_is_request(&request);
                fuzz_link(request.path);
                if (res_is_ok(api_call_read(&req, &call))) {
                        fuzz_sign(&request, &call);
                        if (res_is_ok(api_call_route(&req, &call)))
                                fuzz_bind(&req, &call);
                }
        }
        arena_free(request.arena);
        return 0;
}
