/*
 * chancery-prober: looks at the world for the server.  One thread, one event loop, hundreds of probes at once; it
 * holds no key and no database.  Requests of the server become probes, finished probes become replies, in whatever
 * order they finish.  When LIMIT_PROBES_RUNNING are under way the server's socket is simply not read.
 */
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/conf.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/secret.h"
#include "ipc/answer.h"
#include "ipc/control.h"
#include "ipc/frame.h"
#include "probe/probe.h"
#include "probe/wire.h"
#include "sandbox/sandbox.h"

#define REQUESTS_AT_ONCE 16
#define DESCRIPTORS 4096

struct finding { /* waits for the others of this wake-up */
        struct buf body, tail;
        uint32_t slot;
        enum err err;
};

struct program {
        struct prober prober;
        struct control control;
        struct frame_reader *reader;
        struct event *control_event, *server_event, *alone_event, *send_event;
        struct finding findings[FRAME_MANY];
        size_t finding_count;
        int server;          /* -1: none now */
        unsigned generation; /* of the server's end: a reply goes only to the one that asked */
        bool stopping;
        res result;
};

struct asking {
        struct program *program;
        unsigned generation;
        uint32_t slot;
};

/* ---- replies ------------------------------------------------------------------------------------- */

/* Without a server for so long: the conversation broke and nobody knows. The parent starts us with a fresh one. */
static void be_alone(struct program *program)
{
        static const struct timeval limit = {.tv_sec = ANSWER_LONELY_MS / 1000};
        if (program->alone_event)
                event_add(program->alone_event, &limit);
}

static void forget_findings(struct program *program)
{
        for (size_t i = 0; i < program->finding_count; i++) {
                buf_done(&program->findings[i].body);
                buf_done(&program->findings[i].tail);
        }
        program->finding_count = 0;
}

static void lose_server(struct program *program)
{
        forget_findings(program);
        if (program->server_event)
                event_free(program->server_event);
        program->server_event = NULL;
        fd_close(&program->server);
        program->generation++;
        be_alone(program);
}

static void end(struct program *program, res result)
{
        program->result = result;
        event_base_loopbreak(program->prober.base);
}

/* One call for all that was found out in one wake-up: the server is woken once, too. */
static void send_findings(struct program *program)
{
        struct frame_out frames[FRAME_MANY];
        size_t count = program->finding_count, sent = 0;
        bool lost = false;

        for (size_t i = 0; i < count; i++) {
                const struct finding *finding = &program->findings[i];
                frames[i] = (struct frame_out){.type = MSG_PROBE,
                                               .slot = finding->slot,
                                               .err = finding->err,
                                               .body = buf_bytes(&finding->body),
                                               .tail = buf_bytes(&finding->tail)};
        }
        if (count > 0 && program->server >= 0)
                lost = !res_is_ok(frame_send(program->server, frames, count, /* wait= */ true, &sent));
        forget_findings(program);
        if (lost)
                lose_server(program);
}

static void on_send(evutil_socket_t fd, short what, void *arg)
{
        (void)fd;
        (void)what;
        send_findings(arg);
}

static struct finding *finding_new(struct program *program, uint32_t slot, enum err err)
{
        if (program->finding_count == FRAME_MANY)
                send_findings(program);
        if (program->finding_count == 0)
                event_active(program->send_event, EV_TIMEOUT, 0);
        struct finding *finding = &program->findings[program->finding_count++];
        *finding = (struct finding){.slot = slot, .err = err};
        buf_init(&finding->body, sizeof(struct msg_probe_reply));
        buf_init(&finding->tail, LIMIT_IPC_FRAME / 2);
        return finding;
}

static void refuse(struct program *program, uint32_t slot, enum err err, const char *why)
{
        buf_add_text(&finding_new(program, slot, err)->tail, why);
}

static void send_result(const struct asking *asking, const struct probe_result *result)
{
        if (result->failed != ERR_NONE) {
                refuse(asking->program, asking->slot, result->failed, "The prober could not look.");
                return;
        }
        struct finding *finding = finding_new(asking->program, asking->slot, ERR_NONE);
        wire_write_result(result, &finding->body, &finding->tail);
}

/* Reads on when there is room, ends when told to and nothing is under way. */
static void adjust(struct program *program)
{
        bool full = program->prober.running >= LIMIT_PROBES_RUNNING;
        if (program->stopping && program->prober.running == 0) {
                send_findings(program);
                end(program, RES_OK);
        }
        if (!program->server_event)
                return;
        if (full || program->stopping)
                event_del(program->server_event);
        else
                event_add(program->server_event, NULL);
}

static void on_done(void *arg, const struct probe_result *result)
{
        struct asking *asking = arg;
        struct program *program = asking->program;
        if (result && program->server >= 0 && asking->generation == program->generation)
                send_result(asking, result);
        free(asking);
        if (result)
                adjust(program);
}

static void on_alone(evutil_socket_t fd, short what, void *arg)
{
        (void)fd;
        (void)what;
        end(arg, FAIL(ERR_IPC_LOST));
}

/* ---- requests ------------------------------------------------------------------------------------ */

static void start(struct program *program, const struct frame *frame)
{
        struct probe_question question;
        const char *why = "The request is malformed.";
        struct asking *asking = calloc(1, sizeof(*asking));
        res r = asking ? RES_OK : FAIL(ERR_MEMORY);
        if (res_is_ok(r) && frame->head.type != MSG_PROBE)
                r = FAIL(ERR_IPC_FRAME);
        if (res_is_ok(r))
                r = wire_read_question(bytes_of(frame->body, frame->head.body), bytes_of(frame->tail, frame->head.tail),
                                       &question);
        if (res_is_ok(r)) {
                *asking = (struct asking){program, program->generation, frame->head.slot};
                r = probe_start(&program->prober, &question, on_done, asking, &why);
        }
        if (res_is_ok(r))
                return;
        free(asking);
        refuse(program, frame->head.slot, r.err, why);
}

static void on_server(evutil_socket_t fd, short what, void *arg)
{
        struct program *program = arg;
        const struct frame *frames = NULL;
        size_t count = 0;
        (void)what;
        res r = frame_recv(fd, program->reader, /* wait= */ false, &frames, &count);
        if (!res_is_ok(r)) {
                if (r.err != ERR_IPC_LOST)
                        log_line(LOG_ERROR, "server_talks_nonsense", "error=%s", err_name(r.err));
                lose_server(program);
                return;
        }
        for (size_t i = 0; i < count && program->server >= 0; i++)
                start(program, &frames[i]);
        adjust(program);
}

/* ---- control ------------------------------------------------------------------------------------- */

static res take_server(struct program *program)
{
        int server = control_take_peer(&program->control, MSG_PEER_SERVER);

        if (server < 0) /* none is new: it came while the loop ran for the warm-up */
                return RES_OK;
        lose_server(program);
        program->server = server;
        program->server_event =
                event_new(program->prober.base, program->server, EV_READ | EV_PERSIST, on_server, program);
        ENSURE(program->server_event, ERR_MEMORY);
        event_del(program->alone_event);
        adjust(program);
        return RES_OK;
}

static void on_control(evutil_socket_t fd, short what, void *arg)
{
        struct program *program = arg;
        enum control_event event;
        uint32_t which = 0;
        (void)fd;
        (void)what;
        res r = control_next(&program->control, &event, &which);
        if (res_is_ok(r) && event == CONTROL_END)
                r = FAIL(ERR_IPC_LOST);
        if (res_is_ok(r) && event == CONTROL_PEER && which == MSG_PEER_SERVER)
                r = take_server(program);
        if (res_is_ok(r) && event == CONTROL_STOP) {
                program->stopping = true;
                adjust(program);
        }
        if (!res_is_ok(r))
                end(program, r);
}

/* ---- the program --------------------------------------------------------------------------------- */

/* Everything that has to be opened is open: from here on only the network, outwards. */
static res enter_jail(const struct program *program, struct conf *conf)
{
        TRY(sandbox_take_user(program->control.user.uid, program->control.user.gid, conf));
        CLEAN(buf_done) struct buf notes = {0};
        struct sandbox_plan plan = {.role = SANDBOX_PROBER, .data_dir = conf->data_dir};
        buf_init(&notes, LIMIT_ERR_DETAIL);
        TRY(sandbox_enter(&plan, &notes));
        log_line(LOG_INFO, "jail", "%s", buf_c(&notes));
        return RES_OK;
}

/* Sockets: libunbound's outgoing-range, two for each probe, and ours.  Where the system grants fewer, look-ups fail sooner. */
static void raise_descriptors(void)
{
        struct rlimit limit;
        if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
                return;
        limit.rlim_cur = limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
        setrlimit(RLIMIT_NOFILE, &limit);
}

static res run(struct program *program, struct conf *conf)
{
        struct event_base *base = program->prober.base;
        TRY(control_start(&program->control, CONTROL_FD));
        program->reader = frame_reader_new(REQUESTS_AT_ONCE);
        program->control_event = event_new(base, program->control.fd, EV_READ | EV_PERSIST, on_control, program);
        program->alone_event = event_new(base, -1, 0, on_alone, program);
        program->send_event = event_new(base, -1, 0, on_send, program);
        ENSURE(program->reader && program->control_event && program->alone_event && program->send_event, ERR_MEMORY);
        ENSURE(event_add(program->control_event, NULL) == 0, ERR_MEMORY);
        TRY(prober_warm_up(&program->prober));
        TRY(enter_jail(program, conf));
        TRY(take_server(program));
        TRY(control_ready(&program->control, ""));
        ENSURE(event_base_dispatch(base) >= 0, ERR_IO);
        return program->result;
}

static void clean_up(struct program *program)
{
        lose_server(program);
        if (program->control_event)
                event_free(program->control_event);
        if (program->alone_event)
                event_free(program->alone_event);
        if (program->send_event)
                event_free(program->send_event);
        program->send_event = NULL;
        frame_reader_free(program->reader);
        control_done(&program->control);
        prober_done(&program->prober);
        libevent_global_shutdown();
}

int main(int argc, char **argv)
{
        struct program program = {.server = -1};
        struct conf *conf = NULL;
        CLEAN(buf_done) struct buf why = {0};

        log_init("prober", LOG_INFO);
        secret_harden_process();
        raise_descriptors();
        for (int i = 0; i < 3; i++) /* the parent ends us by its channel, after what is in flight */
                signal((const int[]){SIGPIPE, SIGINT, SIGTERM}[i], SIG_IGN);
        buf_init(&why, LIMIT_ERR_DETAIL);
        res r = conf_load(argc, argv, 1, &conf, &why);
        if (res_is_ok(r))
                r = prober_init(&program.prober, conf, &why);
        if (!res_is_ok(r)) {
                log_line(LOG_ERROR, "start_failed", "error=%s why=%s", err_name(r.err), log_quote(buf_str(&why)));
                conf_free(conf);
                return 1;
        }
        if (!resolver_validates(program.prober.resolver))
                log_line(LOG_WARNING, "dnssec_off", "why=\"validation.trust-anchor is none\"");
        r = run(&program, conf);
        clean_up(&program);
        conf_free(conf);
        if (!res_is_ok(r) && r.err != ERR_IPC_LOST)
                log_line(LOG_ERROR, "ended", "error=%s", err_name(r.err));
        return res_is_ok(r) || r.err == ERR_IPC_LOST ? 0 : 1;
}
