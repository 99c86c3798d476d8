/* What help and the manual pages show of the tables. */
#pragma once

#include "base/conf.h"
#include "ctl/command.h"

/* "download ID": in the arena. */
const char *help_usage(struct ctl *ctl, const struct ctl_command *c);
/* "-o, --output FILE": in the arena. */
const char *help_option_form(struct ctl *ctl, const struct ctl_option *o);
/* "" where the setting's own text tells what happens without it. */
const char *help_default(const struct conf_setting *s);
/* The next setting that a release has too: test builds know test.clock as well.  NULL past the end. */
const struct conf_setting *help_setting(size_t *i);
