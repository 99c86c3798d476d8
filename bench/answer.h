/* HTTP answers as a client of a bench reads them: with a length, in chunks, or until the other end closes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct http_answer {
        int status;
        const char *head;
        size_t head_n; /* its empty line included */
        char *body;
        size_t body_n;
};

/*
 * Is the answer in text[0…n), which text[n] = '\0' ends, whole?  `ended`: nothing more will come.  Chunks are put together in place, once,
 * when the last has come; *ret_answer borrows from text.
 */
bool http_answer_read(char *text, size_t n, bool ended, struct http_answer *ret_answer);
/* The value of a field, cut to size; out is left as it is where there is none. */
void http_answer_field(const struct http_answer *answer, const char *name, char *out, size_t size);
