/*
 * A file as read-only bytes of memory, which the kernel fetches page by page as they are looked at and takes back when it
 * wants.  Whoever puts another file in its place renames it there: a mapped file that is cut short ends its reader.
 */
#pragma once

#include <stdbool.h>

#include "base/str.h"

struct mapping {
        const void *p;
        size_t n; /* 0: an empty file, p is NULL */
};

/* false: errno says why; EINVAL for what is no regular file, EFBIG for more than `most` bytes. */
bool mapping_open(struct mapping *mapping, const char *path, size_t most);
void mapping_done(struct mapping *mapping); /* for CLEAN(); the empty one is fine */
