/* Waiting for an application to end: what `apply` and `wait` share. */
#pragma once

#include "ctl/client.h"

/*
 * Look until the certificate is issued, have the server look at the records at most once in 10 s (SIL-10), and tell
 * the end.  A server that is away for a while is waited for.  ERR_PARAM when the application ended otherwise or
 * --timeout is up.
 */
MUST res wait_and_tell(struct ctl *ctl, struct client *client, const char *id);
/* What was begun (`what`: "Applied", …) and what is to be placed for it; then as above, unless --no-wait is given. */
MUST res wait_after(struct ctl *ctl, struct client *client, const char *what, const char *id);
