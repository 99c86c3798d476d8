/*
 * System calls as a table: a row is a call, whom it is for, and a condition on one argument where the call alone is
 * too much.  What has no row ends the process.  The rows were found by tracing every test after the warm-up.
 *
 * The server is the exception: it has the database, threads and listeners, and gets a list of what it must not do.
 * Sanitizers map, clone and read /proc as they please, so their builds too only forbid: sockets, programs, tracing.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "sandbox/sandbox_inner.h"

enum {
        SIGNER = 1u << SANDBOX_SIGNER,
        VAULT = 1u << SANDBOX_VAULT,
        PROBER = 1u << SANDBOX_PROBER,
        SERVER = 1u << SANDBOX_SERVER,
        ALL = SIGNER | VAULT | PROBER,
};

struct row {
        int call;
        unsigned roles;
        bool conditional;
        struct scmp_arg_cmp condition;
};

#define CALL(name, who) \
        { \
                SCMP_SYS(name), (who), false, \
                { \
                        0 \
                } \
        }
#define CALL_IF(name, who, number, is) \
        { \
                SCMP_SYS(name), (who), true, \
                { \
                        .arg = (number), .op = SCMP_CMP_EQ, .datum_a = (is) \
                } \
        }
#define CALL_IF_BIT(name, who, number, bit) /* this bit is set */ \
        { \
                SCMP_SYS(name), (who), true, \
                { \
                        .arg = (number), .op = SCMP_CMP_MASKED_EQ, .datum_a = (bit), .datum_b = (bit) \
                } \
        }
#define CALL_UNLESS(name, who, number, bits) /* none of these bits is set */ \
        { \
                SCMP_SYS(name), (who), true, \
                { \
                        .arg = (number), .op = SCMP_CMP_MASKED_EQ, .datum_a = (bits), .datum_b = 0 \
                } \
        }

static const struct row allowed[] = {
        /* descriptors that are open */
        CALL(read, ALL),
        CALL(write, ALL),
        CALL(writev, ALL),
        CALL(close, ALL),
        CALL(lseek, ALL),
        CALL(fstat, ALL),
        CALL(newfstatat, ALL),
        CALL(pread64, ALL),
        CALL(poll, ALL),
        CALL(ppoll, ALL),
        CALL(recvmsg, ALL),
        CALL(recvmmsg, ALL),
        CALL(sendmsg, ALL),
        CALL(sendmmsg, ALL),
        CALL(fcntl, ALL),
        /* memory, never executable */
        CALL(brk, ALL),
        CALL(munmap, ALL),
        CALL(mremap, ALL),
        CALL(madvise, ALL),
        CALL(mlock, ALL),
        CALL(munlock, ALL),
        CALL_UNLESS(mmap, ALL, 2, PROT_EXEC),
        CALL_UNLESS(mprotect, ALL, 2, PROT_EXEC),
        /* time, chance, itself */
        CALL(getrandom, ALL),
        CALL(clock_gettime, ALL),
        CALL(gettimeofday, ALL),
        CALL(clock_nanosleep, ALL),
        CALL(nanosleep, ALL),
        CALL(futex, ALL),
        CALL(sched_yield, ALL),
        CALL(restart_syscall, ALL),
        CALL(getpid, ALL),
        CALL(gettid, ALL),
        CALL(tgkill, ALL),
        CALL(uname, ALL),
        CALL(rt_sigaction, ALL),
        CALL(rt_sigprocmask, ALL),
        CALL(rt_sigreturn, ALL),
        CALL(sigaltstack, ALL),
        CALL(exit, ALL),
        CALL(exit_group, ALL),
        CALL_IF(prlimit64, ALL, 2, 0),
        /* the signer's log */
        CALL(pwrite64, SIGNER),
        CALL(fdatasync, SIGNER),
        CALL(fsync, SIGNER),
        CALL(ftruncate, SIGNER),
        /* outwards */
        CALL_IF(socket, PROBER, 0, AF_INET),
        CALL_IF(socket, PROBER, 0, AF_INET6),
        CALL(socketpair, PROBER),
        CALL(connect, PROBER),
        CALL(bind, PROBER),
        CALL(getsockname, PROBER),
        CALL(getpeername, PROBER),
        CALL(getsockopt, PROBER),
        CALL(setsockopt, PROBER),
        CALL(shutdown, PROBER),
        CALL(recvfrom, PROBER),
        CALL(sendto, PROBER),
        CALL(epoll_create1, PROBER),
        CALL(epoll_ctl, PROBER),
        CALL(epoll_wait, PROBER),
        CALL(epoll_pwait, PROBER),
        CALL(eventfd2, PROBER),
        CALL(pipe2, PROBER),
        CALL(timerfd_create, PROBER),
        CALL(timerfd_settime, PROBER),
        CALL_IF(ioctl, PROBER, 1, FIONBIO),
        CALL_IF(ioctl, PROBER, 1, FIONREAD),
};

/*
 * For the server, and for all where a sanitizer needs the rest.  What the server is denied is what a broken-in one would want
 * next: a program, another process's memory, the kernel's less used doors, other name spaces, an outward connection.
 */
#define EVERY (ALL | SERVER)
static const struct row forbidden[] = {
        /* programs, and others' memory */
        CALL(execve, EVERY),
        CALL(execveat, EVERY),
        CALL(process_vm_readv, EVERY),
        CALL(process_vm_writev, EVERY),
        CALL(pidfd_getfd, EVERY),
        CALL(kcmp, EVERY),
        /* the kernel itself */
        CALL(bpf, EVERY),
        CALL(kexec_load, EVERY),
        CALL(kexec_file_load, EVERY),
        CALL(init_module, EVERY),
        CALL(finit_module, EVERY),
        CALL(delete_module, EVERY),
        CALL(perf_event_open, EVERY),
        CALL(userfaultfd, EVERY),
        CALL(io_uring_setup, EVERY),
        CALL(io_uring_enter, EVERY),
        CALL(io_uring_register, EVERY),
        CALL(iopl, EVERY),
        CALL(ioperm, EVERY),
        CALL(syslog, EVERY),
        /* mounts and name spaces */
        CALL(mount, EVERY),
        CALL(umount2, EVERY),
        CALL(pivot_root, EVERY),
        CALL(chroot, EVERY),
        CALL(open_tree, EVERY),
        CALL(move_mount, EVERY),
        CALL(fsopen, EVERY),
        CALL(fspick, EVERY),
        CALL(mount_setattr, EVERY),
        CALL(open_by_handle_at, EVERY),
        CALL(unshare, EVERY),
        CALL(setns, EVERY),
        CALL_IF_BIT(clone, EVERY, 0, CLONE_NEWUSER),
        CALL_IF_BIT(clone, EVERY, 0, CLONE_NEWNS),
        /* keys of the kernel's */
        CALL(keyctl, EVERY),
        CALL(add_key, EVERY),
        CALL(request_key, EVERY),
        /* the machine */
        CALL(reboot, EVERY),
        CALL(swapon, EVERY),
        CALL(swapoff, EVERY),
        CALL(acct, EVERY),
        CALL(quotactl, EVERY),
        CALL(sethostname, EVERY),
        CALL(setdomainname, EVERY),
        CALL(clock_settime, EVERY),
        CALL(settimeofday, EVERY),
        CALL(mknod, EVERY),
        CALL(mknodat, EVERY),
        /* who it is */
        CALL(setuid, EVERY),
        CALL(setgid, EVERY),
        CALL(setreuid, EVERY),
        CALL(setregid, EVERY),
        CALL(setresuid, EVERY),
        CALL(setresgid, EVERY),
        CALL(setgroups, EVERY),
        CALL(capset, EVERY),
        /* sockets: the server's are handed to it */
        CALL(socket, SIGNER | VAULT | SERVER),
        CALL_IF(socket, PROBER, 0, AF_UNIX),
        CALL_IF(socket, PROBER, 0, AF_PACKET),
#if !SANDBOX_SANITIZED /* LeakSanitizer looks at its threads this way */
        CALL(ptrace, SERVER),
#endif
};

static res add_rows(scmp_filter_ctx filter, uint32_t action, const struct row *rows, size_t count,
                    enum sandbox_role role)
{
        for (size_t i = 0; i < count; i++) {
                if (!(rows[i].roles >> role & 1u))
                        continue;
                int added = rows[i].conditional
                                    ? seccomp_rule_add_array(filter, action, rows[i].call, 1, &rows[i].condition)
                                    : seccomp_rule_add_array(filter, action, rows[i].call, 0, NULL);
                ENSURE(added == 0 || added == -EDOM, ERR_IO); /* EDOM: no such call on this architecture */
        }
        return RES_OK;
}

static void filter_free(scmp_filter_ctx *filter)
{
        if (*filter)
                seccomp_release(*filter);
}

MUST res sandbox_filter(enum sandbox_role role, bool forbid, void **ret_filter)
{
        CLEAN(filter_free) scmp_filter_ctx filter = seccomp_init(forbid ? SCMP_ACT_ALLOW : SCMP_ACT_KILL_PROCESS);

        ENSURE(filter, ERR_MEMORY);
        ENSURE(seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0, ERR_IO);
        ENSURE(seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0, ERR_IO);
        if (forbid)
                TRY(add_rows(filter, SCMP_ACT_KILL_PROCESS, forbidden, sizeof(forbidden) / sizeof(*forbidden), role));
        else
                TRY(add_rows(filter, SCMP_ACT_ALLOW, allowed, sizeof(allowed) / sizeof(*allowed), role));
        if (forbid) /* its flags lie in memory, where no filter sees them: the C library falls back to clone() */
                ENSURE(seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0, ERR_IO);
        *ret_filter = filter;
        filter = NULL;
        return RES_OK;
}

MUST res sandbox_seccomp(const struct sandbox_plan *plan)
{
        CLEAN(filter_free) scmp_filter_ctx filter = NULL;

        TRY(sandbox_filter(plan->role, SANDBOX_SANITIZED || plan->role == SANDBOX_SERVER, &filter));
        ENSURE(seccomp_load(filter) == 0, ERR_IO);
        return RES_OK;
}
