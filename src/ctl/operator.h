/* What the operator's subcommands share. */
#pragma once

#include <jansson.h>

#include "ctl/command.h"

/* An operator's action by the control socket of the server on --data.  Takes `parameters` over. */
MUST res operator_call(struct ctl *ctl, const char *action, json_t *parameters, json_t **ret_answer);
/* Ask the running server to check the catalogue's files, or to take them. */
MUST res operator_reload(struct ctl *ctl, bool is_check);
/* Products and Buyable, for people or as JSON. */
MUST res operator_show_figures(struct ctl *ctl, const json_t *figures);
