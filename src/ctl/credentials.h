/*
 * Where a client finds who it is and whom it talks to.  Each value is looked for in this order:
 * the option, the environment, the credentials file, the data directory, the default.
 */
#pragma once

#include "ctl/command.h"

struct credentials {
        const char *secret_id, *secret_key; /* in ctl->arena */
        const char *endpoint;               /* https://host:port, no slash at the end */
        const char *ca;                     /* PEM file; NULL = the system's */
};

/* ERR_CONFIG with a sentence that says what to give. */
MUST res credentials_find(struct ctl *ctl, struct credentials *ret_credentials);
/* Write a credentials file, mode 0600, replacing one that is there.  ERR_IO. */
MUST res credentials_save(struct ctl *ctl, const char *path, const struct credentials *credentials);
