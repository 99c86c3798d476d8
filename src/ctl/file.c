/*
 * A file is written beside its place, synced and renamed, so that whoever reads it sees the old one or the new one.
 */
#include "ctl/file.h"

#include "base/limits.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

static res read_all(struct ctl *ctl, const char *path, int fd, size_t most_bytes, struct str *ret_text)
{
        char *p = arena_alloc(ctl->arena, most_bytes + 2);
        size_t n = 0;

        for (;;) {
                ssize_t got = read(fd, p + n, most_bytes + 1 - n);

                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return ctl_fail(ctl, ERR_IO, "cannot read %s: %s", path, strerror(errno));
                if (got == 0)
                        break;
                n += (size_t)got;
                if (n > most_bytes)
                        return ctl_fail(ctl, ERR_TOO_LARGE, "%s is larger than %zu bytes", path, most_bytes);
        }
        *ret_text = (struct str){p, n};
        return RES_OK;
}

res file_read(struct ctl *ctl, const char *path, size_t most_bytes, struct str *ret_text)
{
        CLEAN(fd_close) int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                return ctl_fail(ctl, ERR_IO, "cannot open %s: %s", path, strerror(errno));
        return read_all(ctl, path, fd, most_bytes, ret_text);
}

static bool write_all(int fd, struct bytes content)
{
        while (content.n > 0) {
                ssize_t put = write(fd, content.p, content.n);

                if (put < 0 && errno != EINTR)
                        return false;
                if (put > 0)
                        content = bytes_of(content.p + put, content.n - (size_t)put);
        }
        return fsync(fd) == 0;
}

/* link() refuses an existing name, rename() replaces it. */
static bool put_in_place(const char *beside, const char *path, bool replace)
{
        if (replace)
                return rename(beside, path) == 0;
        if (link(beside, path) != 0)
                return false;
        (void)unlink(beside);
        return true;
}

res file_write(struct ctl *ctl, const char *path, struct bytes content, mode_t mode, bool replace)
{
        char *beside = arena_printf(ctl->arena, "%s.%ld.new", path, (long)getpid());
        CLEAN(fd_close) int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
        int error;

        if (fd < 0)
                return ctl_fail(ctl, ERR_IO, "cannot write %s: %s", path, strerror(errno));
        if (write_all(fd, content) && put_in_place(beside, path, replace))
                return RES_OK;
        error = errno;
        (void)unlink(beside);
        if (error == EEXIST)
                return ctl_fail(ctl, ERR_IO, "%s exists already; --force replaces it", path);
        return ctl_fail(ctl, ERR_IO, "cannot write %s: %s", path, strerror(error));
}

res file_password(struct ctl *ctl, const char *path, struct str *ret_password)
{
        struct str text, rest;

        TRY(file_read(ctl, path, LIMIT_PASSWORD_BYTES + 2, &text));
        rest = text;
        text = str_cut(&rest, '\n');
        if (text.n > 0 && text.p[text.n - 1] == '\r')
                text.n--;
        if (text.n == 0 || !str_is_utf8(text))
                return ctl_fail(ctl, ERR_USAGE, "the first line of %s is no password", path);
        *ret_password = text;
        return RES_OK;
}
