/* One program below the parent: how it is found, started and remembered. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/res.h"
#include "ipc/msg.h"

struct child_kind {
        enum msg_peer peer;
        const char *program;  /* "chancery-signer" */
        const char *argument; /* first argument, or NULL */
        const char *name;     /* in the log */
        bool needs_master_key, needs_listeners;
};

struct child {
        const struct child_kind *kind;
        pid_t pid;           /* 0: not running */
        int control;         /* parent's end; -1 */
        int64_t started_ms;  /* monotonic */
        int64_t start_at_ms; /* when it is to be started (again); 0 = not */
        int pause_ms;        /* before the next start */
};

extern const struct child_kind child_kinds[MSG_PEER_COUNT]; /* [MSG_PEER_PARENT] is empty */

/*
 * Fork and exec; child->pid, control, started_ms are set.  `arguments` are serve's own (--data …), NULL-terminated.
 * The child has: stdin /dev/null, stdout = stderr, descriptor 3 the control channel, nothing else; it is killed
 * when the parent ends.  ERR_IO.
 */
MUST res child_start(struct child *child, const char *program_dir, char **arguments, int64_t now_ms);
/* It is gone: forget it. Returns how long it lived. */
int64_t child_forget(struct child *child, int64_t now_ms);
/* Plan its next start: at once when it lived well, with growing pauses when it keeps failing. */
void child_plan(struct child *child, int64_t lived_ms, bool killed, int64_t now_ms);
