/* The listening sockets: made once by the parent, handed to every server, so that a port is never lost. */
#pragma once

#include "base/buf.h"
#include "base/conf.h"
#include "base/res.h"

/* TCP, not blocking, port 0 = any free one.  ERR_CONFIG with a sentence that names the setting. */
MUST res listen_tcp(const struct conf_addr *addr, const char *setting, int *ret_fd, struct buf *why);
/* DIR/control.sock, 0600; replaces one that a killed service left.  Call with DIR/lock held. */
MUST res listen_control(const char *data_dir, int *ret_fd, struct buf *why);
