/*
 * The channel between the parent and each child: descriptor 3 of the child.  The parent sends descriptors
 * (MSG_CONTROL_FD) and then GO; later only new ends of conversations (MSG_FD_PEER, when the other program was
 * started again) and STOP.  The child sends READY once.  EOF means that the other side is gone: a child ends then.
 */
#pragma once

#include <stdbool.h>

#include "base/res.h"
#include "base/str.h"
#include "ipc/frame.h"
#include "ipc/msg.h"

#define CONTROL_FD 3

struct control {
        int fd;
        int peer[MSG_PEER_COUNT];     /* ends of conversations, -1 = none */
        int other[MSG_FD_KIND_COUNT]; /* everything else, -1 = none; [MSG_FD_PEER] is unused */
        struct msg_control_user user; /* uid 0: none was named, stay who you are */
        struct frame_reader *reader;
};

#define CONTROL_NONE \
        { \
                .fd = -1 \
        } /* a control that was never started: control_done() is fine */

enum control_event {
        CONTROL_PEER,   /* peer[which] is new; the earlier one, if it was still here, is closed */
        CONTROL_FD_NEW, /* other[which] is new */
        CONTROL_USER,   /* user is who to be */
        CONTROL_GO,
        CONTROL_STOP,
        CONTROL_END, /* the parent is gone */
};

/* ---- the child's side ------------------------------------------------------------------------- */

/*
 * Take what the parent hands over on `fd` (CONTROL_FD) until GO.  ERR_IPC_LOST: the parent is gone or said STOP;
 * ERR_IPC_FRAME: nonsense; ERR_MEMORY.
 */
MUST res control_start(struct control *control, int fd);
/* Closes what was not taken. */
void control_done(struct control *control);
/* Wait for the next event (poll() on control->fd first when it must not block). */
MUST res control_next(struct control *control, enum control_event *ret_event, uint32_t *ret_which);
int control_take_peer(struct control *control, enum msg_peer peer); /* caller owns; -1 = none was handed over */
int control_take_fd(struct control *control, enum msg_fd_kind kind);
/* Ready to work; the parent prints the server's text, once, as a line. */
MUST res control_ready(struct control *control, const char *text);

/* ---- the parent's side ------------------------------------------------------------------------ */

/* The descriptor stays the parent's.  ERR_IPC_LOST when the child is gone. */
MUST res control_send_fd(int fd, enum msg_fd_kind kind, enum msg_peer peer, int passed_fd);
MUST res control_send_user(int fd, unsigned uid, unsigned gid);
MUST res control_send_go(int fd);
MUST res control_send_stop(int fd);
