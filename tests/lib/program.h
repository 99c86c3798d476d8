/*
 * For tests and benches in C: one of the inner programs (signer, vault, …) started as the parent starts it, with a control
 * channel and a conversation, and nothing else of the service.  The programs are looked for two levels above the
 * running one (build/tests/unit/test_x → build/).
 */
#pragma once

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"
#include "ipc/channel.h"
#include "ipc/control.h"
#include "ipc/frame.h"

struct program {
        const char *name;     /* "chancery-signer" */
        const char *argument; /* before the settings, or NULL */
        char **settings;      /* NULL-terminated: "--set", "…" */
        char data_dir[128];
        pid_t pid;
        int control;
        struct channel *channel;
};

static inline void program_fail(const char *what)
{
        perror(what);
        abort();
}

static inline void program_make_data(struct program *program)
{
        char path[PATH_MAX + 32];
        uint8_t key[32];

        snprintf(program->data_dir, sizeof(program->data_dir), "/tmp/chancery-program-XXXXXX");
        if (!mkdtemp(program->data_dir))
                program_fail("mkdtemp");
        snprintf(path, sizeof(path), "%s/keys", program->data_dir);
        mkdir(path, 0700);
        snprintf(path, sizeof(path), "%s/log", program->data_dir);
        mkdir(path, 0700);
        snprintf(path, sizeof(path), "%s/keys/master", program->data_dir);
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0400);
        random_bytes(key, sizeof(key));
        if (fd < 0 || write(fd, key, sizeof(key)) != (ssize_t)sizeof(key))
                program_fail(path);
        close(fd);
}

static inline void program_remove_data(struct program *program)
{
        char command[PATH_MAX + 16];

        snprintf(command, sizeof(command), "rm -rf '%s'", program->data_dir);
        if (system(command) != 0)
                program_fail(command);
}

static inline void program_path(const char *name, char path[PATH_MAX])
{
        char own[PATH_MAX];
        ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);

        if (n < 0)
                program_fail("/proc/self/exe");
        own[n] = 0;
        for (int up = 0; up < 3; up++) {
                *strrchr(own, '/') = 0;
                if (snprintf(path, PATH_MAX, "%s/%s", own, name) >= PATH_MAX)
                        program_fail(name);
                if (access(path, X_OK) == 0)
                        return;
        }
        program_fail(name);
}

static inline void program_exec(struct program *program, int control)
{
        char path[PATH_MAX];
        char *argv[64];
        size_t n = 0;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        program_path(program->name, path);
        argv[n++] = path;
        if (program->argument)
                argv[n++] = (char *)(uintptr_t)program->argument;
        argv[n++] = (char *)(uintptr_t) "--data";
        argv[n++] = program->data_dir;
        for (size_t i = 0; program->settings && program->settings[i] && n < 63; i++)
                argv[n++] = program->settings[i];
        argv[n] = NULL;
        dup2(control, CONTROL_FD);
        if (CONTROL_FD == control)
                fcntl(CONTROL_FD, F_SETFD, 0);
        execv(path, argv);
        _exit(127);
}

/* Give a running program a fresh conversation. */
static inline void program_talk(struct program *program)
{
        int pair[2];

        if (!res_is_ok(frame_pair(pair)) ||
            !res_is_ok(control_send_fd(program->control, MSG_FD_PEER, MSG_PEER_SERVER, pair[1])))
                program_fail("conversation");
        close(pair[1]);
        channel_replace_fd(program->channel, pair[0]);
}

static inline void program_start(struct program *program)
{
        char path[PATH_MAX + 32];
        int pair[2];

        if (!program->channel)
                program->channel = channel_new(MSG_PEER_SIGNER);
        if (!res_is_ok(frame_pair(pair)))
                program_fail("pair");
        program->pid = fork();
        if (program->pid == 0)
                program_exec(program, pair[1]);
        close(pair[1]);
        program->control = pair[0];
        snprintf(path, sizeof(path), "%s/keys/master", program->data_dir);
        int master = open(path, O_RDONLY | O_CLOEXEC);
        (void)control_send_fd(program->control, MSG_FD_MASTER_KEY, MSG_PEER_PARENT, master).err;
        close(master);
        program_talk(program);
        (void)control_send_go(program->control).err;
}

/* The wait status. */
static inline int program_wait(struct program *program)
{
        int status = -1;

        waitpid(program->pid, &status, 0);
        close(program->control);
        program->pid = 0;
        return status;
}

static inline void program_kill(struct program *program)
{
        kill(program->pid, SIGKILL);
        (void)program_wait(program);
}

static inline int program_stop(struct program *program)
{
        (void)control_send_stop(program->control).err;
        return program_wait(program);
}

/* Is it alive and answering, or what did it end with?  -1 = alive. */
static inline int program_ended(struct program *program)
{
        int status;

        if (waitpid(program->pid, &status, WNOHANG) != program->pid)
                return -1;
        close(program->control);
        program->pid = 0;
        return status;
}
