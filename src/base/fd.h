/* A file descriptor owned by a variable: CLEAN(fd_close) int fd = -1; hand it over with fd_take(&fd). */
#pragma once

#include <unistd.h>

#include "base/res.h"

static inline void fd_close(int *fd)
{
        if (*fd >= 0)
                close(*fd);
        *fd = -1;
}

static inline int fd_take(int *fd)
{
        int taken = *fd;
        *fd = -1;
        return taken;
}

/* The directory that `path` is in: a name made or moved there is on the disk afterwards.  ERR_IO. */
MUST res fd_sync_parent(const char *path);
