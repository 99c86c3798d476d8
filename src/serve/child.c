/*
 * Starting a program and planning its next start.  A program that lived for a while starts again at once; one that
 * keeps ending waits longer each time, so that a defect does not eat the machine.  A kill from outside is not its
 * fault and costs it little.
 */
#include "serve/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "ipc/control.h"

#define LIVED_WELL_MS 10000
#define PAUSE_FIRST_MS 50
#define PAUSE_MAX_MS 10000
#define PAUSE_KILLED_MS 400 /* back within 2 s, whatever happened before */

const struct child_kind child_kinds[MSG_PEER_COUNT] = {
        [MSG_PEER_SERVER] = {MSG_PEER_SERVER, "chancery-server", NULL, "server", .needs_listeners = true},
        [MSG_PEER_SIGNER] = {MSG_PEER_SIGNER, "chancery-signer", NULL, "signer", .needs_master_key = true},
        [MSG_PEER_VAULT] = {MSG_PEER_VAULT, "chancery-vault", NULL, "vault", .needs_master_key = true},
        [MSG_PEER_KEYMAKER] = {MSG_PEER_KEYMAKER, "chancery-vault", "keymaker", "keymaker", .needs_master_key = true},
        [MSG_PEER_PROBER] = {MSG_PEER_PROBER, "chancery-prober", NULL, "prober", .needs_master_key = false},
};

/* In the child: put everything in place and become the program. */
static void become(const struct child_kind *kind, const char *program_dir, char **arguments, int control)
{
        char path[PATH_MAX];
        char *argv[256];
        size_t n = 0;
        int null = open("/dev/null", O_RDONLY);
        sigset_t none;

        snprintf(path, sizeof(path), "%s/%s", program_dir, kind->program);
        argv[n++] = (char *)(uintptr_t)kind->program; /* execv() does not write to it */
        if (kind->argument)
                argv[n++] = (char *)(uintptr_t)kind->argument;
        for (size_t i = 0; arguments[i] && n < sizeof(argv) / sizeof(*argv) - 1; i++)
                argv[n++] = arguments[i];
        argv[n] = NULL;
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* low ports are the parent's business */
        setpgid(0, 0); /* the terminal's ^C is for the parent, which stops us in order */
        if (dup2(null, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0 || dup2(control, CONTROL_FD) < 0)
                _exit(1);
        fcntl(CONTROL_FD, F_SETFD, 0);
        close_range(CONTROL_FD + 1, ~0u, 0);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execv(path, argv);
        dprintf(STDERR_FILENO, "chancery: cannot run %s: %s\n", path, strerror(errno));
        _exit(127);
}

MUST res child_start(struct child *child, const char *program_dir, char **arguments, int64_t now_ms)
{
        int pair[2];
        pid_t parent = getpid();

        TRY(frame_pair(pair));
        pid_t pid = fork();
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (getppid() != parent)
                        _exit(1);
                become(child->kind, program_dir, arguments, pair[1]);
        }
        close(pair[1]);
        if (pid < 0) {
                close(pair[0]);
                return FAIL(ERR_IO);
        }
        fcntl(pair[0], F_SETFL, O_NONBLOCK); /* a child that does not read never holds up the parent */
        child->pid = pid;
        child->control = pair[0];
        child->started_ms = now_ms;
        child->start_at_ms = 0;
        return RES_OK;
}

int64_t child_forget(struct child *child, int64_t now_ms)
{
        fd_close(&child->control);
        child->pid = 0;
        return now_ms - child->started_ms;
}

void child_plan(struct child *child, int64_t lived_ms, bool killed, int64_t now_ms)
{
        int pause = lived_ms >= LIVED_WELL_MS ? 0 : child->pause_ms;

        if (killed && pause > PAUSE_KILLED_MS)
                pause = PAUSE_KILLED_MS;
        child->start_at_ms = now_ms + pause;
        child->pause_ms = pause == 0 ? PAUSE_FIRST_MS : pause * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS : pause * 2;
}
