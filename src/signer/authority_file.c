/*
 * A key file that a power cut left half written would be a lost CA: so a file gets its name only when its bytes are on
 * the disk, and the name is on the disk before anybody relies on it.
 */
#include "signer/authority_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/fd.h"

MUST res authority_file_write(const char *path, unsigned mode, struct bytes content)
{
        char beside[PATH_MAX];
        CLEAN(fd_close) int fd = -1;

        ENSURE(snprintf(beside, sizeof(beside), "%s.new", path) < (int)sizeof(beside), ERR_IO);
        (void)unlink(beside);
        fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode);
        ENSURE(fd >= 0, ERR_IO);
        ENSURE(write(fd, content.p, content.n) == (ssize_t)content.n && fsync(fd) == 0, ERR_IO);
        return authority_file_rename(beside, path);
}

MUST res authority_file_rename(const char *from, const char *to)
{
        ENSURE(rename(from, to) == 0, ERR_IO);
        return fd_sync_parent(to);
}

MUST res authority_file_read(const char *path, struct buf *out)
{
        struct stat info;
        CLEAN(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);

        ENSURE(fd >= 0 || errno != ENOENT, ERR_NOT_FOUND);
        ENSURE(fd >= 0 && fstat(fd, &info) == 0, ERR_IO);
        ENSURE(info.st_size >= 0 && (uint64_t)info.st_size <= out->ceiling - out->n, ERR_TOO_LARGE);
        uint8_t *p = buf_grow(out, (size_t)info.st_size);
        TRY(buf_check(out));
        ENSURE(read(fd, p, (size_t)info.st_size) == (ssize_t)info.st_size, ERR_IO);
        return RES_OK;
}
