/* The data directory at the start of the service: made, locked, and with a master key. */
#pragma once

#include "base/buf.h"
#include "base/conf.h"
#include "base/res.h"

#define DATA_MASTER_BYTES 32 /* what is made; a given file may hold more, up to 256 */

/*
 * Make DIR, DIR/keys and DIR/log (0700) when they are not there, and take DIR/lock.  ERR_CONFIG with a sentence in why:
 * another service runs on it, or it cannot be made.
 */
MUST res data_open(const struct conf *conf, int *ret_lock_fd, struct buf *why);
/*
 * An open descriptor of the master key (design: keys.master): a file, made once with random bytes, or
 * credential:NAME below $CREDENTIALS_DIRECTORY.  ERR_CONFIG when sealed data exists but the key does not, or it is short.
 */
MUST res data_master_key(const struct conf *conf, int *ret_fd, struct buf *why);
