/*
 * The filters, row by row: each program's filter is compiled as at its start and then asked, for every system call there is,
 * what becomes of it – by running the very instructions that the kernel would run.  So a row that is lost, or one too many,
 * is seen, which no test of a running program could tell of each.  The lists here are the second place that has to be
 * changed on purpose.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/sandbox_inner.h"

enum { CALLS = 512, X32 = 0x40000000 };

/* ---- what is expected, where all arguments are 0 ---- */

#define EVERYWHERE \
        " read write writev close lseek fstat newfstatat pread64 poll ppoll recvmsg recvmmsg sendmsg sendmmsg fcntl" \
        " brk munmap mremap madvise mlock munlock mmap mprotect getrandom clock_gettime gettimeofday clock_nanosleep nanosleep" \
        " futex sched_yield restart_syscall getpid gettid tgkill uname rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack exit" \
        " exit_group prlimit64 "

static const char *const allowed[SANDBOX_ROLE_COUNT] = {
        [SANDBOX_SIGNER] = EVERYWHERE "pwrite64 fdatasync fsync ftruncate ",
        [SANDBOX_VAULT] = EVERYWHERE,
        [SANDBOX_PROBER] = EVERYWHERE "socketpair connect bind getsockname getpeername getsockopt setsockopt shutdown recvfrom sendto "
                                      "epoll_create1 epoll_ctl epoll_wait epoll_pwait eventfd2 pipe2 timerfd_create timerfd_settime ",
};

#define NOWHERE \
        " execve execveat process_vm_readv process_vm_writev pidfd_getfd kcmp bpf kexec_load kexec_file_load init_module" \
        " finit_module delete_module perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register iopl ioperm syslog" \
        " mount umount2 pivot_root chroot open_tree move_mount fsopen fspick mount_setattr open_by_handle_at unshare setns" \
        " keyctl add_key request_key reboot swapon swapoff acct quotactl sethostname setdomainname clock_settime settimeofday" \
        " mknod mknodat setuid setgid setreuid setregid setresuid setresgid setgroups capset "

static const char *const forbidden[SANDBOX_ROLE_COUNT] = {
        [SANDBOX_SIGNER] = NOWHERE "socket ",
        [SANDBOX_VAULT] = NOWHERE "socket ",
        [SANDBOX_PROBER] = NOWHERE,
        [SANDBOX_SERVER] = NOWHERE "socket " /* a sanitizer needs it: the jail's test has it of a release */
#if !SANDBOX_SANITIZED
                                   "ptrace "
#endif
        ,
};

static bool is_in(const char *list, const char *name)
{
        char word[64];

        snprintf(word, sizeof(word), " %s ", name);
        return strstr(list, word) != NULL;
}

/* ---- the kernel's part: classic BPF over struct seccomp_data ---- */

struct program {
        struct sock_filter code[4096];
        size_t n;
};

static void compile(enum sandbox_role role, bool forbid, struct program *program)
{
        void *filter = NULL;
        FILE *file = tmpfile();

        assert_non_null(file);
        assert_int_equal(sandbox_filter(role, forbid, &filter).err, ERR_NONE);
        assert_int_equal(seccomp_export_bpf(filter, fileno(file)), 0);
        seccomp_release(filter);
        rewind(file);
        program->n = fread(program->code, sizeof(program->code[0]), sizeof(program->code) / sizeof(program->code[0]), file);
        assert_true(feof(file) && program->n > 0);
        fclose(file);
}

static bool jumps(const struct sock_filter *at, uint32_t a)
{
        switch (BPF_OP(at->code)) {
        case BPF_JEQ: return a == at->k;
        case BPF_JGT: return a > at->k;
        case BPF_JGE: return a >= at->k;
        case BPF_JSET: return (a & at->k) != 0;
        default: fail_msg("an instruction that is not known: %x", at->code); return false;
        }
}

static uint32_t run(const struct program *program, const struct seccomp_data *data)
{
        uint32_t a = 0;

        for (size_t i = 0; i < program->n; i++) {
                const struct sock_filter *at = &program->code[i];

                switch (BPF_CLASS(at->code)) {
                case BPF_LD:
                        assert_true(at->code == (BPF_LD | BPF_W | BPF_ABS) && at->k + sizeof(a) <= sizeof(*data));
                        memcpy(&a, (const char *)data + at->k, sizeof(a));
                        break;
                case BPF_ALU:
                        assert_int_equal(at->code, BPF_ALU | BPF_AND | BPF_K);
                        a &= at->k;
                        break;
                case BPF_JMP:
                        i += at->code == (BPF_JMP | BPF_JA) ? at->k : jumps(at, a) ? at->jt : at->jf;
                        break;
                case BPF_RET:
                        return at->k;
                default: fail_msg("an instruction that is not known: %x", at->code);
                }
        }
        fail_msg("it ran out of its end");
        return 0;
}

static uint32_t fate(const struct program *program, int call, size_t argument, uint64_t value)
{
        struct seccomp_data data = {.nr = call, .arch = AUDIT_ARCH_X86_64};

        data.args[argument] = value;
        return run(program, &data);
}

/* ---- the tests ---- */

static void sweep(enum sandbox_role role, bool forbid, const char *list)
{
        static struct program program;
        size_t listed = 0, expected = 0;

        compile(role, forbid, &program);
        for (const char *at = list; *at; at++)
                expected += *at != ' ' && at[1] == ' ';
        for (int call = 0; call < CALLS; call++) {
                char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, call);
                const uint32_t got = fate(&program, call, 0, 0);
                const bool in = name && is_in(list, name);
                uint32_t wanted = in != forbid ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS;

                if (forbid && name && strcmp(name, "clone3") == 0)
                        wanted = SECCOMP_RET_ERRNO | 38; /* ENOSYS */
                if (got != wanted)
                        fail_msg("role %d, %s filter: call %d (%s) is answered %x, not %x", role, forbid ? "forbidding" : "allowing", call,
                                 name ? name : "?", got, wanted);
                listed += in;
                free(name);
        }
        assert_int_equal(listed, expected); /* no word of the list that is no call */
}

static void what_is_allowed_and_nothing_else(void **state)
{
        (void)state;
        for (int role = 0; role < SANDBOX_ROLE_COUNT; role++)
                if (allowed[role])
                        sweep((enum sandbox_role)role, /* forbid= */ false, allowed[role]);
}

static void what_is_forbidden_and_nothing_else(void **state)
{
        (void)state;
        for (int role = 0; role < SANDBOX_ROLE_COUNT; role++)
                sweep((enum sandbox_role)role, /* forbid= */ true, forbidden[role]);
}

static const struct {
        enum sandbox_role role;
        bool forbid;
        const char *call;
        size_t argument;
        uint64_t value;
        bool lives;
} conditions[] = {
        {SANDBOX_SIGNER, false, "mmap", 2, PROT_READ | PROT_WRITE, true},
        {SANDBOX_SIGNER, false, "mmap", 2, PROT_READ | PROT_EXEC, false},
        {SANDBOX_VAULT, false, "mmap", 2, PROT_EXEC, false},
        {SANDBOX_PROBER, false, "mmap", 2, PROT_EXEC, false},
        {SANDBOX_SIGNER, false, "mprotect", 2, PROT_READ, true},
        {SANDBOX_SIGNER, false, "mprotect", 2, PROT_EXEC, false},
        {SANDBOX_VAULT, false, "mprotect", 2, PROT_READ | PROT_EXEC, false},
        {SANDBOX_PROBER, false, "mprotect", 2, PROT_EXEC, false},
        {SANDBOX_VAULT, false, "prlimit64", 2, 0x1000, false}, /* to look, not to set */
        {SANDBOX_PROBER, false, "socket", 0, AF_INET, true},
        {SANDBOX_PROBER, false, "socket", 0, AF_INET6, true},
        {SANDBOX_PROBER, false, "socket", 0, AF_UNIX, false},
        {SANDBOX_PROBER, false, "socket", 0, AF_NETLINK, false},
        {SANDBOX_PROBER, false, "socket", 0, AF_PACKET, false},
        {SANDBOX_SIGNER, false, "socket", 0, AF_INET, false},
        {SANDBOX_VAULT, false, "socket", 0, AF_INET6, false},
        {SANDBOX_PROBER, false, "ioctl", 1, FIONBIO, true},
        {SANDBOX_PROBER, false, "ioctl", 1, FIONREAD, true},
        {SANDBOX_PROBER, false, "ioctl", 1, TIOCSTI, false},
        {SANDBOX_SIGNER, false, "ioctl", 1, FIONBIO, false},
        {SANDBOX_PROBER, true, "socket", 0, AF_INET, true},
        {SANDBOX_PROBER, true, "socket", 0, AF_UNIX, false},
        {SANDBOX_PROBER, true, "socket", 0, AF_PACKET, false},
        {SANDBOX_SERVER, true, "socket", 0, AF_INET, false},
        {SANDBOX_SERVER, true, "socket", 0, AF_UNIX, false},
        {SANDBOX_SERVER, true, "clone", 0, CLONE_VM | CLONE_THREAD, true},
        {SANDBOX_SERVER, true, "clone", 0, CLONE_NEWUSER, false},
        {SANDBOX_SERVER, true, "clone", 0, CLONE_NEWNS | CLONE_VM, false},
        {SANDBOX_VAULT, true, "clone", 0, CLONE_NEWUSER, false},
};

static void arguments_decide(void **state)
{
        static struct program program;

        (void)state;
        for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
                const int call = seccomp_syscall_resolve_name(conditions[i].call);

                compile(conditions[i].role, conditions[i].forbid, &program);
                const bool lives = fate(&program, call, conditions[i].argument, conditions[i].value) == SECCOMP_RET_ALLOW;
                if (lives != conditions[i].lives)
                        fail_msg("case %zu: role %d, %s with %llx", i, conditions[i].role, conditions[i].call, (unsigned long long)conditions[i].value);
        }
}

/* A 32-bit call has other numbers, one of x32 a bit more: neither is a way around the table. */
static void other_doors_into_the_kernel_are_closed(void **state)
{
        static struct program program;

        (void)state;
        for (int role = 0; role < SANDBOX_ROLE_COUNT; role++)
                for (int forbid = role == SANDBOX_SERVER; forbid < 2; forbid++) {
                        struct seccomp_data data = {.nr = 3, .arch = AUDIT_ARCH_I386};

                        compile((enum sandbox_role)role, forbid, &program);
                        assert_int_equal(run(&program, &data), SECCOMP_RET_KILL_PROCESS);
                        data = (struct seccomp_data){.nr = X32 | 1, .arch = AUDIT_ARCH_X86_64};
                        assert_int_equal(run(&program, &data), SECCOMP_RET_KILL_PROCESS);
                }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_allowed_and_nothing_else),
                cmocka_unit_test(what_is_forbidden_and_nothing_else),
                cmocka_unit_test(arguments_decide),
                cmocka_unit_test(other_doors_into_the_kernel_are_closed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
