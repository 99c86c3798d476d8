#include "base/fd.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

res fd_sync_parent(const char *path)
{
        char parent[PATH_MAX];
        CLEAN(fd_close) int fd = -1;

        snprintf(parent, sizeof(parent), "%s", path);
        char *slash = strrchr(parent, '/');

        if (slash)
                *slash = 0;
        fd = open(!slash ? "." : slash == parent ? "/" : parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ENSURE(fd >= 0 && fsync(fd) == 0, ERR_IO);
        return RES_OK;
}
