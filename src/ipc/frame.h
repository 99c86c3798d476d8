/*
 * One frame on a SOCK_SEQPACKET socket: struct msg_head, a fixed body, a tail (msg.h).  The kernel keeps
 * the borders between frames, so that reading is one call; everything the head says about lengths is held
 * against what arrived before anybody looks at the rest.
 */
#pragma once

#include <stdbool.h>

#include "base/res.h"
#include "base/str.h"
#include "ipc/msg.h"

#define FRAME_BODY_MAX (LIMIT_IPC_FRAME - sizeof(struct msg_head)) /* bytes of body and tail together */
#define FRAME_MANY 64                                              /* frames that one system call moves at most */

/* A frame that was received: borrows from the reader's buffer. */
struct frame {
        struct msg_head head;
        const uint8_t *body; /* head.body bytes, aligned for any type */
        const uint8_t *tail; /* head.tail bytes, not aligned: memcpy structs out of it */
};

/* A frame to be sent: borrows.  The lengths in the head are filled in by the sender. */
struct frame_out {
        uint32_t type, slot, err;
        struct bytes body, tail;
};

/* Room for FRAME_MANY received frames; only the pages that frames really fill become resident. */
struct frame_reader;
struct frame_reader *frame_reader_new(size_t frames); /* 1..FRAME_MANY at once; NULL: out of memory */
void frame_reader_free(struct frame_reader *reader);  /* wipes what was received */
void frame_reader_free_ptr(struct frame_reader **reader);

/*
 * A connected pair of close-on-exec SOCK_SEQPACKET sockets with buffers for many frames.  ERR_IO.
 */
MUST res frame_pair(int ret_pair[2]);

/*
 * Receive up to the reader's number of frames with one call.  `wait`: block for the first one.
 * *ret_count is 0 only without `wait` (nothing there).  The frames borrow from the reader until the next call.
 * ERR_IPC_LOST: the other end is closed.  ERR_IPC_FRAME: a frame whose lengths do not fit, that was cut, or
 * that carries a descriptor where none is allowed; the descriptor is closed, the conversation must be ended.
 */
MUST res frame_recv(int fd, struct frame_reader *reader, bool wait, const struct frame **ret_frames, size_t *ret_count);
/* Wipe what the last frame_recv() brought: for conversations that carry secrets. */
void frame_reader_wipe(struct frame_reader *reader);

/*
 * Send frames in order.  `wait`: block until all are sent; otherwise *ret_sent may be less than count when
 * the other end does not read.  ERR_IPC_LOST: the other end is closed; ERR_IPC_FRAME: one is over LIMIT_IPC_FRAME
 * (nothing after it is sent).
 */
MUST res frame_send(int fd, const struct frame_out *frames, size_t count, bool wait, size_t *ret_sent);
/* The same for one, blocking. */
MUST res frame_send_one(int fd, const struct frame_out *frame);

/* Only the parent sends descriptors (MSG_CONTROL_FD), only its children receive them (ipc/control.h). */
MUST res frame_send_fd(int fd, const struct frame_out *frame, int passed_fd);
/* Blocks.  *ret_passed_fd is -1 when none came; close-on-exec. */
MUST res frame_recv_fd(int fd, struct frame_reader *reader, struct frame *ret_frame, int *ret_passed_fd);

/*
 * The lengths alone, for bytes that stand in one piece: what frame_recv() applies, and what the fuzzer drives.
 * `bytes` is head, body and tail; ERR_IPC_FRAME.
 */
MUST res frame_parse(struct bytes bytes, struct frame *ret_frame);

/*
 * The body as a struct: NULL unless it has exactly that size and, for a struct of parts, the tail holds
 * what the caller then checks.  `const struct msg_probe *in = FRAME_BODY(frame, struct msg_probe);`
 */
#define FRAME_BODY(frame, type) ((const type *)frame_body((frame), sizeof(type)))
const void *frame_body(const struct frame *frame, size_t size);

/* Cut the tail into its parts, front to back; at the end all must be used up. */
struct frame_tail {
        struct bytes rest;
        bool failed;
};
struct frame_tail frame_tail(const struct frame *frame);
struct bytes frame_tail_cut(struct frame_tail *tail, size_t n);   /* empty and failed when there is less */
struct str frame_tail_cut_str(struct frame_tail *tail, size_t n); /* the same as text */
MUST res frame_tail_end(const struct frame_tail *tail);           /* ERR_IPC_FRAME: too short, or something is left */
/* A fixed, NUL-padded text member: is it terminated, with nothing but NULs after? */
bool frame_text_is_good(const char *text, size_t size);
