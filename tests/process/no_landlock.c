/*
 * no_landlock PROGRAM ARGUMENTS: runs the program as on a kernel without Landlock, so that what the users of their own keep
 * closed is seen by itself.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

        if (argc < 2 || !filter || seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0) != 0 ||
            seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0) != 0 || seccomp_load(filter) != 0) {
                perror("no_landlock");
                return 1;
        }
        execv(argv[1], argv + 1);
        perror(argv[1]);
        return 1;
}
