/* Text put together by hand: it is done for each request, and a format would cost more than the rest of it. */
#include "http/reply.h"

#include "base/log.h"
#include "http/reader.h"

static const char *http_reason(int status)
{
        static const struct {
                int status;
                const char *reason;
        } reasons[] = {
                {200, "OK"}, {201, "Created"}, {202, "Accepted"}, {204, "No Content"}, {301, "Moved Permanently"}, {302, "Found"},
                {303, "See Other"}, {304, "Not Modified"}, {307, "Temporary Redirect"}, {308, "Permanent Redirect"},
                {400, "Bad Request"}, {401, "Unauthorized"}, {403, "Forbidden"}, {404, "Not Found"}, {405, "Method Not Allowed"},
                {406, "Not Acceptable"}, {409, "Conflict"}, {410, "Gone"}, {411, "Length Required"}, {412, "Precondition Failed"},
                {413, "Content Too Large"}, {414, "URI Too Long"}, {415, "Unsupported Media Type"}, {429, "Too Many Requests"},
                {431, "Request Header Fields Too Large"}, {500, "Internal Server Error"}, {501, "Not Implemented"},
                {503, "Service Unavailable"}, {505, "HTTP Version Not Supported"},
        };

        for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
                if (reasons[i].status == status)
                        return reasons[i].reason;
        return "Status"; /* it may be empty, but there are readers that want one */
}

static void http_add_number(struct buf *buf, size_t number)
{
        char digits[24];
        size_t at = sizeof(digits);

        do
                digits[--at] = (char)('0' + number % 10);
        while (number /= 10);
        buf_add(buf, digits + at, sizeof(digits) - at);
}

static bool http_is_line(struct str s)
{
        for (size_t i = 0; i < s.n; i++)
                if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0')
                        return false;
        return true;
}

static void http_add_field(struct buf *head, struct str name, struct str value)
{
        buf_add_str(head, name);
        buf_add(head, ": ", 2);
        buf_add_str(head, value);
        buf_add(head, "\r\n", 2);
}

static void http_add_own_fields(const struct http_call *call, struct buf *head)
{
        const struct http_reply *reply = &call->reply;

        http_add_field(head, STR("Content-Type"), str_of(reply->content_type ? reply->content_type : "text/plain; charset=utf-8"));
        for (size_t i = 0; i < reply->header_count; i++) {
                const struct tc3_header *field = &reply->headers[i];

                if (http_is_token(field->name) && http_is_line(field->value))
                        http_add_field(head, field->name, field->value);
                else
                        log_line(LOG_ERROR, "reply-header", "rid=%s name=%s", call->request.request_id, log_quote(field->name));
        }
}

bool http_reply_has_body(const struct http_call *call)
{
        return call->reply.status != 204 && call->reply.status != 304 && !str_equals(call->request.method, "HEAD");
}

static void http_add_status(struct buf *head, int status)
{
        if (status == 200) {
                buf_add_str(head, STR("HTTP/1.1 200 OK\r\n"));
                return;
        }
        buf_add_str(head, STR("HTTP/1.1 "));
        http_add_number(head, (size_t)status);
        buf_add_byte(head, ' ');
        buf_add_text(head, http_reason(status));
        buf_add_str(head, STR("\r\n"));
}

void http_reply_head(const struct http_call *call, struct str date, enum http_persistence persistence, struct buf *head)
{
        const struct http_reply *reply = &call->reply;

        buf_clear(head);
        http_add_status(head, reply->status);
        buf_add_str(head, date);
        if (persistence != HTTP_KEEPS)
                http_add_field(head, STR("Connection"), persistence == HTTP_CLOSES ? STR("close") : STR("keep-alive"));
        if (reply->fields.p)
                buf_add_str(head, reply->fields);
        else
                http_add_own_fields(call, head);
        if (reply->status != 204 && reply->status != 304) {
                buf_add_str(head, STR("Content-Length: "));
                http_add_number(head, reply->body.n);
                buf_add_str(head, STR("\r\n"));
        }
        buf_add_str(head, STR("\r\n"));
}
