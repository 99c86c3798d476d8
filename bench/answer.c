/* See answer.h. */
#include "bench/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void http_answer_field(const struct http_answer *answer, const char *name, char *out, size_t size)
{
        const size_t n = strlen(name);
        const char *end = answer->head + answer->head_n;

        for (const char *line = strchr(answer->head, '\n'); line != NULL && line < end; line = strchr(line, '\n')) {
                line++;
                if (strncasecmp(line, name, n) != 0 || line[n] != ':')
                        continue;
                line += n + 1;
                line += strspn(line, " \t");
                snprintf(out, size, "%.*s", (int)strcspn(line, "\r\n"), line);
                return;
        }
}

/* The size that a chunk's first line tells, and where its bytes begin; NULL: the line has not come. */
static char *chunk(char *at, size_t *ret_size)
{
        char *line_end = strstr(at, "\r\n");

        *ret_size = strtoul(at, NULL, 16);
        return line_end ? line_end + 2 : NULL;
}

static bool chunks_came(char *body, const char *end)
{
        size_t size = 1;

        for (char *at = body; size > 0; at += size + 2) {
                at = chunk(at, &size);
                if (!at || size + 2 > (size_t)(end - at))
                        return false;
        }
        return true;
}

static size_t chunks_join(char *body)
{
        char *to = body, *at = body;
        size_t size = 1;

        for (; size > 0; at += size + 2) {
                at = chunk(at, &size);
                memmove(to, at, size);
                to += size;
        }
        *to = '\0';
        return (size_t)(to - body);
}

bool http_answer_read(char *text, size_t n, bool ended, struct http_answer *ret_answer)
{
        const char *head_end = strstr(text, "\r\n\r\n");
        char length[32] = "", coding[32] = "";

        if (!head_end || n < 12)
                return false;
        struct http_answer answer = {.status = (int)strtol(text + 9, NULL, 10), .head = text, .head_n = (size_t)(head_end + 4 - text)};

        answer.body = text + answer.head_n;
        http_answer_field(&answer, "Content-Length", length, sizeof length);
        http_answer_field(&answer, "Transfer-Encoding", coding, sizeof coding);
        if (strcmp(coding, "chunked") == 0) {
                if (!chunks_came(answer.body, text + n))
                        return false;
                answer.body_n = chunks_join(answer.body);
        } else if (length[0] || answer.status == 204) {
                answer.body_n = strtoul(length, NULL, 10);
                if (n - answer.head_n < answer.body_n)
                        return false;
        } else {
                answer.body_n = n - answer.head_n;
                if (!ended)
                        return false;
        }
        *ret_answer = answer;
        return true;
}
