/* Files of the CA: whole or not there. */
#pragma once

#include "base/buf.h"
#include "base/secret.h"

/* Beside, fsync, rename, fsync of the directory.  ERR_IO. */
MUST res authority_file_write(const char *path, unsigned mode, struct bytes content);
/* In the same directory, in place of what is there; the directory is synced.  ERR_IO. */
MUST res authority_file_rename(const char *from, const char *to);
/* The whole file, appended.  ERR_NOT_FOUND, ERR_IO, ERR_TOO_LARGE (out's ceiling). */
MUST res authority_file_read(const char *path, struct buf *out);
