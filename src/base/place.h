/* Where what was installed with the programs lies: products, migrations, weak keys. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/res.h"

/*
 * The directory `name` ("catalogue", "migrations", "weak-keys"), in the arena.  In a checkout it is the source's own, beside the build
 * directory.  Installed: one of the operator's in the configuration directory (/etc/chancery/NAME) where there is one, else
 * that of the installation that the running program belongs to, wherever it was moved.  Never NULL; it may not exist.
 */
const char *place_of(struct arena *arena, const char *name);
/* The directory of chancery-server and the other programs: beside the running one, or in a libexec directory.  ERR_CONFIG. */
MUST res place_of_programs(struct buf *ret_dir, struct buf *why);
