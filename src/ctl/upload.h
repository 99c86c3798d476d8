/* What upload and import share. */
#pragma once

#include <jansson.h>

#include "ctl/command.h"

/* KeyPassword from the first line of --password-file, when it is given: on the command line it would stand in the list of processes. */
MUST res upload_add_password(struct ctl *ctl, json_t *request);
