/* See reply.h. */
#include "server/reply.h"

#include <string.h>

void reply_text(struct http_reply *reply, int status, const char *text)
{
        reply->status = status;
        reply->content_type = "text/plain; charset=utf-8";
        buf_add_text(&reply->body, text);
}

void reply_header(struct http_request *request, struct http_reply *reply, const char *name, const char *value)
{
        struct tc3_header *headers = arena_array_of(request->arena, reply->header_count + 1, struct tc3_header);

        for (size_t i = 0; i < reply->header_count; i++)
                headers[i] = reply->headers[i];
        headers[reply->header_count] = (struct tc3_header){str_of(name), str_of(value)};
        reply->headers = headers;
        reply->header_count++;
}

/* Nothing inline, nothing from elsewhere, not in a frame. */
void reply_static(struct http_request *request, struct http_reply *reply, const char *content_type, const char *text)
{
        reply->content_type = content_type;
        buf_add_text(&reply->body, text);
        reply_header(request, reply, "Content-Security-Policy",
                     "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'; "
                     "base-uri 'none'; form-action 'none'");
        reply_header(request, reply, "X-Content-Type-Options", "nosniff");
        reply_header(request, reply, "Referrer-Policy", "no-referrer");
        reply_header(request, reply, "Cache-Control", "no-store");
}
