/* Keeps the programs running and introduced to each other until the service is to stop. */
#pragma once

#include "base/buf.h"
#include "base/res.h"
#include "serve/child.h"
#include "serve/users.h"

#define SUPERVISE_MAGIC 0x53555056u

struct supervise {
        uint32_t magic;
        const char *program_dir;
        char **arguments;                           /* serve's own, for the programs */
        int lock, master_key, tls, public, control; /* descriptors of the parent's */
        const char *config_path;                    /* of --config; NULL = none */
        int64_t config_changed_at;                  /* what tells one state of the file from the next */
        struct users users;                         /* who the programs are to be */
        struct child child[MSG_PEER_COUNT];
        bool was_ready; /* the server's line has been printed */
        bool stopping, give_up;
        int64_t kill_at_ms, stopping_since_ms; /* while stopping */
};

/* Run until SIGTERM or SIGINT: then 0.  1: a program ended by itself before the service was ever ready. */
MUST res supervise_run(struct supervise *supervise, int *ret_exit_code);
