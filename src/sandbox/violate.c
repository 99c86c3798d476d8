/*
 * For tests of the jail, in test builds only: a signal makes the program do what it must not, as a broken-in one would.
 * SIGRTMIN+n does deed n of the table; if it comes back, a line on stderr says with what.
 */
#include "sandbox/sandbox_inner.h"

#ifdef CHANCERY_TEST_CLOCK

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static char data_dir[PATH_MAX]; /* a handler has nothing but globals */

static long open_below(const char *name)
{
        char path[PATH_MAX + 64];

        snprintf(path, sizeof(path), "%s/%s", data_dir, name);
        return open(path, O_RDONLY | O_CLOEXEC);
}

static long deed_packet_socket(void)
{
        return socket(AF_PACKET, SOCK_RAW, 0);
}

static long deed_exec(void)
{
        char *const argv[] = {(char *)(uintptr_t) "true", NULL};

        return execve("/bin/true", argv, NULL);
}

static long deed_open_master(void)
{
        return open_below("keys/master");
}

static long deed_open_ca_key(void)
{
        return open_below("keys/dv-ecc.sealed");
}

static long deed_open_log(void)
{
        return open_below("log/issued.log");
}

static long deed_be_root(void)
{
        return setresuid(0, 0, 0);
}

static long deed_trace(void)
{
        return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static long deed_mount(void)
{
        return mount("none", "/tmp", "tmpfs", 0, NULL);
}

static long deed_name_space(void)
{
        return unshare(CLONE_NEWUSER);
}

static long deed_kernel_key(void)
{
        return syscall(SYS_keyctl, 0, 0, 0, 0, 0);
}

static long deed_module(void)
{
        return syscall(SYS_init_module, NULL, 0, "");
}

static long deed_bpf(void)
{
        return syscall(SYS_bpf, 0, NULL, 0);
}

static long deed_read_memory(void)
{
        char byte;
        struct iovec here = {&byte, 1}, there = {&byte, 1};

        return process_vm_readv(getppid(), &here, 1, &there, 1, 0);
}

static long deed_internet_socket(void)
{
        return socket(AF_INET, SOCK_STREAM, 0);
}

static long deed_clone_name_space(void)
{
        return syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
}

static long deed_uring(void)
{
        return syscall(SYS_io_uring_setup, 1, NULL);
}

static long deed_make_in_keys(void)
{
        char path[PATH_MAX + 64];

        snprintf(path, sizeof(path), "%s/keys/made", data_dir);
        return open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

static long deed_move_keys(void)
{
        char from[PATH_MAX + 64], to[PATH_MAX + 64];

        snprintf(from, sizeof(from), "%s/keys", data_dir);
        snprintf(to, sizeof(to), "%s/moved", data_dir);
        return rename(from, to);
}

static long (*const deeds[])(void) = {
        [1] = deed_packet_socket, [2] = deed_exec,       [3] = deed_open_master,      [4] = deed_open_ca_key,
        [5] = deed_open_log,      [6] = deed_be_root,    [7] = deed_trace,            [8] = deed_mount,
        [9] = deed_name_space,    [10] = deed_kernel_key, [11] = deed_module,         [12] = deed_bpf,
        [13] = deed_read_memory,  [14] = deed_internet_socket, [15] = deed_clone_name_space, [16] = deed_uring,
        [17] = deed_make_in_keys, [18] = deed_move_keys,
};

static void violate(int number)
{
        char line[128];

        errno = 0;
        long result = deeds[number - SIGRTMIN]();
        int n = snprintf(line, sizeof(line), "forbidden call %d returned: %s\n", number - SIGRTMIN,
                         result >= 0 ? "success" : strerrorname_np(errno));
        (void)!write(STDERR_FILENO, line, (size_t)n);
}

void sandbox_arm_violations(const struct sandbox_plan *plan)
{
        struct sigaction action = {.sa_handler = violate, .sa_flags = SA_RESTART};

        snprintf(data_dir, sizeof(data_dir), "%s", plan->data_dir);
        for (size_t i = 1; i < sizeof(deeds) / sizeof(*deeds); i++)
                sigaction(SIGRTMIN + (int)i, &action, NULL);
}

#else

void sandbox_arm_violations(const struct sandbox_plan *plan)
{
        (void)plan;
}

#endif
