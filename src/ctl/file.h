/* Files that a command reads and writes for people: small, whole, and never half written. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/str.h"
#include "ctl/command.h"

/* The whole file, "-" = standard input; NUL-terminated, in ctl->arena.  ERR_IO, ERR_TOO_LARGE. */
MUST res file_read(struct ctl *ctl, const char *path, size_t most_bytes, struct str *ret_text);
/* The first line: a password.  On the command line it would stand in the list of processes.  ERR_USAGE when it is none. */
MUST res file_password(struct ctl *ctl, const char *path, struct str *ret_password);
/* Write beside it, sync, rename.  Without replace an existing file is refused.  ERR_IO with a sentence. */
MUST res file_write(struct ctl *ctl, const char *path, struct bytes content, mode_t mode, bool replace);
