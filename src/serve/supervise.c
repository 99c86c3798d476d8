/*
 * The parent's loop.  Whenever a program starts, it gets the parent's descriptors that it needs and one end of a fresh pair for
 * each conversation that it may have; the living partner gets the other end.  So there is one way in which
 * programs meet, at the first start and at every later one.
 */
#include "serve/supervise.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "ipc/control.h"
#include "serve/notify.h"

#define STOP_SERVER_MS 30000 /* for requests in flight; LIMIT_IPC_PROBE_MS is the longest of them, and may be cut */
#define STOP_OTHERS_MS 5000
#define WATCH_MS 500 /* issuance.off is to work within 2 s */
#define ASKED_AGAIN_MS 1000
#define GIVE_UP_MS 1000 /* never ready: there is nothing in flight */

/* Every conversation has the server at one end. */
static bool may_talk(enum msg_peer a, enum msg_peer b)
{
        return a != b && (a == MSG_PEER_SERVER || b == MSG_PEER_SERVER) && a != MSG_PEER_PARENT && b != MSG_PEER_PARENT;
}

static res hand_over(const struct child *child, enum msg_fd_kind kind, enum msg_peer peer, int fd)
{
        res sent = control_send_fd(child->control, kind, peer, fd);

        if (!res_is_ok(sent))
                log_line(LOG_WARNING, "hand_over", "program=%s kind=%d err=%s", child->kind->name, (int)kind,
                         err_name(sent.err));
        return sent;
}

/* A partner that is ending will be introduced when it starts again. */
static res introduce(struct child *fresh, struct child *partner)
{
        int pair[2];

        TRY(frame_pair(pair));
        res told = hand_over(fresh, MSG_FD_PEER, partner->kind->peer, pair[0]);

        if (res_is_ok(told))
                told = hand_over(partner, MSG_FD_PEER, fresh->kind->peer, pair[1]);
        close(pair[0]);
        close(pair[1]);
        return told.err == ERR_IPC_LOST ? RES_OK : told;
}

static res name_user(const struct supervise *s, const struct child *child)
{
        const struct user *user = &s->users.of[child->kind->peer];

        return s->users.apart ? control_send_user(child->control, user->uid, user->gid) : RES_OK;
}

static res equip(struct supervise *s, struct child *child)
{
        TRY(name_user(s, child));
        TRY(hand_over(child, MSG_FD_LOCK, MSG_PEER_PARENT, s->lock));
        if (child->kind->needs_master_key)
                TRY(hand_over(child, MSG_FD_MASTER_KEY, MSG_PEER_PARENT, s->master_key));
        if (child->kind->needs_listeners) {
                TRY(hand_over(child, MSG_FD_TLS_LISTENER, MSG_PEER_PARENT, s->tls));
                TRY(hand_over(child, MSG_FD_PUBLIC_LISTENER, MSG_PEER_PARENT, s->public));
                TRY(hand_over(child, MSG_FD_CONTROL_LISTENER, MSG_PEER_PARENT, s->control));
        }
        for (int i = 0; i < MSG_PEER_COUNT; i++)
                if (may_talk(child->kind->peer, (enum msg_peer)i) && s->child[i].pid)
                        TRY(introduce(child, &s->child[i]));
        return control_send_go(child->control);
}

static void start(struct supervise *s, struct child *child)
{
        res started = child_start(child, s->program_dir, s->arguments, clock_mono_ms());

        if (!res_is_ok(started)) {
                log_line(LOG_ERROR, "start_failed", "program=%s err=%s", child->kind->name, strerror(errno));
                child_plan(child, 0, /* killed= */ false, clock_mono_ms());
                return;
        }
        log_line(LOG_INFO, "started", "program=%s pid=%d", child->kind->name, (int)child->pid);
        if (!res_is_ok(equip(s, child)))
                kill(child->pid, SIGKILL); /* half equipped it would wait for ever: it starts again, or is ending anyway */
}

/* The server last: what is there already is handed to it before its GO, so that it needs to wait for nobody. */
static void start_due(struct supervise *s)
{
        for (int i = MSG_PEER_COUNT - 1; i >= 0; i--)
                if (s->child[i].start_at_ms && s->child[i].start_at_ms <= clock_mono_ms())
                        start(s, &s->child[i]);
}

/* ---- the configuration file ------------------------------------------------------------------------ */

static int64_t changed_at(const char *path)
{
        struct stat info;

        if (!path || stat(path, &info) != 0)
                return 0;
        return (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec + (int64_t)info.st_size +
               (int64_t)info.st_ino;
}

/* The stop button (issuance.off) works without a restart: the signer, which opens nothing, is handed the changed file. */
static void watch_config(struct supervise *s)
{
        int64_t now_changed_at = changed_at(s->config_path);
        CLEAN(fd_close) int fd = -1;

        if (now_changed_at == s->config_changed_at || now_changed_at == 0)
                return;
        fd = open(s->config_path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || (s->child[MSG_PEER_SIGNER].pid &&
                       !res_is_ok(hand_over(&s->child[MSG_PEER_SIGNER], MSG_FD_CONFIG, MSG_PEER_PARENT, fd))))
                return; /* again at the next look: a stop button must not be lost */
        s->config_changed_at = now_changed_at;
}

/* ---- what comes from a child ---------------------------------------------------------------------- */

/* The contract's line (others may stand before it): once, in one write; what a server started later says goes to the log. */
static void print_ready(struct supervise *s, struct bytes text)
{
        char lines[2048];
        int n = snprintf(lines, sizeof(lines), "%.*s\n", (int)text.n, (const char *)text.p);

        if (n < 0 || n >= (int)sizeof(lines))
                return;
        if (s->was_ready) {
                log_line(LOG_INFO, "ready_again", "text=%s", log_quote((struct str){(const char *)text.p, text.n}));
                return;
        }
        s->was_ready = true;
        notify_send("READY=1");
        if (write(STDOUT_FILENO, lines, (size_t)n) != n)
                log_line(LOG_WARNING, "stdout", "err=%s", strerror(errno)); /* nobody reads it: serve on */
}

static void listen_to(struct supervise *s, struct child *child)
{
        CLEAN(frame_reader_free_ptr) struct frame_reader *reader = frame_reader_new(1);
        const struct frame *frame;
        size_t count = 0;

        if (!reader || !res_is_ok(frame_recv(child->control, reader, /* wait= */ false, &frame, &count))) {
                fd_close(&child->control); /* it is ending; what is still handed over to it fails */
                return;
        }
        if (count == 1 && frame->head.type == MSG_CONTROL_READY && child->kind->peer == MSG_PEER_SERVER)
                print_ready(s, bytes_of(frame->tail, frame->head.tail));
}

static void child_ended(struct supervise *s, struct child *child, int status)
{
        bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        int64_t lived = child_forget(child, clock_mono_ms());

        log_line(s->stopping ? LOG_INFO : LOG_WARNING, "ended", "program=%s %s=%d lived_ms=%lld", child->kind->name,
                 WIFSIGNALED(status) ? "signal" : "status",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), (long long)lived);
        if (s->stopping)
                return;
        if (!s->was_ready &&
            WIFEXITED(status)) { /* a wrong setting or a broken installation: say so now, not in a circle */
                fprintf(stderr, "chancery serve: the %s ended before the service was ready; the line above says why\n",
                        child->kind->name);
                s->give_up = true;
        } else {
                child_plan(child, lived, killed, clock_mono_ms());
        }
}

static void reap(struct supervise *s)
{
        int status;

        for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0; pid = waitpid(-1, &status, WNOHANG))
                for (int i = 0; i < MSG_PEER_COUNT; i++)
                        if (s->child[i].pid == pid)
                                child_ended(s, &s->child[i], status);
}

/* ---- stopping ------------------------------------------------------------------------------------- */

static bool runs(const struct supervise *s, bool server)
{
        for (int i = 0; i < MSG_PEER_COUNT; i++)
                if (s->child[i].pid && (s->child[i].kind->peer == MSG_PEER_SERVER) == server)
                        return true;
        return false;
}

static void each_running(struct supervise *s, bool server, void (*fn)(struct child *child))
{
        for (int i = 0; i < MSG_PEER_COUNT; i++)
                if (s->child[i].pid && (s->child[i].kind->peer == MSG_PEER_SERVER) == server)
                        fn(&s->child[i]);
}

static void tell_stop(struct child *child)
{
        if (!res_is_ok(control_send_stop(child->control)))
                kill(child->pid, SIGKILL);
}

static void end_now(struct child *child)
{
        kill(child->pid, SIGKILL);
}

static void stop_others(struct supervise *s)
{
        s->kill_at_ms = clock_mono_ms() + STOP_OTHERS_MS;
        each_running(s, /* server= */ false, tell_stop);
}

static void begin_stop(struct supervise *s)
{
        if (s->stopping) { /* asked again, and not by the same ^C or timeout(1), which signal us and our group: at once */
                if (clock_mono_ms() - s->stopping_since_ms > ASKED_AGAIN_MS)
                        s->kill_at_ms = clock_mono_ms();
                return;
        }
        log_line(LOG_INFO, "stopping", "pid=%d", (int)getpid());
        notify_send("STOPPING=1");
        s->stopping = true;
        s->stopping_since_ms = clock_mono_ms();
        s->kill_at_ms = clock_mono_ms() + (s->give_up ? GIVE_UP_MS : STOP_SERVER_MS);
        for (int i = 0; i < MSG_PEER_COUNT; i++)
                s->child[i].start_at_ms = 0;
        each_running(s, /* server= */ true, tell_stop);
        if (!runs(s, /* server= */ true))
                stop_others(s);
}

static void go_on_stopping(struct supervise *s, bool server_ran)
{
        if (server_ran && !runs(s, /* server= */ true))
                stop_others(s);
        if (clock_mono_ms() < s->kill_at_ms)
                return;
        if (runs(s, /* server= */ true))
                each_running(s, /* server= */ true, end_now);
        else
                each_running(s, /* server= */ false, end_now);
        s->kill_at_ms = clock_mono_ms() + 1000;
}

/* ---- the loop --------------------------------------------------------------------------------------- */

static int next_wait_ms(const struct supervise *s)
{
        int64_t now = clock_mono_ms(), until = s->stopping      ? s->kill_at_ms
                                               : s->config_path ? now + WATCH_MS
                                                                : INT64_MAX;

        for (int i = 0; i < MSG_PEER_COUNT; i++)
                if (s->child[i].start_at_ms && s->child[i].start_at_ms < until)
                        until = s->child[i].start_at_ms;
        if (until == INT64_MAX)
                return -1;
        return until <= now ? 0 : until - now > 60000 ? 60000 : (int)(until - now);
}

static res read_signals(struct supervise *s, int signals)
{
        struct signalfd_siginfo info;

        while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
                if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
                        begin_stop(s);
        }
        ENSURE(errno == EAGAIN || errno == EINTR, ERR_IO);
        return RES_OK;
}

static res step(struct supervise *s, int signals)
{
        struct pollfd poll_fd[MSG_PEER_COUNT + 1];
        bool server_ran = runs(s, /* server= */ true);

        for (int i = 0; i < MSG_PEER_COUNT; i++)
                poll_fd[i] = (struct pollfd){.fd = s->child[i].pid ? s->child[i].control : -1, .events = POLLIN};
        poll_fd[MSG_PEER_COUNT] = (struct pollfd){.fd = signals, .events = POLLIN};
        ENSURE(poll(poll_fd, MSG_PEER_COUNT + 1, next_wait_ms(s)) >= 0 || errno == EINTR, ERR_IO);
        for (int i = 0; i < MSG_PEER_COUNT; i++)
                if (poll_fd[i].fd >= 0 && poll_fd[i].revents)
                        listen_to(s, &s->child[i]);
        if (poll_fd[MSG_PEER_COUNT].revents)
                TRY(read_signals(s, signals));
        reap(s);
        if (s->give_up && !s->stopping)
                begin_stop(s);
        if (s->stopping)
                go_on_stopping(s, server_ran);
        else
                start_due(s);
        if (!s->stopping)
                watch_config(s);
        return RES_OK;
}

static int open_signals(void)
{
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGCHLD);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        sigprocmask(SIG_BLOCK, &set, NULL);
        signal(SIGPIPE, SIG_IGN);
        return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

MUST res supervise_run(struct supervise *s, int *ret_exit_code)
{
        CLEAN(fd_close) int signals = open_signals();

        assert(s->magic == SUPERVISE_MAGIC);
        ENSURE(signals >= 0, ERR_IO);
        for (int i = 0; i < MSG_PEER_COUNT; i++) {
                s->child[i] = (struct child){.kind = &child_kinds[i], .control = -1};
                if (child_kinds[i].program)
                        s->child[i].start_at_ms = clock_mono_ms();
        }
        s->config_changed_at = changed_at(s->config_path);
        start_due(s);
        while (!s->stopping || runs(s, true) || runs(s, false))
                TRY(step(s, signals));
        *ret_exit_code = s->give_up ? 1 : 0;
        return RES_OK;
}
