/*
 * The children's loop.  What makes it cheap is the batch: one call reads what is there, one hook makes it
 * durable, one call answers.  What makes it safe is that nothing leaves before the hook: a reply that the server has
 * seen is a reply whose effects are on disk.
 */
#include "ipc/answer.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/secret.h"

struct loop {
        struct control *control;
        const struct answer_hooks *hooks;
        struct frame_reader *reader;
        int server;             /* -1: none now */
        int64_t alone_since_ms; /* valid while server is -1 */
        bool stop, more_idle;
        struct answer answer[FRAME_MANY];
};

MUST res answer_fail(struct answer *answer, enum err err, const char *format, ...)
{
        char text[LIMIT_ERR_DETAIL + 1];
        va_list args;

        va_start(args, format);
        int n = vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        buf_clear(&answer->body);
        buf_clear(&answer->tail);
        buf_add(&answer->tail, text, n < 0 ? 0 : n < (int)sizeof(text) ? (size_t)n : sizeof(text) - 1);
        answer->err = err;
        return FAIL(err);
}

static void answer_reset(struct answer *answer, bool wipe)
{
        if (wipe) {
                if (answer->body.n)
                        secret_wipe(answer->body.p, answer->body.n);
                if (answer->tail.n)
                        secret_wipe(answer->tail.p, answer->tail.n);
        }
        buf_clear(&answer->body);
        buf_clear(&answer->tail);
        answer->err = ERR_NONE;
}

/* A failed request carries its sentence and nothing else. */
static void settle(struct answer *answer, res result)
{
        enum err err = answer->err != ERR_NONE ? answer->err : result.err;

        if (err == ERR_NONE && (!res_is_ok(buf_check(&answer->body)) || !res_is_ok(buf_check(&answer->tail)) ||
                                answer->body.n + answer->tail.n > FRAME_BODY_MAX))
                err = ERR_TOO_LARGE;
        if (err == ERR_NONE)
                return;
        if (answer->err == ERR_NONE)
                (void)answer_fail(answer, err, "%s", err_sentence(err)).err;
        buf_clear(&answer->body);
}

static res send_replies(struct loop *loop, const struct frame *requests, size_t count)
{
        struct frame_out out[FRAME_MANY];
        size_t sent;

        for (size_t i = 0; i < count; i++)
                out[i] = (struct frame_out){.type = requests[i].head.type,
                                            .slot = requests[i].head.slot,
                                            .err = loop->answer[i].err,
                                            .body = buf_bytes(&loop->answer[i].body),
                                            .tail = buf_bytes(&loop->answer[i].tail)};
        return frame_send(loop->server, out, count, /* wait= */ true, &sent);
}

static void lose_server(struct loop *loop)
{
        fd_close(&loop->server);
        loop->alone_since_ms = clock_mono_ms();
        if (loop->hooks->reset)
                loop->hooks->reset(loop->hooks->context);
}

static void work_on(struct loop *loop, const struct frame *requests, size_t count)
{
        const struct answer_hooks *hooks = loop->hooks;
        res finished = RES_OK;

        for (size_t i = 0; i < count; i++)
                settle(&loop->answer[i], hooks->handle(hooks->context, &requests[i], &loop->answer[i]));
        if (hooks->finish)
                finished = hooks->finish(hooks->context);
        for (size_t i = 0; i < count && !res_is_ok(finished); i++)
                settle(&loop->answer[i], finished);
}

static res serve_batch(struct loop *loop)
{
        const struct frame *requests;
        size_t count;

        res got = frame_recv(loop->server, loop->reader, /* wait= */ false, &requests, &count);
        if (res_is_ok(got) && count > 0) {
                work_on(loop, requests, count);
                got = send_replies(loop, requests, count);
                for (size_t i = 0; i < count; i++)
                        answer_reset(&loop->answer[i], loop->hooks->wipe);
                if (loop->hooks->wipe)
                        frame_reader_wipe(loop->reader);
        }
        if (got.err == ERR_IPC_LOST) {
                lose_server(loop);
                return RES_OK;
        }
        return got;
}

static res obey(struct loop *loop)
{
        enum control_event event;
        uint32_t which;

        TRY(control_next(loop->control, &event, &which));
        ENSURE(event != CONTROL_END, ERR_IPC_LOST);
        if (event == CONTROL_STOP)
                loop->stop = true;
        if (event == CONTROL_FD_NEW && loop->hooks->fd_came)
                loop->hooks->fd_came(loop->hooks->context, loop->control, (enum msg_fd_kind)which);
        if (event == CONTROL_PEER && which == MSG_PEER_SERVER) {
                lose_server(loop);
                loop->server = control_take_peer(loop->control, MSG_PEER_SERVER);
        }
        return RES_OK;
}

static int wait_ms(const struct loop *loop)
{
        if (loop->server < 0)
                return 1000;
        if (!loop->hooks->idle)
                return -1;
        return loop->more_idle ? 0 : loop->hooks->idle_ms;
}

static res loop_step(struct loop *loop)
{
        struct pollfd poll_fd[2] = {{.fd = loop->control->fd, .events = POLLIN},
                                    {.fd = loop->server, .events = POLLIN}};

        int n = poll(poll_fd, 2, wait_ms(loop));
        ENSURE(n >= 0 || errno == EINTR, ERR_IO);
        if (n > 0 && poll_fd[1].revents)
                TRY(serve_batch(loop)); /* before STOP: what was asked is answered */
        if (n > 0 && poll_fd[0].revents)
                TRY(obey(loop));
        ENSURE(loop->server >= 0 || clock_mono_ms() - loop->alone_since_ms < ANSWER_LONELY_MS, ERR_IPC_LOST);
        if (n == 0 && loop->hooks->idle && loop->server >= 0)
                loop->more_idle = loop->hooks->idle(loop->hooks->context);
        return RES_OK;
}

static void loop_done(struct loop **place)
{
        struct loop *loop = *place;

        for (size_t i = 0; i < FRAME_MANY; i++) {
                buf_wipe(&loop->answer[i].body);
                buf_wipe(&loop->answer[i].tail);
        }
        fd_close(&loop->server);
        frame_reader_free(loop->reader);
        free(loop);
}

MUST res answer_loop(struct control *control, const struct answer_hooks *hooks)
{
        struct loop *started = calloc(1, sizeof(*started));

        assert(hooks->magic == ANSWER_MAGIC);
        ENSURE(started, ERR_MEMORY);
        CLEAN(loop_done) struct loop *loop = started;
        *loop = (struct loop){.control = control,
                              .hooks = hooks,
                              .reader = frame_reader_new(FRAME_MANY),
                              .alone_since_ms = clock_mono_ms(),
                              .more_idle = true};
        loop->server = control_take_peer(control, MSG_PEER_SERVER);
        for (size_t i = 0; i < FRAME_MANY; i++) {
                buf_init(&loop->answer[i].body, FRAME_BODY_MAX);
                buf_init(&loop->answer[i].tail, FRAME_BODY_MAX);
        }
        ENSURE(loop->reader, ERR_MEMORY);
        while (!loop->stop)
                TRY(loop_step(loop));
        return RES_OK;
}
