/*
 * A child's side of its conversation with the server: one thread, one loop.  It drains what is there (up to
 * FRAME_MANY frames), lets the handler work on each, calls the batch hook once (the signer syncs its log
 * there), and only then sends the replies, in one system call.  The control channel is watched beside it:
 * a new server's end replaces the old one, STOP and the parent's end end the loop.
 */
#pragma once

#include "base/buf.h"
#include "base/res.h"
#include "ipc/control.h"
#include "ipc/frame.h"

/* The reply being built for one request. */
struct answer {
        struct buf body, tail; /* ceilings so that both fit a frame; binary structs by buf_add() */
        enum err err;
};

struct answer_hooks {
        uint32_t magic; /* ANSWER_MAGIC */
        /* One request; check everything.  What it returns (or answer->err) is the reply's err. */
        res (*handle)(void *context, const struct frame *request, struct answer *answer);
        /* After the batch was handled, before a reply leaves; a failure turns every good reply of the batch into it.  May be NULL. */
        res (*finish)(void *context);
        /* Nothing to do for idle_ms: a good time for work ahead; returns whether there is more of it. May be NULL. */
        bool (*idle)(void *context);
        /* A new server: forget half-done conversations (a CRL being built).  May be NULL. */
        void (*reset)(void *context);
        /* control->other[kind] is new; take it, or it is closed when the next one comes.  May be NULL. */
        void (*fd_came)(void *context, struct control *control, enum msg_fd_kind kind);
        void *context;
        int idle_ms; /* wait that long before idle() is called first; 0 with idle == NULL */
        bool wipe;   /* wipe requests and replies after use */
};
#define ANSWER_MAGIC 0x414e5357u
#define ANSWER_LONELY_MS 30000 /* longer than the parent's longest pause before it starts a server again */

/* Refuse with a sentence for people: `return answer_fail(answer, ERR_ISSUE_REFUSED, "…");` */
MUST res answer_fail(struct answer *answer, enum err err, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/*
 * Serve the conversation with the server whose ends come by `control`.  Returns RES_OK after STOP, ERR_IPC_LOST
 * when the parent is gone, or no new server came within ANSWER_LONELY_MS after the last one left, ERR_IPC_FRAME when
 * the parent or the server talks nonsense, ERR_IO.  The program ends then, and the parent starts it with fresh pairs.
 */
MUST res answer_loop(struct control *control, const struct answer_hooks *hooks);
