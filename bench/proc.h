/* What the kernel counted for other processes: CPU and memory of one, or of a service's parent with its children. */
#pragma once

#include <sys/types.h>

double proc_cpu_sec(pid_t pid);
double proc_cpu_sec_tree(pid_t parent);
/* As the scheduler counts it, to the nanosecond; threads that ended are left out. */
double proc_run_sec_tree(pid_t parent);

/* Of each program of the tree, now; proc_times_compare() tells what each used since, and frees. */
struct proc_times;
struct proc_times *proc_times_of(pid_t parent);
void proc_times_compare(struct proc_times *before, void (*fn)(void *arg, const char *name, double before_sec, double after_sec), void *arg);
/* Sum of Pss of the parent and its children, in bytes. */
long long proc_pss_tree(pid_t parent);

/*
 * Where the time goes: `perf record` over these programs until proc_profile_end(), which leaves `file` for `perf report`.  Nothing
 * happens where there is no perf, or without a file.
 */
struct proc_profile {
        pid_t perf; /* 0: none */
};
void proc_profile_begin(struct proc_profile *profile, const char *file, pid_t first, pid_t second);
void proc_profile_end(struct proc_profile *profile);
