/* What the operator's subcommands share. */
#pragma once

#include <jansson.h>

#include "ctl/command.h"

/* Ask the running server to check the catalogue's files, or to take them. */
MUST res operator_reload(struct ctl *ctl, bool is_check);
/* Products and Buyable, for people or as JSON. */
MUST res operator_show_figures(struct ctl *ctl, const json_t *figures);
