/* Where other programs keep their certificates: found by the files that each of them writes. */
#pragma once

#include "ctl/command.h"

#define IMPORT_ITEMS_MAX 10000
#define IMPORT_DEPTH_MAX 8

struct import_item {
        const char *name;             /* of the certificate there: the alias here */
        const char *layout;           /* certbot, acme.sh, lego, files */
        const char *certificate_path;
        const char *chain_path;       /* intermediates in a file of their own; NULL = none */
        const char *key_path;         /* NULL = in the certificate's file, or missing */
};

struct import_list {
        struct import_item *v; /* IMPORT_ITEMS_MAX of them */
        size_t n;
};

/* Add what lies in and below the directory, or the one certificate of a file.  ERR_IO, ERR_TOO_LARGE. */
MUST res import_find(struct ctl *ctl, const char *path, struct import_list *list);
