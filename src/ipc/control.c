/*
 * The control channel, both ends.  A child keeps what it was handed in two small tables until the program
 * takes it; a descriptor that replaces one not yet taken closes the earlier one, so that nothing leaks however often
 * its peer dies.
 */
#include "ipc/control.h"

#include "base/fd.h"

static void put_fd(int *place, int fd)
{
        fd_close(place);
        *place = fd;
}

static void control_clear(struct control *control, int fd)
{
        *control = (struct control){.fd = fd};
        for (int i = 0; i < MSG_PEER_COUNT; i++)
                control->peer[i] = -1;
        for (int i = 0; i < MSG_FD_KIND_COUNT; i++)
                control->other[i] = -1;
}

MUST res control_start(struct control *control, int fd)
{
        enum control_event event = CONTROL_FD_NEW;
        uint32_t which;

        control_clear(control, fd);
        control->reader = frame_reader_new(1);
        ENSURE(control->reader, ERR_MEMORY);
        while (event != CONTROL_GO) {
                TRY(control_next(control, &event, &which));
                ENSURE(event != CONTROL_END && event != CONTROL_STOP, ERR_IPC_LOST);
        }
        return RES_OK;
}

void control_done(struct control *control)
{
        if (!control->reader) /* never started: the tables are not ours to close */
                return;
        for (int i = 0; i < MSG_PEER_COUNT; i++)
                fd_close(&control->peer[i]);
        for (int i = 0; i < MSG_FD_KIND_COUNT; i++)
                fd_close(&control->other[i]);
        fd_close(&control->fd);
        frame_reader_free_ptr(&control->reader);
}

static res keep_fd(struct control *control, const struct frame *frame, int passed, enum control_event *ret_event,
                   uint32_t *ret_which)
{
        const struct msg_control_fd *in = FRAME_BODY(frame, struct msg_control_fd);

        ENSURE(in && frame->head.tail == 0 && passed >= 0, ERR_IPC_FRAME);
        ENSURE(in->kind < MSG_FD_KIND_COUNT && in->peer < MSG_PEER_COUNT, ERR_IPC_FRAME);
        if (in->kind == MSG_FD_PEER) {
                put_fd(&control->peer[in->peer], passed);
                *ret_event = CONTROL_PEER;
                *ret_which = in->peer;
        } else {
                put_fd(&control->other[in->kind], passed);
                *ret_event = CONTROL_FD_NEW;
                *ret_which = in->kind;
        }
        return RES_OK;
}

static res keep_user(struct control *control, const struct frame *frame, int passed)
{
        const struct msg_control_user *in = FRAME_BODY(frame, struct msg_control_user);

        ENSURE(in && frame->head.tail == 0 && passed < 0 && in->uid != 0 && in->gid != 0, ERR_IPC_FRAME);
        control->user = *in;
        return RES_OK;
}

/* What the frame means; owns `passed` only when it is kept. */
static res understand(struct control *control, const struct frame *frame, int passed, enum control_event *ret_event,
                      uint32_t *ret_which)
{
        if (frame->head.type == MSG_CONTROL_FD)
                return keep_fd(control, frame, passed, ret_event, ret_which);
        if (frame->head.type == MSG_CONTROL_USER) {
                *ret_event = CONTROL_USER;
                return keep_user(control, frame, passed);
        }
        ENSURE(passed < 0 && frame->head.body == 0 && frame->head.tail == 0, ERR_IPC_FRAME);
        switch (frame->head.type) {
        case MSG_CONTROL_GO:
                *ret_event = CONTROL_GO;
                return RES_OK;
        case MSG_CONTROL_STOP:
                *ret_event = CONTROL_STOP;
                return RES_OK;
        default:
                return FAIL(ERR_IPC_FRAME);
        }
}

MUST res control_next(struct control *control, enum control_event *ret_event, uint32_t *ret_which)
{
        struct frame frame;
        int passed = -1;

        res got = frame_recv_fd(control->fd, control->reader, &frame, &passed);
        if (got.err == ERR_IPC_LOST) {
                *ret_event = CONTROL_END;
                return RES_OK;
        }
        TRY(got);
        res good = understand(control, &frame, passed, ret_event, ret_which);
        if (!res_is_ok(good))
                fd_close(&passed);
        return good;
}

int control_take_peer(struct control *control, enum msg_peer peer)
{
        return fd_take(&control->peer[peer]);
}

int control_take_fd(struct control *control, enum msg_fd_kind kind)
{
        return fd_take(&control->other[kind]);
}

MUST res control_ready(struct control *control, const char *text)
{
        struct frame_out out = {.type = MSG_CONTROL_READY, .tail = bytes_of(text, strlen(text))};

        return frame_send_one(control->fd, &out);
}

MUST res control_send_fd(int fd, enum msg_fd_kind kind, enum msg_peer peer, int passed_fd)
{
        struct msg_control_fd body = {.kind = (uint32_t)kind, .peer = (uint32_t)peer};
        struct frame_out out = {.type = MSG_CONTROL_FD, .body = bytes_of(&body, sizeof(body))};

        return frame_send_fd(fd, &out, passed_fd);
}

MUST res control_send_user(int fd, unsigned uid, unsigned gid)
{
        struct msg_control_user body = {.uid = uid, .gid = gid};
        struct frame_out out = {.type = MSG_CONTROL_USER, .body = bytes_of(&body, sizeof(body))};

        return frame_send_one(fd, &out);
}

MUST res control_send_go(int fd)
{
        return frame_send_one(fd, &(struct frame_out){.type = MSG_CONTROL_GO});
}

MUST res control_send_stop(int fd)
{
        return frame_send_one(fd, &(struct frame_out){.type = MSG_CONTROL_STOP});
}
