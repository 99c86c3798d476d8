/* The manual pages, in man form, on standard output. */
#pragma once

#include "ctl/command.h"

void man_commands(struct ctl *ctl);                              /* chancery(1) */
void man_settings(void);                                         /* chancery.conf(5) */
void man_serve(struct ctl *ctl, const struct ctl_command *serve); /* chancery-serve(8) */
