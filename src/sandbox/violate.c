/*
 * For tests of the jail, in test builds only: three signals make the program do what it must not, as a broken-in one
 * would: SIGRTMIN+1 opens a socket of a family that it has no use for, +2 runs a program, +3 opens the master key.
 * If the call comes back, a line on stderr says with what.
 */
#include "sandbox/sandbox_inner.h"

#ifdef CHANCERY_TEST_CLOCK

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char forbidden_path[PATH_MAX]; /* a handler has nothing but globals */

static void violate(int number)
{
        char line[128];
        char *const argv[] = {(char *)(uintptr_t) "true", NULL};
        int result = -1;

        errno = 0;
        if (number == SIGRTMIN + 1)
                result = socket(AF_PACKET, SOCK_RAW, 0);
        else if (number == SIGRTMIN + 2)
                result = execve("/bin/true", argv, NULL);
        else
                result = open(forbidden_path, O_RDONLY | O_CLOEXEC);
        int n = snprintf(line, sizeof(line), "forbidden call %d returned: %s\n", number - SIGRTMIN,
                         result >= 0 ? "success" : strerrorname_np(errno));
        (void)!write(STDERR_FILENO, line, (size_t)n);
}

void sandbox_arm_violations(const struct sandbox_plan *plan)
{
        struct sigaction action = {.sa_handler = violate, .sa_flags = SA_RESTART};

        snprintf(forbidden_path, sizeof(forbidden_path), "%s/keys/master", plan->data_dir);
        for (int i = 1; i <= 3; i++)
                sigaction(SIGRTMIN + i, &action, NULL);
}

#else

void sandbox_arm_violations(const struct sandbox_plan *plan)
{
        (void)plan;
}

#endif
