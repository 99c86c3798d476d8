/*
 * Frames over SOCK_SEQPACKET.  Reading many frames with one recvmmsg() and writing many with one
 * sendmmsg() is what makes a request to another process cost microseconds when 64 of them are under way.
 * Head and payload go to different places of memory, so that the body is aligned and can be used as a struct
 * where it lies.
 */
#include "ipc/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/secret.h"

#define PAIR_BUFFER_BYTES (1024 * 1024) /* 64 issue requests of 1 KB count as about 200 KB in the kernel */

struct frame_reader {
        size_t count;
        uint8_t *payload;        /* count * FRAME_STRIDE */
        size_t used[FRAME_MANY]; /* bytes that the last call brought, for wiping */
        struct msg_head head[FRAME_MANY];
        struct iovec iov[FRAME_MANY][2];
        struct mmsghdr message[FRAME_MANY];
        struct frame frame[FRAME_MANY];
};

#define FRAME_STRIDE ((size_t)LIMIT_IPC_FRAME) /* multiple of every alignment */

struct frame_reader *frame_reader_new(size_t frames)
{
        struct frame_reader *reader = calloc(1, sizeof(*reader));

        if (!reader)
                return NULL;
        reader->count = frames < 1 ? 1 : frames > FRAME_MANY ? FRAME_MANY : frames;
        reader->payload = aligned_alloc(4096, reader->count * FRAME_STRIDE);
        if (!reader->payload) {
                free(reader);
                return NULL;
        }
        for (size_t i = 0; i < reader->count; i++) {
                reader->iov[i][0] = (struct iovec){&reader->head[i], sizeof(struct msg_head)};
                reader->iov[i][1] = (struct iovec){reader->payload + i * FRAME_STRIDE, FRAME_BODY_MAX};
        }
        return reader;
}

void frame_reader_wipe(struct frame_reader *reader)
{
        for (size_t i = 0; i < reader->count; i++) {
                if (reader->used[i])
                        secret_wipe(reader->payload + i * FRAME_STRIDE, reader->used[i]);
                reader->used[i] = 0;
        }
}

void frame_reader_free(struct frame_reader *reader)
{
        if (!reader)
                return;
        frame_reader_wipe(reader);
        free(reader->payload);
        free(reader);
}

void frame_reader_free_ptr(struct frame_reader **reader)
{
        frame_reader_free(*reader);
        *reader = NULL;
}

MUST res frame_pair(int ret_pair[2])
{
        int size = PAIR_BUFFER_BYTES;

        ENSURE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_pair) == 0, ERR_IO);
        for (int i = 0; i < 2; i++) /* as much as the kernel grants: less only means smaller batches */
                setsockopt(ret_pair[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
        return RES_OK;
}

/* Do the lengths in the head say what arrived? */
static bool lengths_fit(const struct msg_head *head, size_t arrived)
{
        return arrived >= sizeof(*head) && (uint64_t)sizeof(*head) + head->body + head->tail == (uint64_t)arrived;
}

static struct frame frame_at(const struct msg_head *head, const uint8_t *payload)
{
        return (struct frame){.head = *head, .body = payload, .tail = payload + head->body};
}

MUST res frame_parse(struct bytes bytes, struct frame *ret_frame)
{
        struct msg_head head;

        ENSURE(bytes.n >= sizeof(head) && bytes.n <= LIMIT_IPC_FRAME, ERR_IPC_FRAME);
        memcpy(&head, bytes.p, sizeof(head));
        ENSURE(lengths_fit(&head, bytes.n), ERR_IPC_FRAME);
        *ret_frame = frame_at(&head, bytes.p + sizeof(head));
        return RES_OK;
}

static res socket_error(void)
{
        switch (errno) {
        case EPIPE:
        case ECONNRESET:
        case ENOTCONN:
        case ECONNREFUSED:
        case EBADF:
                return FAIL(ERR_IPC_LOST);
        case EMSGSIZE:
                return FAIL(ERR_IPC_FRAME);
        case ENOMEM:
                return FAIL(ERR_MEMORY);
        default:
                return FAIL(ERR_IO);
        }
}

/* One received message; `flags` as the kernel gave them. */
static res take_frame(struct frame_reader *reader, size_t i, size_t arrived, int flags)
{
        reader->used[i] = arrived > sizeof(struct msg_head) ? arrived - sizeof(struct msg_head) : 0;
        ENSURE(!(flags & (MSG_TRUNC | MSG_CTRUNC)), ERR_IPC_FRAME);
        ENSURE(lengths_fit(&reader->head[i], arrived), ERR_IPC_FRAME);
        reader->frame[i] = frame_at(&reader->head[i], reader->payload + i * FRAME_STRIDE);
        return RES_OK;
}

static int receive_many(int fd, struct frame_reader *reader, int flags)
{
        int n;

        for (size_t i = 0; i < reader->count; i++)
                reader->message[i].msg_hdr = (struct msghdr){.msg_iov = reader->iov[i], .msg_iovlen = 2};
        do {
                n = recvmmsg(fd, reader->message, (unsigned)reader->count, flags, /* timeout= */ NULL);
        } while (n < 0 && errno == EINTR);
        return n;
}

MUST res frame_recv(int fd, struct frame_reader *reader, bool wait, const struct frame **ret_frames, size_t *ret_count)
{
        int n = receive_many(fd, reader, wait ? MSG_WAITFORONE : MSG_DONTWAIT);
        size_t count = 0;

        if (n < 0 && !wait && errno == EAGAIN) {
                *ret_count = 0;
                return RES_OK;
        }
        if (n < 0)
                return socket_error();
        for (; count < (size_t)n; count++) {
                const struct mmsghdr *message = &reader->message[count];

                if (message->msg_len == 0) /* the end, and it comes again at the next call */
                        break;
                TRY(take_frame(reader, count, message->msg_len, message->msg_hdr.msg_flags));
        }
        ENSURE(count > 0, ERR_IPC_LOST);
        *ret_frames = reader->frame;
        *ret_count = count;
        return RES_OK;
}

struct frame_writer { /* what sendmmsg() wants */
        struct msg_head head[FRAME_MANY];
        struct iovec iov[FRAME_MANY][3];
        struct mmsghdr message[FRAME_MANY];
};

static struct iovec iov_of(struct bytes bytes)
{
        return (struct iovec){.iov_base = (void *)(uintptr_t)bytes.p, .iov_len = bytes.n}; /* sendmsg only reads */
}

static res writer_put(struct frame_writer *writer, size_t i, const struct frame_out *out)
{
        ENSURE(out->body.n <= FRAME_BODY_MAX && out->tail.n <= FRAME_BODY_MAX - out->body.n, ERR_IPC_FRAME);
        writer->head[i] = (struct msg_head){.type = out->type,
                                            .slot = out->slot,
                                            .err = out->err,
                                            .body = (uint32_t)out->body.n,
                                            .tail = (uint32_t)out->tail.n};
        writer->iov[i][0] = (struct iovec){&writer->head[i], sizeof(struct msg_head)};
        writer->iov[i][1] = iov_of(out->body);
        writer->iov[i][2] = iov_of(out->tail);
        writer->message[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = writer->iov[i], .msg_iovlen = 3}};
        return RES_OK;
}

/* The kernel is short of buffers for a moment: the other end is there, and nothing was sent. */
static bool may_send_later(int error)
{
        return error == EAGAIN || error == ENOBUFS || error == ENOMEM;
}

static void wait_a_moment(void)
{
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* At most FRAME_MANY; *ret_sent counts also when a later one failed. */
static res send_some(int fd, const struct frame_out *frames, size_t count, int flags, size_t *ret_sent)
{
        struct frame_writer writer;
        res put = RES_OK;
        size_t ready = 0;
        int n = 0;

        for (; ready < count && res_is_ok(put); ready += res_is_ok(put))
                put = writer_put(&writer, ready, &frames[ready]);
        if (ready > 0) {
                do {
                        n = sendmmsg(fd, writer.message, (unsigned)ready, flags | MSG_NOSIGNAL);
                } while (n < 0 && errno == EINTR);
        }
        if (n < 0 && !may_send_later(errno))
                return socket_error();
        if (n < 0 && !(flags & MSG_DONTWAIT))
                wait_a_moment();
        n = n < 0 ? 0 : n;
        *ret_sent = (size_t)n;
        return (size_t)n == ready ? put : RES_OK;
}

MUST res frame_send(int fd, const struct frame_out *frames, size_t count, bool wait, size_t *ret_sent)
{
        *ret_sent = 0;
        while (*ret_sent < count) {
                size_t left = count - *ret_sent, now = left < FRAME_MANY ? left : FRAME_MANY, sent = 0;

                res sending = send_some(fd, frames + *ret_sent, now, wait ? 0 : MSG_DONTWAIT, &sent);
                *ret_sent += sent;
                TRY(sending);
                if (!wait && sent < now)
                        break;
        }
        return RES_OK;
}

MUST res frame_send_one(int fd, const struct frame_out *frame)
{
        size_t sent;

        return frame_send(fd, frame, 1, /* wait= */ true, &sent);
}

MUST res frame_send_fd(int fd, const struct frame_out *frame, int passed_fd)
{
        struct frame_writer writer;
        union {
                struct cmsghdr header; /* alignment */
                uint8_t bytes[CMSG_SPACE(sizeof(int))];
        } control = {.bytes = {0}};
        ssize_t n;

        TRY(writer_put(&writer, 0, frame));
        struct msghdr *message = &writer.message[0].msg_hdr;
        message->msg_control = control.bytes;
        message->msg_controllen = sizeof(control.bytes);
        struct cmsghdr *part = CMSG_FIRSTHDR(message);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(part), &passed_fd, sizeof(int));
        do {
                n = sendmsg(fd, message, MSG_NOSIGNAL);
        } while (n < 0 && errno == EINTR);
        return n < 0 ? socket_error() : RES_OK;
}

/* The one descriptor of a control message; every further one is closed and makes the message bad. */
static res take_fds(struct msghdr *message, int *ret_fd)
{
        bool bad = false;

        *ret_fd = -1;
        for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
                size_t n = part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS
                                   ? (part->cmsg_len - CMSG_LEN(0)) / sizeof(int)
                                   : 0;
                for (size_t i = 0; i < n; i++) {
                        int fd;
                        memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
                        bad = bad || *ret_fd >= 0;
                        if (*ret_fd >= 0)
                                close(fd);
                        else
                                *ret_fd = fd;
                }
        }
        return bad ? FAIL(ERR_IPC_FRAME) : RES_OK;
}

static ssize_t receive_with_fd(int fd, struct msghdr *message)
{
        ssize_t n;

        do {
                n = recvmsg(fd, message, MSG_CMSG_CLOEXEC);
        } while (n < 0 && errno == EINTR);
        return n;
}

MUST res frame_recv_fd(int fd, struct frame_reader *reader, struct frame *ret_frame, int *ret_passed_fd)
{
        union {
                struct cmsghdr header;
                uint8_t bytes[CMSG_SPACE(4 * sizeof(int))];
        } control = {.bytes = {0}};
        struct msghdr message = {.msg_iov = reader->iov[0],
                                 .msg_iovlen = 2,
                                 .msg_control = control.bytes,
                                 .msg_controllen = sizeof(control.bytes)};
        int passed = -1;

        ssize_t n = receive_with_fd(fd, &message);
        if (n < 0)
                return socket_error();
        res good = take_fds(&message, &passed);
        if (res_is_ok(good))
                good = n == 0 ? FAIL(ERR_IPC_LOST) : take_frame(reader, 0, (size_t)n, message.msg_flags);
        if (!res_is_ok(good)) {
                if (passed >= 0)
                        close(passed);
                return good;
        }
        *ret_frame = reader->frame[0];
        *ret_passed_fd = passed;
        return RES_OK;
}

const void *frame_body(const struct frame *frame, size_t size)
{
        return frame->head.body == size ? frame->body : NULL;
}

struct frame_tail frame_tail(const struct frame *frame)
{
        return (struct frame_tail){.rest = bytes_of(frame->tail, frame->head.tail)};
}

struct bytes frame_tail_cut(struct frame_tail *tail, size_t n)
{
        struct bytes part = {tail->rest.p, n};

        if (tail->failed || n > tail->rest.n) {
                tail->failed = true;
                return (struct bytes){tail->rest.p, 0};
        }
        tail->rest = bytes_of(tail->rest.p + n, tail->rest.n - n);
        return part;
}

struct str frame_tail_cut_str(struct frame_tail *tail, size_t n)
{
        struct bytes part = frame_tail_cut(tail, n);

        return (struct str){(const char *)part.p, part.n};
}

MUST res frame_tail_end(const struct frame_tail *tail)
{
        ENSURE(!tail->failed && tail->rest.n == 0, ERR_IPC_FRAME);
        return RES_OK;
}

bool frame_text_is_good(const char *text, size_t size)
{
        size_t n = strnlen(text, size);

        if (n == size)
                return false;
        for (size_t i = n; i < size; i++)
                if (text[i] != 0)
                        return false;
        return true;
}
