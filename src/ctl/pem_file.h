/* Certificates and keys in files as people have them: PEM with words around it, several things in one file, or DER. */
#pragma once

#include "base/buf.h"
#include "ctl/command.h"

#define PEM_FILE_BYTES (192 * 1024) /* the API takes requests of 256 KiB */
#define PEM_FILE_ARENA (16 * 1024 * 1024) /* for whoever reads three of them and makes a request of it */

struct pem_file {
        struct str certificates; /* what goes to the API: the file as it is where it holds nothing else; NUL-terminated */
        struct str key;          /* absent: there is none in it */
        size_t certificate_count;
};

/* In ctl->arena, wiped with it where it holds a key.  ERR_IO, ERR_TOO_LARGE; a file without either is fine. */
MUST res pem_file_read(struct ctl *ctl, const char *path, struct pem_file *ret_file);
